"""How much CPU a piece of work takes, beside a floor of the same moment: machines are shared and differ.

The floor is a fixed piece of plain Python that takes one millisecond of CPU on the machine on which the checker's bars
were set (2 cores, Python 3.11); seconds here are seconds of that machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable


def _floor() -> None:
    sum(range(40_000))
    written = {}
    for number in range(8_000):
        written[number] = str(number)


def _taken(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def cpu_seconds(work: Callable[[], object], bar: float) -> float:
    """CPU of this thread in seconds of the reference machine.

    Measured again, beside the floor, where it exceeds ``bar``: the collector may have stepped in, or the machine is
    slow just now.
    """
    taken = _taken(work)
    for _ in range(3):
        if taken < bar:
            break
        floor = max(_taken(_floor) for _ in range(5))
        taken = _taken(work) * 0.001 / max(floor, 0.001)
    return taken
