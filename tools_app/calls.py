"""The life of a tool call in SQL: claim, hand back, settle. Every change is a compare-and-set; its rows are counted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from sessions_app import crash_points
from sessions_app.commit import execute, postgres
from sessions_app.delivery import Delivery, Statement, Write
from tools_app.conf import ERROR_CHARS
from tools_app.retry import Decision
from tools_app.scope import AUTHORITY
from tutor import events
from tutor.interactions import (
    Interaction,
    OutputCommitted,
    ToolCancelled,
    ToolEnding,
    ToolFailedFact,
    ToolFinished,
    ToolInDoubt,
    ToolResultDiscarded,
    ToolTimedOut,
    TurnRecovering,
)
from tutor.statem import EventType
from tutor.strategies import Strategy

#: What an attempt has to know of those before it, and of the rights it runs with, as one JSON object.
PARTICULARS = f"""
json_build_object('used', c.used, 'repair', c.repair, 'alone', c.alone, 'authority', {AUTHORITY})::text
"""

#: What ``claimed`` reads, of the call ``c``.
COLUMNS = f"""
c.session_id, c.ref, c.turn, c.tool, c.args::text, c.scope::text, c.attempt, c.owner, c.background, c.started_at,
extract(epoch FROM c.deadline_at - clock_timestamp())::float, {PARTICULARS}
"""

#: Oldest first. SKIP LOCKED: workers that claim at the same time do not wait for each other; nobody gets a call twice.
_CLAIM = f"""
UPDATE tools_app_toolcall c
   SET status = 'running', attempt = c.attempt + 1, owner = %s, started_at = clock_timestamp()
  FROM (SELECT id FROM tools_app_toolcall
         WHERE status = 'queued' AND queue = ANY(%s) AND run_after <= (SELECT clock_timestamp())
         ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) AS next
 WHERE c.id = next.id
RETURNING {COLUMNS}
"""

_RETURNED_BACK = """
UPDATE tools_app_toolcall SET status = 'queued', attempt = attempt - 1, owner = NULL
 WHERE owner = %s AND status = 'running' RETURNING queue
"""

SETTLE = Statement(
    "settle_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'ended', ending = r.ending, error = r.error, ended_at = clock_timestamp()
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, status text, ending text, error text)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.attempt = r.attempt AND c.status = r.status
RETURNING 1""",
)

REQUEUE = Statement(
    "requeue_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'queued', owner = NULL, error = r.error, used = r.used, repair = r.repair, alone = r.alone,
       run_after = clock_timestamp() + make_interval(secs => r.after_s)
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, after_s float, error text, used jsonb,
       repair text, alone bool)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.attempt = r.attempt AND c.status = 'running'
RETURNING 1""",
)

PARK = Statement(
    "park_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'parked', error = r.error, parked_at = clock_timestamp()
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, error text)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.attempt = r.attempt AND c.status = 'running'
RETURNING 1""",
)

#: What a learner is told of a call in doubt.
IN_DOUBT_TEXT = (
    "I lost contact with something that I had asked for, so I cannot tell whether it was done. It is not something to "
    "simply try again: somebody will decide how to go on. You can also stop waiting for it."
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this process may run, once."""

    session: uuid.UUID
    ref: str
    turn: str | None
    tool: str
    args: dict[str, Any]
    scope: dict[str, Any]
    attempt: int
    owner: str | None
    background: bool
    started_at: datetime | None
    #: Seconds until the call's deadline, as measured by the database at the claim.
    left_s: float
    #: How often each strategy was applied to it.
    used: Mapping[Strategy, int] = field(default_factory=dict)
    #: What was wrong with the output of the attempt before.
    repair: str = ""
    #: Beside no other call of this process.
    alone: bool = False
    #: What the database knew at the claim of whoever it acts for (``scope.Authority``), as JSON.
    authority: str | None = None
    #: queued, running, …: what the settle must still find.
    status: str = "running"


class _Particulars(msgspec.Struct):
    used: dict[Strategy, int]
    repair: str
    alone: bool
    authority: str | None


def claimed(row: tuple[Any, ...]) -> Claimed:
    """A call from the values of ``COLUMNS``."""
    session, ref, turn, tool, args, scope, attempt, owner, background, started_at, left_s, particulars = row
    return Claimed(
        session, ref, turn, tool, msgspec.json.decode(args), msgspec.json.decode(scope), attempt, owner, background,
        started_at, left_s, **msgspec.to_builtins(msgspec.json.decode(particulars, type=_Particulars)),
    )  # fmt: skip


def claim(owner: str, queues: list[str], limit: int) -> list[Claimed]:
    """Take up to ``limit`` queued calls, oldest first. A claim touches nothing but the calls."""
    # psycopg itself, not Django's cursor: the statement runs at every hint and should be prepared.
    crash_points.reach("claim.before")
    rows = execute(postgres(), _CLAIM, [owner, queues, limit]).fetchall()
    crash_points.reach("claim.committed")
    return [claimed(row) for row in rows]


def hand_back(owner: str) -> list[str]:
    """Give back everything that a stopping process still runs, without charging an attempt. Returns the queues."""
    crash_points.reach("hand_back.before")
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED_BACK, [owner])
        queues = sorted({queue for (queue,) in cursor.fetchall()})
    crash_points.reach("hand_back.committed")
    return queues


# --- endings -----------------------------------------------------------------------------------------------------


def _discarded(call: Claimed) -> ToolResultDiscarded:
    return ToolResultDiscarded(call=call.ref, name=call.tool, attempt=call.attempt, why="the call had ended before")


def _delivery(
    call: Claimed, content: events.EventContent, ending: ToolEnding, facts: list[Interaction], error: str
) -> Delivery:
    name = ending.kind.removeprefix("tool.")
    row = {"session_id": call.session, "ref": call.ref, "attempt": call.attempt, "status": call.status}
    return Delivery(
        call.session,
        content,
        by="tool",
        type=EventType.INFO,
        ends_call=call.ref,
        facts=[*facts, ending],
        discarded=[_discarded(call)],
        writes=[Write(SETTLE, {**row, "ending": name, "error": error})],
        opens_turn=False,
    )


def _about(call: Claimed) -> dict[str, Any]:
    return {
        "call": call.ref,
        "name": call.tool,
        "attempts": call.attempt,
        "owner": call.owner,
        "started_at": call.started_at.isoformat() if call.started_at else None,
    }


def succeeded(call: Claimed, result: dict[str, Any], *, fallback: bool, facts: list[Interaction]) -> Delivery:
    """The delivery of a result."""
    content = events.ToolSucceeded(ref=call.ref, tool=call.tool, result=result, fallback=fallback)
    return _delivery(call, content, ToolFinished(**_about(call), fallback=fallback), facts, "")


def failed(
    call: Claimed, reason: events.ToolFailure, error: str, *, facts: list[Interaction] | None = None
) -> Delivery:
    """The delivery of an ending without a result."""
    error = error[:ERROR_CHARS]
    content = events.ToolFailed(ref=call.ref, tool=call.tool, reason=reason, error=error)
    ending: ToolEnding
    match reason:
        case "timeout":
            ending = ToolTimedOut(**_about(call))
        case "cancelled":
            ending = ToolCancelled(**_about(call))
        case _:
            ending = ToolFailedFact(**_about(call), reason=reason, error=error)
    return _delivery(call, content, ending, facts or [], error)


def again(call: Claimed, decision: Decision, error: str, facts: list[Interaction]) -> Delivery:
    """Another attempt later: facts for the log, the call back into the queue; the machine is not asked."""
    used = {**call.used, decision.strategy: call.used.get(decision.strategy, 0) + 1}
    about = {
        "session_id": call.session,
        "ref": call.ref,
        "attempt": call.attempt,
        "after_s": decision.after_s,
        "error": error[:ERROR_CHARS],
        "used": used,
        "repair": error[:ERROR_CHARS] if decision.strategy is Strategy.REPAIR else "",
        "alone": decision.alone,
    }
    write = Write(REQUEUE, about)
    if not call.background:
        facts = [*facts, TurnRecovering(reason=decision.reason, attempt=call.attempt + 1)]
    return Delivery(call.session, None, by="tool", facts=facts, writes=[write], opens_turn=False)


def parked(call: Claimed, error: str, facts: list[Interaction]) -> Delivery:
    """The call waits for somebody to decide; the machine is not asked, its session goes on waiting for the call."""
    about = {"session_id": call.session, "ref": call.ref, "attempt": call.attempt, "error": error[:ERROR_CHARS]}
    facts = [*facts, ToolInDoubt(**_about(call))]
    if not call.background:
        facts.append(OutputCommitted(text=IN_DOUBT_TEXT, len=len(IN_DOUBT_TEXT)))
    return Delivery(call.session, None, by="tool", facts=facts, writes=[Write(PARK, about)], opens_turn=False)


def superseded(call: Claimed, why: str = "another attempt had taken over") -> Delivery:
    """A result that came when it was not wanted any more: logged, not applied."""
    discarded = ToolResultDiscarded(call=call.ref, name=call.tool, attempt=call.attempt, why=why)
    return Delivery(call.session, None, by="tool", facts=[discarded], opens_turn=False)
