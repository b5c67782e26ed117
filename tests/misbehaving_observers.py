"""Observers that fail, for tests of those who look: this module is imported by their child processes, too."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from tutor.observers.observer import Observer, Seen
from tutor.observers.registry import observer
from tutor.observers.remark import Remark, to_teacher

#: Observers look at answers here; they end within so many seconds if nobody ends them.
ON = ["answer.checked"]
TIMEOUT_S = 0.5
SLOW_S = 4.0


@observer("raises", on=ON)
class Raises(Observer):
    """Has a bug."""

    def see(self, one: Seen) -> Iterator[Remark]:
        raise RuntimeError("as the test says")


@observer("hangs", on=ON, timeout_s=TIMEOUT_S)
class Hangs(Observer):
    """Never ends, and keeps a processor busy."""

    def see(self, one: Seen) -> Iterator[Remark]:
        while True:
            sum(range(1_000))


@observer("dies", on=ON)
class Dies(Observer):
    """Takes its process with it."""

    def see(self, one: Seen) -> Iterator[Remark]:
        os._exit(7)


@observer("slow", on=ON, timeout_s=30)
class Slow(Observer):
    """Thinks for long, then has something to say."""

    def see(self, one: Seen) -> Iterator[Remark]:
        time.sleep(SLOW_S)
        yield to_teacher("slow", "It took a while.", one.seq)


@observer("counts", on=ON)
class Counts(Observer):
    """Says how many answers it has seen, with all of them as evidence."""

    seqs: list[int] = []

    def see(self, one: Seen) -> Iterator[Remark]:
        self.seqs.append(one.seq)
        yield to_teacher("count", f"{len(self.seqs)} answers", *self.seqs)
