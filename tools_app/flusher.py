"""Brings what tools have written into the buffer and to the web processes: all of a process at once, in one round trip.

At most every ``conf.OUTPUT_EVERY_MS``: the first piece after a silence goes out immediately, what comes within the
window goes together.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import TYPE_CHECKING

import redis

from sessions_app import conf
from sessions_app.output import buffer, news
from sessions_app.output.buffer import Piece

if TYPE_CHECKING:
    from tools_app.output import Output

logger = logging.getLogger(__name__)


class Flusher:
    """One event loop's."""

    def __init__(self) -> None:
        self._changed: dict[Output, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._flushed_at = 0.0

    def mark(self, output: Output) -> None:
        """It has text that is not in the buffer."""
        self._changed[output] = None
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work(), name="output-flusher")

    async def stop(self) -> None:
        """Bring nothing more, before the loop ends: what was written stands in its tools' results."""
        self._changed.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        try:
            while self._changed:
                await asyncio.sleep(max(0.0, self._flushed_at + conf.OUTPUT_EVERY_MS / 1_000 - clock()))
                self._flushed_at = clock()
                changed, self._changed = self._changed, {}
                try:
                    await self._flush(list(changed))
                except redis.RedisError as error:
                    # What is not in the buffer stays marked; a tool that ends meanwhile is forgotten with its text.
                    logger.warning("action=output.not_flushed texts=%d error=%s", len(changed), error)
                    self._changed = {**changed, **self._changed}
                    await asyncio.sleep(conf.OUTPUT_RECONNECT_S)
        finally:
            self._task = None

    async def _flush(self, outputs: list[Output]) -> None:
        found = [(output, piece) for output in outputs if (piece := output.piece()) is not None]
        if not found:
            return
        lengths = await buffer.append([piece for _, piece in found])
        written: list[Piece] = []
        for (output, piece), length in zip(found, lengths, strict=True):
            if output.attempt != piece.attempt:
                continue  # it has begun anew meanwhile
            end = piece.off + len(piece.text)
            if length == buffer.REFUSED:
                output.stop()
            elif length < end:
                # The text before it is gone (a Redis without memory): all of it goes again.
                output.flushed = 0
                self._changed[output] = None
            else:
                output.flushed = end
                written.append(piece)
        if written:
            await news.publish(written)


_flushers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Flusher] = weakref.WeakKeyDictionary()


def flusher() -> Flusher:
    """This event loop's."""
    return _flushers.setdefault(asyncio.get_running_loop(), Flusher())
