"""One pool's share of a worker: the queues that feed it, the slots its calls fill, and when to claim how many.

A worker claims only what it can begin: the rest waits in the database, where the order is fair, where any other worker
may take it, and where a cancel finds it. The last slots are kept, so that a course (or one session with thousands of
calls) that fills the others with long work does not lock out somebody who asks for one call.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tools_app import conf
from tools_app.calls import Claimed
from tools_app.registry import Pool


@dataclass(frozen=True, slots=True)
class Want:
    """What to claim next."""

    calls: int
    #: Only calls whose place in the order has come, and none of these courses: the kept slots.
    in_turn: bool = False
    without: tuple[str, ...] = ()


class Lane:
    """Lives on the runner's event loop."""

    def __init__(self, pool: Pool, queues: list[str], slots: int) -> None:
        self.pool = pool
        self.queues = queues
        #: Set where there may be something to claim.
        self.work = asyncio.Event()
        self._slots = slots
        self._kept = int(slots * conf.KEPT)
        self._running: dict[asyncio.Task[None], Claimed] = {}
        self._courses: Counter[str] = Counter()

    def want(self) -> Want | None:
        """How many calls to claim, and which; None where all slots are taken."""
        free = self._slots - len(self._running)
        if free > self._kept:
            return Want(min(free - self._kept, conf.CLAIM_BATCH))
        if free > 0:
            half = self._slots / 2
            crowding = tuple(course for course, running in self._courses.items() if running >= half)
            return Want(min(free, conf.CLAIM_BATCH), in_turn=True, without=crowding)
        return None

    def add(self, call: Claimed, task: asyncio.Task[None]) -> None:
        """A call has begun; when its task ends, its slot is free again."""
        self._running[task] = call
        self._courses[call.course] += 1
        task.add_done_callback(self._ended)

    def running(self) -> Iterator[tuple[asyncio.Task[None], Claimed]]:
        """The calls that have not ended, with their tasks."""
        return iter(list(self._running.items()))

    def _ended(self, task: asyncio.Task[None]) -> None:
        if self._slots - len(self._running) <= max(self._kept, 0):
            self.work.set()  # somebody may wait for this slot
        call = self._running.pop(task)
        self._courses[call.course] -= 1
        if not self._courses[call.course]:
            del self._courses[call.course]
