"""A channel layer that is as bad as a network: of a hundred messages thirty are lost, ten come twice, twenty late."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sessions_app.hint_layer import HintLayer

LOST, TWICE, LATE = 0.30, 0.10, 0.20
#: Longest delay, in seconds: others overtake meanwhile.
LATE_S = 0.4


class Chances:
    """What becomes of each message. Every process throws its own dice."""

    def __init__(self) -> None:
        self._random = random.Random(f"{os.environ.get('TUTOR_FAULT_SEED', '1')} {os.getpid()}")
        #: Held: the loop itself keeps only weak references.
        self._late: set[asyncio.Task[None]] = set()

    def delays(self) -> list[float]:
        """Seconds until each copy of a message is sent: none where it is lost, two where it comes twice."""
        if self._random.random() < LOST:
            return []
        copies = 2 if self._random.random() < TWICE else 1
        late = [self._random.random() < LATE for _ in range(copies)]
        return [self._random.random() * LATE_S if is_late else 0.0 for is_late in late]

    async def play(self, send: Callable[[], Awaitable[Any]]) -> None:
        """Send now, later, twice or never, on this event loop."""
        for delay_s in self.delays():
            if delay_s:
                task = asyncio.get_running_loop().create_task(self._later(delay_s, send))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            else:
                await send()

    @staticmethod
    async def _later(delay_s: float, send: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.sleep(delay_s)
        with contextlib.suppress(Exception):  # Redis may be away by now; then it is lost, like others
            await send()


#: This process's.
chances = Chances()


class LossyLayer(HintLayer):
    """As the real one, but for what becomes of messages to groups."""

    def tell(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        for message in messages:
            for delay_s in chances.delays():
                if delay_s:
                    later = threading.Timer(delay_s, super().tell, [[message]])
                    later.daemon = True
                    later.start()
                else:
                    super().tell([message])

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await chances.play(lambda: self._get_layer().group_send(group, message))
