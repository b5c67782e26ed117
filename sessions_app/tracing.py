"""Tracing of one live session, in whichever process handles its events (S70).

The switch stands in the session's row, which every event reads anyway: it costs nothing while it is off, and no process
can miss it. What was traced is a fact of the same commit, at operator visibility. The log was chosen over a channel or
a table of its own: lines come in the order of ``seq`` beside the steps they explain, from every process, none is lost,
none tells of a decision that was never committed. Traces expire by themselves, and a line count bounds each delivery.

The words are Erlang's: ``in`` (an event is about to be handled), ``consume`` and ``postpone`` (what became of it),
``enter``, ``start_timer``, ``insert_timeout``, ``out`` (an effect or a reply leaves), ``terminate``, and ``module``
(which machine decides; first line after switching on).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from sessions_app.conf import TRACE_LINES
from sessions_app.exceptions import UnknownSession
from sessions_app.models import Interaction, Session
from sessions_app.row import dump_event, timer_key
from tutor import events
from tutor.effects import Record
from tutor.interactions import TraceRecorded
from tutor.statem import Effect, Event, EventType, Reply

#: How often ``follow`` looks, in seconds.
_LOOK_S = 0.25


class Recorder:
    """The engine's ``trace`` callable: collects the lines of one delivery. Switched off it collects nothing."""

    __slots__ = ("left_out", "lines", "on")

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.lines: list[list[Any]] = []
        self.left_out = 0

    def __call__(self, word: str, *arguments: object) -> None:
        if not self.on:
            return
        if len(self.lines) >= TRACE_LINES:
            self.left_out += 1
            return
        self.lines.append([word, *(_plain(argument) for argument in arguments)])

    def fact(self) -> TraceRecorded | None:
        """What was collected, for the log."""
        return TraceRecorded(lines=self.lines, left_out=self.left_out) if self.lines else None


def _plain(argument: object) -> Any:
    """An argument as JSON values."""
    match argument:
        case Event():
            return dump_event(argument)
        case events.EventContent():
            return events.encode(argument)
        case (EventType() as kind, None | str() as name):
            return timer_key((kind, name))
        case Record(interaction=interaction):
            return {"effect": "Record", "kind": interaction.kind, **msgspec.to_builtins(interaction)}
        case Effect() | Reply():
            return {"effect": type(argument).__name__, **msgspec.to_builtins(argument, enc_hook=repr)}
        case _:
            return msgspec.to_builtins(argument, enc_hook=repr)


@dataclass(frozen=True, slots=True)
class Traced:
    """One line of a trace as it stands in the log."""

    seq: int
    at: datetime
    word: str
    arguments: list[Any]


def read(session: uuid.UUID, after: int = 0) -> list[Traced]:
    """Traced lines after a seq, in order."""
    rows = Interaction.objects.filter(session_id=session, seq__gt=after, kind="trace.recorded", payload__isnull=False)
    found = []
    for seq, at, payload in rows.order_by("seq").values_list("seq", "at", "payload"):
        fact = msgspec.json.decode(payload or "{}", type=TraceRecorded)
        found += [Traced(seq, at, word, arguments) for word, *arguments in fact.lines]
        if fact.left_out:
            found.append(Traced(seq, at, "left_out", [fact.left_out]))
    return found


def follow(session: uuid.UUID, *, after: int, seconds: float) -> Iterator[Traced]:
    """Traced lines as they are committed by any process, until the time is over or the session closed.

    Raises ``UnknownSession``.
    """
    ends = time.monotonic() + seconds
    while True:
        # Read before the lines: what was committed until then is among them.
        live = Session.objects.filter(pk=session).values_list("live", flat=True).first()
        if live is None:
            raise UnknownSession(f"there is no session {session}")
        over = not live or time.monotonic() >= ends
        for line in read(session, after):
            after = line.seq
            yield line
        if over:
            return
        time.sleep(min(_LOOK_S, max(0.0, ends - time.monotonic())))
