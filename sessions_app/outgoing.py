"""What waits to be sent on one socket: bounded, in order, never holding up whoever has something to say.

A client that reads slowly stops its transport. Commits go on meanwhile; their frames wait here, and streamed text is
not even made into frames until there is room (``backlog``). Too much of it and the socket has fallen behind: it is
closed and resumes from its cursor, which is cheaper for both sides than an endless queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)


def size(frame: str) -> int:
    """Bytes of a frame on the wire."""
    return len(frame) if frame.isascii() else len(frame.encode())


class Outgoing:
    """The frames of one socket. Used on its event loop only."""

    def __init__(self, send: Callable[[str], Awaitable[None]], emptied: Callable[[], None], limit: int) -> None:
        #: Bytes that wait, the frame under way included.
        self.backlog = 0
        self._send, self._emptied, self._limit = send, emptied, limit
        self._frames: deque[tuple[str, int]] = deque()
        #: There only while something waits: an idle socket costs no task.
        self._task: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()

    def put(self, frame: str) -> bool:
        """Send a frame after those that wait. False: the client has fallen behind by more than the limit."""
        length = size(frame)
        self._frames.append((frame, length))
        self.backlog += length
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())
        return self.backlog <= self._limit

    async def room(self, below: int) -> None:
        """Wait until fewer bytes than ``below`` are waiting, or sending has failed."""
        while self.backlog >= below and self._task is not None:
            self._progress.clear()
            await self._progress.wait()

    def clear(self) -> None:
        """Forget what waits; the frame under way is not called back."""
        self.backlog -= sum(length for _, length in self._frames)
        self._frames.clear()

    async def _work(self) -> None:
        try:
            while self._frames:
                frame, length = self._frames.popleft()
                await self._send(frame)
                self.backlog -= length
                self._progress.set()
        except Exception as error:
            # The connection is gone; ``disconnect`` follows.
            logger.debug("action=send.failed error=%s", error)
            self._frames.clear()
            self.backlog = 0
        self._task = None
        self._progress.set()
        self._emptied()
