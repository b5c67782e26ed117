"""A serving process looks for circular garbage seldom, leaves out what was there at its start, and forgets nothing."""

from __future__ import annotations

import subprocess
import sys

_SERVING = """
import gc, weakref
from sessions_app import conf, garbage

class Circle:
    def __init__(self):
        self.me = self

kept = [Circle() for _ in range(1000)]
garbage.collect_seldom()
rounds = []
gc.callbacks.append(lambda phase, info: rounds.append(info["generation"]) if phase == "start" else None)
lost = weakref.ref(Circle())
made = [[] for _ in range(conf.GC_THRESHOLDS[0] // 2)]
assert rounds == [], "not after a few hundred objects"
assert gc.get_freeze_count() > 1000, "what was there is left out"
made += [[] for _ in range(conf.GC_THRESHOLDS[0])]
assert rounds, "but now and then"
assert lost() is None, "and what refers to itself only is freed"
print("as promised")
"""


def test_a_serving_process_collects_seldom_and_still_frees_circles() -> None:
    done = subprocess.run([sys.executable, "-c", _SERVING], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("as promised", "")
