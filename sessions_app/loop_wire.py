"""A wire whose answers an event loop waits for, beside everything else it does."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, TypeVar

import psycopg

from sessions_app.wire import ROLLBACK, Asked, Dialogue, Rows, Wire, encoded_of

T = TypeVar("T")


class LoopWire(Wire):
    """The way of one connection, on the loop that made this. One dialogue at a time."""

    def __init__(self, pg: psycopg.Connection[Any], *, prepare: bool) -> None:
        super().__init__(pg, prepare=prepare)
        self._loop = asyncio.get_running_loop()
        self._socket = pg.pgconn.socket
        #: Set when there is something to read, or room to write.
        self._ready = asyncio.Event()
        self._loop.add_reader(self._socket, self._readable)

    async def carry(self, dialogue: Dialogue[T]) -> T:
        """Carry on a dialogue to its end. A transaction that it leaves open is rolled back.

        Cancelled in the middle it closes the connection: what was asked may still be done, and nobody reads the answer.
        """
        try:
            asked = next(dialogue)
            while True:
                try:
                    rows = await self._answered(asked)
                except BaseException as error:
                    asked = dialogue.throw(error)
                else:
                    asked = dialogue.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            if self.in_transaction:
                await self._answered((ROLLBACK,))

    def leave(self) -> None:
        """Stop watching the connection, which somebody else may have then."""
        with contextlib.suppress(RuntimeError):  # the loop was closed, and watches nothing any more
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)

    def close(self) -> None:
        """Close the connection; before that, for the number of its socket may be another one's at once, leave it."""
        self.leave()
        super().close()
        self._ready.set()

    async def _answered(self, asked: tuple[Asked, ...]) -> list[Rows]:
        if not asked:
            await asyncio.sleep(0)
            return []
        encoded = encoded_of(asked)
        with self._closed_unless_whole():
            self._begin(encoded)
            while not self._advance():
                self._ready.clear()
                if self._unsent:
                    self._loop.add_writer(self._socket, self._writable)
                await self._ready.wait()
        return self._end()

    def _readable(self) -> None:
        try:
            self._read()
        except psycopg.Error:
            self.close()  # whoever waits finds it closed
        self._ready.set()

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        self._ready.set()
