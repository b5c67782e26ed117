"""How often a serving process looks for garbage that refers to itself.

By default Python looks after every 700 new objects, and at some of those times at everything there is: modules,
settings, courses. That took a fifth of a turn's time, and held up whoever else was served meanwhile. What is there at
the start stays anyway; what comes and goes is mostly freed by counting.
"""

from __future__ import annotations

import gc

from sessions_app import conf


def collect_seldom() -> None:
    """For a process that is about to serve: leave out what is there by now, and look less often at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*conf.GC_THRESHOLDS)
