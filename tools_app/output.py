"""What a tool writes while it works: ``output: Output`` among its parameters gives it one.

    @tool(timeout_s=30)
    async def explain(scope: Scope, topic: str, output: Output) -> dict[str, str]:
        await output.write_all(model.stream(...))
        return {"text": await output.finish()}

What was written is shown at once, as far as the machine's gate lets it (``sessions_app.output.gate``), and is what the
tool must return as ``text``: the machine commits that. A tool need not care about retries: every run begins a new
attempt of the turn's text, and whoever watches sees the old one vanish. Trouble with Redis is no trouble of the tool's:
its text then arrives when it is committed.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
import psycopg
from django.db import Error, connection

from sessions_app import conf
from sessions_app.output.buffer import Piece
from sessions_app.output.gate import Gate, OpenGate, gate
from sessions_app.pool import in_database
from tools_app.calls import MOST_TEXTS, Claimed
from tools_app.exceptions import BadOutput
from tools_app.flusher import flusher

logger = logging.getLogger(__name__)

# As long as this attempt owns the call: whoever lost it must not write any more.
_OPEN = """
SELECT s.machine, s.machine_args::text, s.state, s.data::text, c.output_from
  FROM tools_app_toolcall c JOIN sessions_app_session s ON s.id = c.session_id
 WHERE c.session_id = %s AND c.ref = %s AND c.attempt = %s AND c.status = 'running'
"""
_ANEW = """
UPDATE tools_app_toolcall SET output_from = output_from + 1
 WHERE session_id = %s AND ref = %s AND attempt = %s AND status = 'running' RETURNING output_from
"""


class Output:
    """The text of one run of a call."""

    def __init__(self, call: Claimed) -> None:
        self._call = call
        self._gate: Gate = OpenGate()
        self._from: int | None = None
        #: False: it belongs to no turn, or this run has lost the call: nobody is shown anything.
        self._writes = False
        #: The buffer takes no more of it, or the call has ended.
        self._stopped = False
        self._parts: list[str] = []
        self._opened = False
        #: Which attempt of the turn's text this is; it rises whenever text starts anew within the turn.
        self.attempt = 0
        #: Code points released so far, and how many of them are in the buffer.
        self.length = 0
        self.flushed = 0

    @property
    def text(self) -> str:
        """All that was released."""
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    @property
    def begun(self) -> bool:
        """Whether somebody may have seen something of it."""
        return self._writes and self.length > 0

    @property
    def texts(self) -> int:
        """Attempts of the turn's text that the call has used up, this one included. 0: it writes none."""
        if self._from is not None:
            return self.attempt - self._from
        # This run writes none; earlier ones may have.
        return MOST_TEXTS * self._call.attempt if self._call.attempt > 1 else 0

    @property
    def closed(self) -> bool:
        """Nothing more will be shown: the tool can stop writing."""
        return self._gate.closed

    async def write(self, text: str) -> None:
        """Show more text. Raises ``BadOutput`` where it becomes too long."""
        if not self._opened:
            await self._open()
        self._release(self._gate.release(text))

    async def write_all(self, pieces: AsyncGenerator[str]) -> None:
        """Show text as it comes, to its end or until nothing more will be shown. The source is closed in any case."""
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                await self.write(piece)
                if self.closed:
                    return

    async def finish(self) -> str:
        """No more text comes. Returns all that was shown: what the tool has to return as its ``text``."""
        if self._opened:
            self._release(self._gate.end())
        return self.text

    async def anew(self) -> None:
        """Another tool answers in the same run: the next text is a new attempt, where this one was seen."""
        if self.begun:
            try:
                attempt = await in_database(self._next_attempt)
            except (Error, psycopg.Error):
                logger.warning("action=output.not_begun session=%s", self._call.session, exc_info=True)
                attempt = None
            # Without a number of its own it is not shown: it arrives with its commit.
            self._writes = attempt is not None
            self.attempt = attempt or self.attempt
        self._parts, self.length, self.flushed, self._opened = [], 0, 0, False

    def piece(self) -> Piece | None:
        """What is not in the buffer yet."""
        call = self._call
        if not self._writes or self._stopped or call.turn is None or self.flushed == self.length:
            return None
        return Piece(call.session, call.turn, self.attempt, self.flushed, self.text[self.flushed :])

    def stop(self) -> None:
        """Bring no more of it to the buffer: the call has ended, was cancelled, or belongs to another run now."""
        self._stopped = True

    # --- inside ------------------------------------------------------------------------------------------------------

    def _release(self, text: str) -> None:
        if not text:
            return
        self.length += len(text)
        if self.length > conf.OUTPUT_CHARS:
            raise BadOutput(f"a tool may write at most {conf.OUTPUT_CHARS} characters; this one goes on")
        self._parts.append(text)
        if self._writes and not self._stopped:
            flusher().mark(self)

    async def _open(self) -> None:
        found = await in_database(self._read)
        self._opened = True
        if found is None:
            self._writes = False
            return
        self._gate, output_from = found
        if self._from is None:
            self._from = output_from
            self.attempt = output_from + self._call.attempt
            self._writes = self._call.turn is not None

    def _read(self) -> tuple[Gate, int] | None:
        call = self._call
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, [call.session, call.ref, call.attempt])
            row: tuple[Any, ...] | None = cursor.fetchone()
        if row is None:
            return None
        machine, machine_args, state, data, output_from = row
        made = gate(machine, msgspec.json.decode(machine_args), state, msgspec.json.decode(data))
        return made, output_from

    def _next_attempt(self) -> int | None:
        """In the database first, so that no later run of this call can begin a text of the same number."""
        call = self._call
        with connection.cursor() as cursor:
            cursor.execute(_ANEW, [call.session, call.ref, call.attempt])
            row: tuple[int] | None = cursor.fetchone()
        return None if row is None else row[0] + call.attempt
