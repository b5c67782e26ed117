"""The life of a tool call in SQL: claim, hand back, settle. Every change is a compare-and-set; its rows are counted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import connection

from sessions_app import crash_points
from sessions_app.commit import wire
from sessions_app.delivery import Delivery, Statement, Write
from sessions_app.wire import Asked, Dialogue, Rows
from tools_app.conf import ERROR_CHARS
from tools_app.retry import Decision
from tools_app.scope import AUTHORITY
from tools_app.usage import Spent, spent
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

#: One run of a call: session, ref, attempt.
Key = tuple[uuid.UUID, str, int]

#: What ``claimed`` reads, of the call ``c``.
COLUMNS = f"""
c.session_id, c.ref, c.turn, c.tool, c.args::text, c.scope::text, c.attempt, c.handed_back, c.owner, c.background,
c.course, c.started_at, extract(epoch FROM c.deadline_at - clock_timestamp())::float, {PARTICULARS}
"""

#: Every course that waits gets the same share of a claim, within a course ``order_at`` decides (``models.ToolCall``).
#: ``flow`` walks over the courses by index, one probe each, however many calls they have; who is first among equals is
#: left to chance, so that no course is always the last. SKIP LOCKED: workers that claim at the same time do not wait
#: for each other, and nobody gets a call twice. ``MOST`` stands for a constant: with a parameter there, the planner
#: would prepare for a tenth of the table, and read all of it.
_CLAIM = f"""
WITH RECURSIVE flow AS (
    SELECT named.queue, first.course FROM unnest(%s::text[]) AS named(queue) CROSS JOIN LATERAL (
        SELECT c.course FROM tools_app_toolcall c
         WHERE c.status = 'queued' AND c.queue = named.queue ORDER BY c.course LIMIT 1) AS first
    UNION ALL
    SELECT flow.queue, next.course FROM flow CROSS JOIN LATERAL (
        SELECT c.course FROM tools_app_toolcall c
         WHERE c.status = 'queued' AND c.queue = flow.queue AND c.course > flow.course
         ORDER BY c.course LIMIT 1) AS next
), waiting AS (
    SELECT one.id, row_number() OVER (PARTITION BY flow.queue, flow.course ORDER BY one.order_at, one.id) AS place
      FROM flow CROSS JOIN LATERAL (
        SELECT c.id, c.order_at FROM tools_app_toolcall c
         WHERE c.status = 'queued' AND c.queue = flow.queue AND c.course = flow.course
           AND c.order_at <= (SELECT clock_timestamp()) + make_interval(secs => %s)
           AND c.run_after <= (SELECT clock_timestamp())
         ORDER BY c.order_at, c.id LIMIT MOST FOR NO KEY UPDATE SKIP LOCKED) AS one
     WHERE flow.course <> ALL(%s::text[])
)
UPDATE tools_app_toolcall c
   SET status = 'running', attempt = c.attempt + 1, owner = %s, started_at = clock_timestamp()
 WHERE c.id = ANY(ARRAY(SELECT id FROM waiting ORDER BY place, random() LIMIT %s))
RETURNING {COLUMNS}
"""
#: Where no more calls wait than are wanted, nobody goes before anybody: this takes them all, or none at all.
_CLAIM_ALL = f"""
UPDATE tools_app_toolcall c
   SET status = 'running', attempt = c.attempt + 1, owner = %s, started_at = clock_timestamp()
 WHERE (SELECT count(*) <= %s FROM (SELECT FROM tools_app_toolcall c
                                     WHERE c.status = 'queued' AND c.queue = ANY(%s) LIMIT %s) AS few)
   AND c.id = ANY(ARRAY(SELECT c.id FROM tools_app_toolcall c
                         WHERE c.status = 'queued' AND c.queue = ANY(%s) AND c.run_after <= (SELECT clock_timestamp())
                         LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
RETURNING {COLUMNS}
"""
#: Whether more calls wait than are wanted.
_CROWDED = """
SELECT count(*) > %s FROM (SELECT FROM tools_app_toolcall c
                            WHERE c.status = 'queued' AND c.queue = ANY(%s) LIMIT %s) AS few
"""
#: Further ahead than any call's place in the order, in seconds.
_EVER_S = 1e9

_HELD = """
SELECT session_id, ref, attempt FROM tools_app_toolcall WHERE owner = %s AND status = 'running'
"""

_RETURNED_BACK = """
UPDATE tools_app_toolcall c SET status = 'queued', handed_back = handed_back + 1, owner = NULL
 WHERE c.owner = %s AND c.status = 'running'
   AND NOT EXISTS (SELECT FROM json_to_recordset(%s) AS kept(session uuid, ref text, attempt smallint)
                    WHERE kept.session = c.session_id AND kept.ref = c.ref AND kept.attempt = c.attempt)
RETURNING c.queue
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
       run_after = clock_timestamp() + make_interval(secs => r.after_s), reserved = 0
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, after_s float, error text, used jsonb,
       repair text, alone bool)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.attempt = r.attempt AND c.status = 'running'
RETURNING 1""",
)

PARK = Statement(
    "park_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'parked', error = r.error, parked_at = clock_timestamp(), reserved = 0
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, error text)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.attempt = r.attempt AND c.status = 'running'
RETURNING 1""",
)

#: What a learner is told of a call in doubt.
IN_DOUBT_TEXT = (
    "I lost contact with something that I had asked for, so I cannot tell whether it was done. It is not something to "
    "simply try again: somebody will decide how to go on. You can also stop waiting for it."
)


class Streamed(NamedTuple):
    """What a call has streamed of its turn's text: the attempt that is its result, how many attempts it used up."""

    attempt: int | None = None
    texts: int = 0


#: By a call that does not stream.
NOTHING = Streamed()
#: Texts that one run of a call may begin: the tool's, and one by the offline tool of the same name.
MOST_TEXTS = 2


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
    #: Attempts that draining workers gave back.
    handed_back: int
    owner: str | None
    background: bool
    course: str
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

    @property
    def key(self) -> Key:
        return self.session, self.ref, self.attempt

    @property
    def charged(self) -> int:
        """Attempts that count towards ``conf.MAX_ATTEMPTS``."""
        return self.attempt - self.handed_back


class _Particulars(msgspec.Struct):
    used: dict[Strategy, int]
    repair: str
    alone: bool
    authority: str | None


def claimed(row: tuple[Any, ...]) -> Claimed:
    """A call from the values of ``COLUMNS``."""
    (
        session, ref, turn, tool, args, scope, attempt, handed_back, owner, background, course, started_at, left_s,
        particulars,
    ) = row  # fmt: skip
    more = msgspec.json.decode(particulars, type=_Particulars)
    return Claimed(
        session, ref, turn, tool, msgspec.json.decode(args), msgspec.json.decode(scope), attempt, handed_back, owner,
        background, course, started_at, left_s, more.used, more.repair, more.alone, more.authority,
    )  # fmt: skip


def claim_sql(limit: int) -> str:
    """The statement for so many calls: one text for each power of two, so that few are prepared."""
    return _CLAIM.replace("MOST", str(1 << (limit - 1).bit_length()))


def claim(
    owner: str, queues: list[str], limit: int, *, in_turn: bool = False, without: Sequence[str] = ()
) -> list[Claimed]:
    """Take up to ``limit`` queued calls, in fair order, over this thread's connection (``claiming``)."""
    return wire().hold(claiming(owner, queues, limit, in_turn=in_turn, without=without))


def claiming(
    owner: str, queues: list[str], limit: int, *, in_turn: bool = False, without: Sequence[str] = ()
) -> Dialogue[list[Claimed]]:
    """Take up to ``limit`` queued calls, in fair order. A claim touches nothing but the calls.

    ``in_turn``: only calls whose place in the order has come. ``without``: no calls of these courses.
    """
    crash_points.reach("claim.before")
    rows: Rows = []
    crowded = in_turn or bool(without)
    if not crowded:
        rows, left = yield (
            Asked(_CLAIM_ALL, [owner, limit, queues, limit + 1, queues, limit]),
            Asked(_CROWDED, [limit, queues, limit + 1]),
        )
        crowded = not rows and left == [(True,)]
    if crowded:
        ahead_s = 0.0 if in_turn else _EVER_S
        [rows] = yield (Asked(claim_sql(limit), [queues, ahead_s, list(without), owner, limit]),)
    crash_points.reach("claim.committed")
    return [claimed(row) for row in rows]


def held(owner: str) -> set[Key]:
    """What the database says a process runs."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [owner])
        return set(cursor.fetchall())


def hand_back(owner: str, kept: Iterable[Key] = ()) -> list[str]:
    """Give back what a process runs, but for what it keeps, without charging an attempt. Returns the queues.

    A stopping process keeps nothing. One that goes on gives back what the database says it runs and it does not know
    of: the answer to a claim can get lost, and such calls would run nowhere for as long as their owner beats.
    """
    crash_points.reach("hand_back.before")
    known = [{"session": session, "ref": ref, "attempt": attempt} for session, ref, attempt in kept]
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED_BACK, [owner, msgspec.json.encode(known).decode()])
        queues = sorted({queue for (queue,) in cursor.fetchall()})
    crash_points.reach("hand_back.committed")
    return queues


# --- endings -----------------------------------------------------------------------------------------------------


def _discarded(call: Claimed) -> ToolResultDiscarded:
    return ToolResultDiscarded(call=call.ref, name=call.tool, attempt=call.attempt, why="the call had ended before")


def _delivery(
    call: Claimed,
    content: events.EventContent,
    ending: ToolEnding,
    facts: list[Interaction],
    error: str,
    usage: Spent | None,
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
        writes=[Write(SETTLE, {**row, "ending": name, "error": error}), *spent(call.session, usage)],
        opens_turn=False,
    )


def _run(call: Claimed) -> dict[str, Any]:
    return {
        "call": call.ref,
        "name": call.tool,
        "attempts": call.attempt,
        "owner": call.owner,
        "started_at": call.started_at.isoformat() if call.started_at else None,
    }


def _about(call: Claimed, usage: Spent | None) -> dict[str, Any]:
    return {**_run(call), "usage": usage}


def succeeded(
    call: Claimed,
    result: dict[str, Any],
    *,
    fallback: bool,
    facts: list[Interaction],
    streamed: Streamed = NOTHING,
    usage: Spent | None = None,
) -> Delivery:
    """The delivery of a result."""
    content = events.ToolSucceeded(
        ref=call.ref,
        tool=call.tool,
        result=result,
        fallback=fallback,
        output_attempt=streamed.attempt,
        texts=streamed.texts,
        usage=usage,
    )
    return _delivery(call, content, ToolFinished(**_about(call, usage), fallback=fallback), facts, "", usage)


def failed(
    call: Claimed,
    reason: events.ToolFailure,
    error: str,
    *,
    facts: list[Interaction] | None = None,
    streamed: Streamed | None = None,
    usage: Spent | None = None,
) -> Delivery:
    """The delivery of an ending without a result. ``streamed`` None: nobody knows what its runs have written."""
    error = error[:ERROR_CHARS]
    texts = streamed.texts if streamed is not None else MOST_TEXTS * call.attempt
    content = events.ToolFailed(ref=call.ref, tool=call.tool, reason=reason, error=error, texts=texts, usage=usage)
    about = _about(call, usage)
    ending: ToolEnding
    match reason:
        case "timeout":
            ending = ToolTimedOut(**about)
        case "cancelled":
            ending = ToolCancelled(**about)
        case _:
            # The error itself is for operators (``strategy.applied``, the call): learners see this fact.
            ending = ToolFailedFact(**about, reason=reason)
    return _delivery(call, content, ending, facts or [], error, usage)


def again(
    call: Claimed, decision: Decision, error: str, facts: list[Interaction], *, usage: Spent | None = None
) -> Delivery:
    """Another attempt later: facts for the log, the call back into the queue; the machine is not asked."""
    about = {
        "session_id": call.session,
        "ref": call.ref,
        "attempt": call.attempt,
        "after_s": decision.after_s,
        "error": error[:ERROR_CHARS],
        "used": {**call.used, decision.strategy: call.used.get(decision.strategy, 0) + 1},
        "repair": error[:ERROR_CHARS] if decision.strategy is Strategy.REPAIR else "",
        "alone": decision.alone,
    }
    if not call.background:
        facts = [*facts, TurnRecovering(reason=decision.reason, attempt=call.attempt + 1)]
    writes = [Write(REQUEUE, about), *spent(call.session, usage)]
    return Delivery(call.session, None, by="tool", facts=facts, writes=writes, opens_turn=False)


def parked(call: Claimed, error: str, facts: list[Interaction], *, usage: Spent | None = None) -> Delivery:
    """The call waits for somebody to decide; the machine is not asked, its session goes on waiting for the call."""
    about = {"session_id": call.session, "ref": call.ref, "attempt": call.attempt, "error": error[:ERROR_CHARS]}
    facts = [*facts, ToolInDoubt(**_run(call))]
    if not call.background:
        facts.append(OutputCommitted(text=IN_DOUBT_TEXT, len=len(IN_DOUBT_TEXT)))
    writes = [Write(PARK, about), *spent(call.session, usage)]
    return Delivery(call.session, None, by="tool", facts=facts, writes=writes, opens_turn=False)


def superseded(call: Claimed, why: str = "another attempt had taken over") -> Delivery:
    """A result that came when it was not wanted any more: logged, not applied."""
    discarded = ToolResultDiscarded(call=call.ref, name=call.tool, attempt=call.attempt, why=why)
    return Delivery(call.session, None, by="tool", facts=[discarded], opens_turn=False)
