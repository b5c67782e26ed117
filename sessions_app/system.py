"""``:sys`` for sessions: look into a live one and take hold of it, from any process (S67-S70).

Looking (``get_state``, ``get_status``) reads the last committed row: it is no event, waits for nothing and disturbs
nothing. Taking hold (``suspend``, ``resume``, ``replace_state``, ``trace``) goes under the session's lock like an
event, is committed when the function returns, and stands in the log with its actor. A second call with the same
``command_id`` returns the first result.

All raise ``UnknownSession``; those that take hold raise a ``ControlRefused``, and have then changed nothing.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec

from sessions_app import call_report, conf, inspection
from sessions_app.controls import Control, End, ReplaceState, Restart, Resume, Suspend, SwitchTrace
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import AmbiguousSession, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Call, Interaction, Quarantine, Session

#: Shortest part of an id that names a session, in hexadecimal digits.
_LEAST_PREFIX = 4
#: Newest interactions that ``get_status`` tells.
_LOG_LINES = 10


def find(text: str) -> uuid.UUID:
    """The session of an id, of the beginning of one, or of a name: ``7:fractions``, ``ada:fractions``.

    Of several sessions of one name the live one is meant, else the newest. Raises ``UnknownSession``,
    ``AmbiguousSession``.
    """
    if ":" in text and text.isprintable():
        return _named(text)
    digits = text.replace("-", "").lower()
    if not _LEAST_PREFIX <= len(digits) <= 32 or set(digits) - set("0123456789abcdef"):
        raise UnknownSession(
            f"{text!r} is no id and no name of a session; give at least {_LEAST_PREFIX} digits of an id, "
            "or learner:course"
        )
    first, last = uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))
    found = list(Session.objects.filter(pk__gte=first, pk__lte=last).order_by("pk").values_list("pk", flat=True)[:5])
    if not found:
        raise UnknownSession(f"there is no session {text}")
    if len(found) > 1:
        raise AmbiguousSession(f"{text} is the beginning of several ids: {', '.join(map(str, found))}")
    session: uuid.UUID = found[0]
    return session


def _named(text: str) -> uuid.UUID:
    learner, _, course = text.partition(":")
    rows = Session.objects.order_by("-live", "-created_at").values_list("pk", flat=True)
    found = (
        rows.filter(name=text).first()
        or rows.filter(learner__username=learner, course=course, parent__isnull=True).first()
    )
    if found is None:
        raise UnknownSession(f"there is no session called {text}")
    session: uuid.UUID = found
    return session


def _row(session: uuid.UUID) -> Session:
    row = Session.objects.filter(pk=session).first()
    if row is None:
        raise UnknownSession(f"there is no session {session}")
    return row


# --- looking -----------------------------------------------------------------------------------------------------


def get_state(session: uuid.UUID) -> tuple[str, dict[str, Any]]:
    """``(state, data)``, the data as its machine dumps it: what ``replace_state`` takes."""
    row = _row(session)
    return row.state, row.data


def get_status(session: uuid.UUID) -> dict[str, Any]:
    """All that the kernel knows of a session, as JSON values. Times are ISO 8601."""
    row = _row(session)
    kernel = row.kernel
    crash = Interaction.objects.filter(session_id=session, kind="event.crashed").order_by("-seq").first()
    newest = Interaction.objects.filter(session_id=session).order_by("-seq")[:_LOG_LINES]
    trace = kernel.get("trace", 0)
    return {
        "session": str(row.pk),
        "name": row.name,
        "status": inspection.state_and_status(session)[1],
        "parent": msgspec.to_builtins(conf.supervision(row.machine)),
        "machine": {"name": row.machine, "args": row.machine_args},
        "state": row.state,
        "since": row.state_since.isoformat(),
        "state_no": row.state_no,
        "event_no": row.event_no,
        "on_busy": row.on_busy,
        "turn": kernel.get("turn"),
        "postponed": kernel.get("postponed", []),
        "suspended": [{**one, "at": _iso(one["at"])} for one in kernel.get("suspended", [])],
        "time_outs": [
            {"time_out": key, "due": _iso(timer["due"]), "content": timer["content"]}
            for key, timer in sorted(kernel.get("timers", {}).items(), key=lambda item: item[1]["due"])
        ],
        "calls": [msgspec.to_builtins(report) for report in call_report.reports(session)] if row.live else [],
        "callers": list(row.calls.filter(status=Call.Status.WAITING).values_list("caller", flat=True)),
        "quarantined": [
            {"id": held.pk, "at": held.at.isoformat(), "event": held.event, "reason": held.reason}
            for held in row.quarantined.filter(status=Quarantine.Status.HELD)
        ],
        "heads": {
            "log_id": row.log_id,
            "head": row.head,
            "learner_head": row.learner_head,
            "teacher_head": row.teacher_head,
        },
        "hibernated_since": _iso(kernel["hibernated"]) if "hibernated" in kernel else None,
        "trace_until": _iso(trace) if trace else None,
        "supervision": row.supervision,
        "last_crash": None if crash is None else _line(crash),
        "log": [_line(one) for one in newest][::-1],
    }


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat()


def _line(row: Interaction) -> dict[str, Any]:
    line: dict[str, Any] = {"seq": row.seq, "at": row.at.isoformat(), "kind": row.kind}
    if row.kind == "event.crashed" and row.payload is not None:
        line["reason"] = msgspec.json.decode(row.payload)["reason"]
    return line


# --- taking hold -------------------------------------------------------------------------------------------------


def suspend(session: uuid.UUID, *, actor: str = "operator", command_id: str | None = None) -> Delivered:
    """Handle nothing from now on: events are accepted and wait in the session (S68). Raises ``AlreadySuspended``."""
    return _control(session, Suspend(actor), "session.suspend", command_id)


def resume(session: uuid.UUID, *, actor: str = "operator", command_id: str | None = None) -> Delivered:
    """Handle what has waited, in order, then go on (S42, S68). Raises ``NotSuspended``."""
    return _control(session, Resume(actor), "session.unsuspend", command_id)


def restart(session: uuid.UUID, *, actor: str = "operator", command_id: str | None = None) -> Delivered:
    """Begin again with the original arguments (S60), under the same id and name; the log goes on.

    The running turn and all calls are cancelled, time-outs go, callers are told; a learner's messages that wait are
    handled by the machine that has begun again. Raises ``AlreadySuspended`` for a suspended session.
    """
    return _control(session, Restart(actor), "session.restart", command_id)


def end(session: uuid.UUID, why: str, *, actor: str = "operator", command_id: str | None = None) -> Delivered:
    """Close a session for good without asking its machine: one that is suspended, or cannot load its data, too.

    The running turn and all calls are cancelled, callers are told, and messages that wait are removed. Raises
    ``ClosedSession``. ``sessions.shutdown`` ends a lesson politely, with its report.
    """
    return _control(session, End(actor, why), "session.end", command_id)


def replace_state(
    session: uuid.UUID,
    state: str,
    data: dict[str, Any] | None = None,
    *,
    actor: str = "operator",
    command_id: str | None = None,
) -> Delivered:
    """Put another state, and other data, in place. Not a state change: no enter call, no retry, time-outs stay (S39).

    It mends a session whose data its machine cannot load, too; then ``data`` must be given. Raises ``UnknownState``,
    ``UnloadableData``.
    """
    return _control(session, ReplaceState(actor, state, data), "session.replace_state", command_id)


def trace(session: uuid.UUID, seconds: int, *, actor: str = "operator", command_id: str | None = None) -> Delivered:
    """Record in the log what the engine does for this session, in every process, for so long; 0 ends it (S70).

    Read it with ``tracing.read`` or ``tracing.follow``. Raises ``ValueError`` where ``seconds`` are out of range.
    """
    if not 0 <= seconds <= conf.TRACE_MOST_S:
        raise ValueError(f"a session is traced for 0 to {conf.TRACE_MOST_S} seconds at once")
    return _control(session, SwitchTrace(actor, seconds), "session.trace", command_id)


def _control(session: uuid.UUID, control: Control, name: str, command_id: str | None) -> Delivered:
    command = CommandId(command_id or f"sys-{secrets.token_hex(8)}", name, _digest(control))
    return group_commit.submit(Delivery(session, None, by="operator", command=command, control=control)).result()


def _digest(control: Control) -> bytes:
    """Tells one control from another, even one whose data is no JSON: that is refused later, under the lock."""
    return hashlib.sha256(repr(control).encode()).digest()
