"""Performs the effects about tool calls for the kernel: rows of the same commit, and a hint after it."""

from __future__ import annotations

from typing import Any

from sessions_app import recording
from sessions_app.commit import timestamp
from sessions_app.delivery import Statement, Write
from sessions_app.effects import Performing, perform
from sessions_app.groups import Drop, Group, Release
from tools_app import conf, outbox
from tools_app.exceptions import UnknownTool
from tools_app.registry import find
from tutor.effects import CallTool, CancelCall, Parallel
from tutor.interactions import ToolCancelled, ToolRequested

INSERT_CALL = Statement(
    "insert_call",
    """
INSERT INTO tools_app_toolcall (session_id, ref, turn, tool, args, scope, actor, "group", queue, course, order_at,
       background, status, attempt, deadline_at, error, output_from)
SELECT session_id, ref, turn, tool, args, scope, actor, "group", queue, course,
       clock_timestamp() + make_interval(secs => later_s), background, status, 0, deadline_at, '', output_from
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, turn text, tool text, args jsonb, scope jsonb,
       actor bigint, "group" text, queue text, course text, later_s float, background bool, status text,
       deadline_at timestamptz, output_from smallint)
RETURNING 1""",
)

#: A worker that has the call already finds out at its settle, which then misses.
CANCEL_CALL = Statement(
    "cancel_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'ended', ending = 'cancelled', ended_at = clock_timestamp()
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.status <> 'ended'
RETURNING 1""",
)

RELEASE_CALL = Statement(
    "release_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'queued', run_after = clock_timestamp()
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text)
 WHERE c.session_id = r.session_id AND c.ref = r.ref AND c.status = 'waiting'
RETURNING 1""",
)


def _queue(tool: str) -> str:
    try:
        return find(tool)[0].queue
    except UnknownTool:
        return outbox.DEFAULT_QUEUE  # a worker says so: a typed failure, not a crash of the session


def _scope(performing: Performing, deadline_ms: int) -> dict[str, Any]:
    row = performing.row
    return {
        "session": str(row.id),
        "learner": row.learner_id,
        "course": row.course,
        "machine_args": row.machine_args,
        # Somebody else acts for the learner, with rights of their own.
        "roles": sorted({"learner", performing.role}),
        "expires_ms": deadline_ms + conf.SCOPE_GRACE_S * 1_000,
        "request": performing.cause,
    }


def _insert(performing: Performing, call: CallTool, *, group: str | None = None, waits: bool = False) -> None:
    row = performing.row
    waiting_for = len(row.calls)
    performing.track(call.ref, call.tool, background=call.background, group=group)
    performing.facts.append(ToolRequested(call=call.ref, name=call.tool, group=group))
    queue, deadline_ms = _queue(call.tool), row.now_ms + call.deadline_ms
    performing.writes.append(
        Write(
            INSERT_CALL,
            {
                "session_id": row.id,
                "ref": call.ref,
                "turn": None,
                "tool": call.tool,
                "args": call.args,
                "scope": _scope(performing, deadline_ms),
                "actor": performing.user,
                "group": group,
                "queue": queue,
                "course": row.course,
                "later_s": waiting_for * conf.SPACING_S,
                "background": call.background,
                "status": "waiting" if waits else "queued",
                "deadline_at": timestamp(deadline_ms),
                "output_from": performing.attempt - 1,
            },
        )
    )
    if not waits:
        performing.wakes.append(outbox.wake(queue))


@perform.register
def _(effect: CallTool, performing: Performing) -> None:
    _insert(performing, effect)


@perform.register
def _(effect: Parallel, performing: Performing) -> None:
    row, members = performing.row, effect.members
    released = min(effect.max_concurrency, len(members))
    group = Group(members=members, strategy=effect.strategy, at_once=effect.max_concurrency, released=released)
    row.groups = {**row.groups, effect.ref: group}
    for number, (ref, (tool, args)) in enumerate(zip(members, effect.calls, strict=True)):
        call = CallTool(ref, tool, args, effect.deadline_ms, effect.background)
        _insert(performing, call, group=effect.ref, waits=number >= released)


@perform.register
def _(effect: Release, performing: Performing) -> None:
    performing.writes.append(Write(RELEASE_CALL, {"session_id": performing.row.id, "ref": effect.ref}))
    performing.wakes.append(outbox.wake(_queue(performing.row.calls[effect.ref].tool)))


@perform.register
def _(effect: Drop, performing: Performing) -> None:
    call = performing.forget(effect.ref)
    if call is None or performing.row.ending_waits(effect.ref):
        return  # it has ended already
    performing.endings.append(
        (ToolCancelled(call=effect.ref, name=call.tool, attempts=0), call.turn),
    )
    performing.writes.append(Write(CANCEL_CALL, {"session_id": performing.row.id, "ref": effect.ref}))
    if call.recorded:
        given_up = recording.given_up(effect.ref, call)
        performing.facts += given_up.facts
        performing.writes += given_up.writes


@perform.register
def _(effect: CancelCall, performing: Performing) -> None:
    row = performing.row
    call = row.calls.get(effect.ref)
    name = effect.ref if effect.ref in row.groups else call.group if call is not None else None
    group = row.groups.get(name or "")
    row.groups = {known: one for known, one in row.groups.items() if known != name}
    for ref in group.members if group is not None else (effect.ref,):
        perform(Drop(ref), performing)
