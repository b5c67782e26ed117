"""Running text for a reader who asks for it piece by piece, as an HTTP stream does."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid

import redis

from sessions_app import protocol
from sessions_app.log import Line
from sessions_app.output import buffer, news
from sessions_app.output.buffer import Piece
from sessions_app.output.sent import Sent, committed

logger = logging.getLogger(__name__)


class RunningText:
    """Follows the text of whichever turn runs in a session; its reader's pace is the pace."""

    def __init__(self, session: uuid.UUID) -> None:
        self._session = session
        self._sent = Sent()
        self._changed = asyncio.Event()
        news.listener().subscribe(session, self._arrived)

    def close(self) -> None:
        """Listen no more."""
        news.listener().unsubscribe(self._session, self._arrived)

    def begin(self, turn: str | None) -> None:
        """This turn runs now, or none."""
        self._sent.begin(turn)

    def before(self, line: Line) -> list[str]:
        """Frames that belong before an event: what is missing of a text that is about to be committed."""
        frames: list[str] = []
        if line.kind == "turn.started" and line.turn != self._sent.turn:
            self.begin(line.turn)
        elif line.kind == "turn.finished" and line.turn == self._sent.turn:
            self.begin(None)
        elif line.kind == "output.committed" and line.turn is not None and line.turn == self._sent.turn:
            text, attempt = committed(line.payload)
            if attempt is not None and self._sent.off:
                frames = self._take(attempt, 0, text)
            if attempt is not None:
                self._sent.commit(attempt)
        return frames

    async def read(self) -> list[str]:
        """Frames of what was written since the last time."""
        self._changed.clear()
        turn = self._sent.turn
        if turn is None:
            return []
        try:
            found = await buffer.read(self._session, turn, self._sent.attempt, self._sent.off)
        except redis.RedisError as error:
            logger.warning("action=output.not_read session=%s error=%s", self._session, error)
            return []
        return [] if found is None else self._take(found.attempt, found.off, found.text)

    async def news(self, limit_s: float) -> None:
        """Wait until more may have been written, at most ``limit_s`` seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), limit_s)

    def _arrived(self, _piece: Piece | None) -> None:
        self._changed.set()

    def _take(self, attempt: int, off: int, text: str) -> list[str]:
        turn = self._sent.turn
        told = self._sent.take(str(turn), attempt, off, text)
        return [protocol.server_frame(kind, str(self._session), d, turn=turn) for kind, d in told.frames]
