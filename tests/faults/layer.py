"""A channel layer that is as bad as a network: of a hundred messages thirty are lost, ten come twice, twenty late."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Awaitable, Callable
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer

LOST, TWICE, LATE = 0.30, 0.10, 0.20
#: Longest delay, in seconds: others overtake meanwhile.
LATE_S = 0.4


class Chances:
    """What becomes of each message. Every process throws its own dice."""

    def __init__(self) -> None:
        self._random = random.Random(f"{os.environ.get('TUTOR_FAULT_SEED', '1')} {os.getpid()}")
        #: Held: the loop itself keeps only weak references.
        self._late: set[asyncio.Task[None]] = set()

    async def play(self, send: Callable[[], Awaitable[Any]]) -> None:
        """Send now, later, twice or never."""
        if self._random.random() < LOST:
            return
        for _ in range(2 if self._random.random() < TWICE else 1):
            if self._random.random() < LATE:
                task = asyncio.get_running_loop().create_task(self._later(send))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            else:
                await send()

    async def _later(self, send: Callable[[], Awaitable[Any]]) -> None:
        await asyncio.sleep(self._random.random() * LATE_S)
        with contextlib.suppress(Exception):  # Redis may be away by now; then it is lost, like others
            await send()


#: This process's.
chances = Chances()


class LossyLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """As the real one, but for what becomes of messages to groups."""

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        await chances.play(lambda: self._get_layer().group_send(group, message))
