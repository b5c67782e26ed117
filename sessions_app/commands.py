"""Client commands, one implementation for WebSocket and HTTP: a frame becomes an event, an event's result a reply.

A command that reaches the machine goes through ``group_commit``; reading commands go to the database. Rights are
checked here, on every command.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sessions_app import branching, conf, inspection, log, retrying
from sessions_app.controls import Control, Restart, Resume, Suspend
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import CommandError, ControlRefused
from sessions_app.frames import (
    COMMANDS,
    ID_CHARS,
    Answer,
    Branch,
    ClientFrame,
    CommandType,
    Contest,
    Message,
    Nothing,
    OfTurn,
    Page,
    Policy,
    Remediation,
    Reset,
    Waiting,
)
from sessions_app.group_commit import group_commit
from sessions_app.pool import in_database
from sessions_app.protocol import body, event
from sessions_app.view import View
from tutor import events
from tutor.interactions import PolicyChanged
from tutor.statem import EventType


def _text(text: str) -> str:
    if len(text) > conf.TEXT_CHARS:
        raise CommandError(
            "too_large", f"At most {conf.TEXT_CHARS} characters, please.", detail={"limit": conf.TEXT_CHARS}
        )
    if not text.strip():
        raise CommandError("bad_request", "Please write something first: the text is empty.")
    if "\x00" in text:
        raise CommandError("bad_request", "The text contains a NUL character; please leave it out.")
    return text


def _message(d: dict[str, Any], _view: View) -> tuple[events.EventContent, str | None]:
    message = body(d, Message)
    text = _text(message.text)
    return events.UserMessage(text=text, on_busy=message.on_busy or "reject"), text


def _answer(d: dict[str, Any], _view: View) -> tuple[events.EventContent, str | None]:
    answer = body(d, Answer)
    values = [answer.value] if isinstance(answer.value, str) else answer.value
    text = _text(", ".join(values))
    on_busy = answer.on_busy or "reject"
    return events.AnswerSubmitted(question=answer.question, value=answer.value, on_busy=on_busy), text


def _plain(content: Callable[[], events.EventContent]) -> _Builder:
    def build(d: dict[str, Any], _view: View) -> tuple[events.EventContent, str | None]:
        body(d, Nothing)
        return content(), None

    return build


def _remediation(d: dict[str, Any], view: View) -> tuple[events.EventContent, str | None]:
    return events.RemediationForced(known_error=body(d, Remediation).known_error, actor=view.actor), None


def _clear_safety(d: dict[str, Any], view: View) -> tuple[events.EventContent, str | None]:
    body(d, Nothing)
    return events.SafetyCleared(actor=view.actor), None


def _contest(d: dict[str, Any], _view: View) -> tuple[events.EventContent, str | None]:
    wanted = body(d, Contest)
    return events.EstimateContested(claim=wanted.claim, skill=wanted.skill, known_error=wanted.known_error), None


def _reset(d: dict[str, Any], view: View) -> tuple[events.EventContent, str | None]:
    return events.ResetRequested(state=body(d, Reset).state, actor=view.actor), None


_Builder = Callable[[dict[str, Any], View], tuple[events.EventContent, str | None]]
#: Returns the body of ``ok`` and, where something was written, what was delivered.
CarryOut = Callable[[ClientFrame, View], Awaitable[tuple[dict[str, Any], Delivered | None]]]


@dataclass(frozen=True, slots=True)
class _Command:
    """A command that becomes an event."""

    build: _Builder
    opens_turn: bool = True


#: Every command that reaches the machine.
EVENTS: dict[str, _Command] = {
    "message.send": _Command(_message),
    "answer.submit": _Command(_answer),
    "hint.request": _Command(_plain(events.HintRequested)),
    "question.skip": _Command(_plain(events.SkipRequested)),
    "question.give_up": _Command(_plain(events.GiveUpRequested)),
    "answer.dispute": _Command(_plain(events.DisputeRaised)),
    "continue": _Command(_plain(events.ContinueRequested)),
    "progress.contest": _Command(_contest),
    "session.pause": _Command(_plain(events.PauseRequested)),
    "session.resume": _Command(_plain(events.ResumeRequested)),
    "session.close": _Command(_plain(events.EndRequested)),
    "session.force_remediation": _Command(_remediation),
    "session.clear_safety": _Command(_clear_safety),
    "session.reset": _Command(_reset),
}

_RANK: dict[str, int] = {"learner": 0, "teacher": 1, "operator": 2}


async def handle(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    """Carry out one command. Returns the body of its ``ok`` and, where it was written, what was delivered.

    Raises ``CommandError``.
    """
    command, reading = EVENTS.get(frame.t), _READING.get(frame.t)
    if command is None and reading is None:
        raise CommandError("unknown_command", f"There is no command {frame.t[:ID_CHARS]!r}.", detail={"known": known()})
    _require(view, COMMANDS[frame.t])
    if command is not None:
        return await _deliver(frame, view, command)
    assert reading is not None  # noqa: S101 — one of the two is there
    return await reading(frame, view)


def known() -> list[str]:
    """The names of all commands."""
    return sorted([*EVENTS, *_READING, "hello", "ping"])


def _require(view: View, kind: CommandType) -> None:
    if _RANK[view.role] < _RANK[kind.role]:
        raise CommandError("forbidden", f"This needs the rights of a {kind.role}.")
    if view.read_only and not kind.reads:
        raise CommandError("read_only", "This view of the session is read-only.")


async def _deliver(frame: ClientFrame, view: View, command: _Command) -> tuple[dict[str, Any], Delivered]:
    content, text = command.build(frame.d, view)
    delivery = Delivery(
        view.session,
        content,
        by=view.role,
        command=CommandId(frame.id, frame.t, frame.digest),
        text=text,
        expect=frame.expect,
        default_policy="on_busy" not in frame.d,
        opens_turn=command.opens_turn,
        user=None if view.role == "learner" else view.user_id,
    )
    delivered = await group_commit.deliver(delivery)
    return reply(delivered), delivered


def reply(delivered: Delivered) -> dict[str, Any]:
    """The body of ``ok``."""
    d: dict[str, Any] = {
        **delivered.reply,
        "seq": delivered.seq,
        "disposition": delivered.disposition,
        "duplicate": delivered.duplicate,
    }
    if delivered.turn is not None:
        d.setdefault("turn", delivered.turn)
    return d


async def _cancel(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    """Which turn runs is decided under the lock, like everything else (``step``)."""
    wanted = body(frame.d, OfTurn).turn
    if wanted is not None and not await in_database(inspection.turn_exists, view.session, wanted):
        raise CommandError("no_such_turn", f"There is no turn {wanted!r} in this session.")
    delivered = await group_commit.deliver(
        Delivery(
            view.session,
            events.CancelRequested(),
            by=view.role,
            command=CommandId(frame.id, frame.t, frame.digest),
            expect=frame.expect,
            cancels=wanted or "",
            opens_turn=False,
        )
    )
    return reply(delivered), delivered


async def _remove(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    """Whether it still waits is decided under the lock; the reply says the same when it is asked again."""
    removes = body(frame.d, Waiting).command
    command = CommandId(frame.id, frame.t, frame.digest)
    delivered = await group_commit.deliver(
        Delivery(
            view.session,
            None,
            by=view.role,
            command=command,
            expect=frame.expect,
            removes=removes,
            opens_turn=False,
        )
    )
    return reply(delivered), delivered


async def _retry(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    """Which turn is the newest, and how it ended, is known under the lock only (``retrying``)."""
    wanted = body(frame.d, OfTurn).turn
    delivery = Delivery(
        view.session,
        None,
        by=view.role,
        command=CommandId(frame.id, frame.t, frame.digest),
        expect=frame.expect,
        user=None if view.role == "learner" else view.user_id,
    )
    delivered = await group_commit.deliver(
        replace(delivery, under_lock=lambda _found: retrying.again(delivery, wanted))
    )
    return reply(delivered), delivered


async def _policy(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    on_busy = body(frame.d, Policy).on_busy
    delivered = await group_commit.deliver(
        Delivery(
            view.session,
            None,
            by=view.role,
            type=EventType.CAST,
            command=CommandId(frame.id, frame.t, frame.digest),
            expect=frame.expect,
            facts=[PolicyChanged(on_busy=on_busy)],
        )
    )
    return reply(delivered), delivered


async def _control(frame: ClientFrame, view: View, control: Control) -> tuple[dict[str, Any], Delivered]:
    body(frame.d, Nothing)
    command = CommandId(frame.id, frame.t, frame.digest)
    try:
        delivered = await group_commit.deliver(
            Delivery(view.session, None, by=view.role, command=command, expect=frame.expect, control=control)
        )
    except ControlRefused as refused:
        state, status = await in_database(inspection.state_and_status, view.session)
        detail = {"state": state, "allowed": [], "status": status}
        raise CommandError("invalid_transition", str(refused), detail=detail) from None
    return reply(delivered), delivered


async def _suspend(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    return await _control(frame, view, Suspend(view.actor))


async def _unsuspend(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    return await _control(frame, view, Resume(view.actor))


async def _restart(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    return await _control(frame, view, Restart(view.actor))


async def _history(frame: ClientFrame, view: View) -> tuple[dict[str, Any], None]:
    wanted = body(frame.d, Page)
    limit = max(1, min(wanted.limit, conf.PAGE_EVENTS))
    before = 2**62 if wanted.before is None else wanted.before
    lines = await in_database(
        lambda: log.lines(view.session, view.visibility, before=before, limit=limit + 1, newest=True)
    )
    more = len(lines) > limit
    sid = str(view.session)
    return {"events": [event(sid, line) for line in lines[-limit:]], "more": more}, None


async def _rewind(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    seq = body(frame.d, Branch).seq
    command = CommandId(frame.id, frame.t, frame.digest)
    try:
        delivered = await in_database(
            lambda: branching.rewind(
                view.session, seq, actor=view.actor, by=view.role, command=command, expect=frame.expect
            )
        )
    except ControlRefused as refused:
        state, status = await in_database(inspection.state_and_status, view.session)
        raise CommandError(
            "invalid_transition", str(refused), detail={"state": state, "allowed": [], "status": status}
        ) from None
    return reply(delivered), delivered


async def _fork(frame: ClientFrame, view: View) -> tuple[dict[str, Any], None]:
    """What it wrote stands in the fork's log: a view of the parent has nothing of it to show."""
    seq = body(frame.d, Branch).seq
    command = CommandId(frame.id, frame.t, frame.digest)
    delivered = await in_database(
        lambda: branching.fork(view.session, seq, actor=view.actor, by=view.role, command=command, expect=frame.expect)
    )
    told = reply(delivered)
    told.pop("turn", None)
    return {**told, "disposition": "applied"}, None


async def _inspect(frame: ClientFrame, view: View) -> tuple[dict[str, Any], None]:
    body(frame.d, Nothing)
    seen: dict[str, Any] = msgspec.to_builtins(await in_database(inspection.inspect, view.session, view.role))
    return seen, None


#: Commands that do not reach the machine: they read, or concern the session itself.
_READING: dict[str, CarryOut] = {
    "turn.cancel": _cancel,
    "queue.remove": _remove,
    "turn.retry": _retry,
    "policy.set": _policy,
    "history.get": _history,
    "session.inspect": _inspect,
    "session.fork": _fork,
    "session.rewind": _rewind,
    "session.restart": _restart,
    "session.suspend": _suspend,
    "session.unsuspend": _unsuspend,
}


def add(name: str, carry_out: CarryOut, kind: CommandType | None = None) -> None:
    """Let another app carry out a command. ``kind``: of one that the protocol does not list. Raises ``ValueError``."""
    if name in known():
        raise ValueError(f"there is a command {name!r} already")
    if kind is not None:
        COMMANDS[name] = kind
    elif name not in COMMANDS:
        raise ValueError(f"the protocol lists no command {name!r}: say what its body and its reply are")
    _READING[name] = carry_out


def session_id(text: str) -> uuid.UUID:
    """A session's id from the wire. Raises ``CommandError(not_found)``: a malformed id names no session."""
    try:
        return uuid.UUID(text)
    except ValueError:
        raise CommandError("not_found", "There is no such session, or it is not yours.") from None
