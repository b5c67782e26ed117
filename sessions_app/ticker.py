"""One clock for all sockets of a process: each is looked after once in a period, without a timer or a task of its own.

Sockets stand in slots of the period, at the slot of the moment they were added, so that they are spread as they came.
An idle socket costs a comparison of two numbers a period.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)

#: Slots of a period.
SLOTS = 50

Look = Callable[[float], None]


class Ticker:
    """The clock of one event loop, ticking while there is somebody to look after."""

    def __init__(self, period_s: float) -> None:
        self._step_s = period_s / SLOTS
        self._slots: list[set[Look]] = [set() for _ in range(SLOTS)]
        self._slot_of: dict[Look, int] = {}
        self._now = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, look: Look) -> None:
        """Call ``look(loop time)`` once in a period from now on; the first time is a whole period away."""
        slot = self._slot_of[look] = self._now
        self._slots[slot].add(look)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._step_s, self._tick)

    def remove(self, look: Look) -> None:
        """Do not call it any more."""
        slot = self._slot_of.pop(look, None)
        if slot is not None:
            self._slots[slot].discard(look)

    def __len__(self) -> int:
        return len(self._slot_of)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._now = (self._now + 1) % SLOTS
        now = loop.time()
        for look in list(self._slots[self._now]):
            try:
                look(now)
            except Exception:
                logger.exception("action=tick.failed")
        self._timer = loop.call_later(self._step_s, self._tick) if self._slot_of else None
