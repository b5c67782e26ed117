"""Performs ``CallTool`` and ``CancelCall`` for the kernel: rows of the same commit, and a hint after it."""

from __future__ import annotations

from sessions_app.commit import timestamp
from sessions_app.delivery import Statement, Wake, Write
from sessions_app.effects import Performing, perform
from tools_app import conf, outbox
from tools_app.exceptions import UnknownTool
from tools_app.registry import find
from tutor.effects import CallTool, CancelCall
from tutor.interactions import ToolCancelled, ToolRequested

INSERT_CALL = Statement(
    "insert_call",
    """
INSERT INTO tools_app_toolcall (session_id, ref, turn, tool, args, scope, queue, course, order_at, background, status,
       attempt, deadline_at, error, output_from)
SELECT session_id, ref, turn, tool, args, scope, queue, course, clock_timestamp() + make_interval(secs => later_s),
       background, 'queued', 0, deadline_at, '', output_from
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, turn text, tool text, args jsonb, scope jsonb, queue text,
       course text, later_s float, background bool, deadline_at timestamptz, output_from smallint)
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


@perform.register
def _(effect: CallTool, performing: Performing) -> None:
    row = performing.row
    waiting_for = len(row.calls)
    performing.track(effect.ref, effect.tool, background=effect.background)
    performing.facts.append(ToolRequested(call=effect.ref, name=effect.tool))
    try:
        queue = find(effect.tool)[0].queue
    except UnknownTool:
        queue = outbox.DEFAULT_QUEUE  # a worker says so: a typed failure, not a crash of the session
    scope = {
        "session": str(row.id),
        "learner": row.learner_id,
        "course": row.course,
        "machine_args": row.machine_args,
        "roles": ["learner"],
        "request": performing.cause,
    }
    performing.writes.append(
        Write(
            INSERT_CALL,
            {
                "session_id": row.id,
                "ref": effect.ref,
                "turn": None,
                "tool": effect.tool,
                "args": effect.args,
                "scope": scope,
                "queue": queue,
                "course": row.course,
                "later_s": waiting_for * conf.SPACING_S,
                "background": effect.background,
                "deadline_at": timestamp(row.now_ms + effect.deadline_ms),
                "output_from": performing.attempt - 1,
            },
        )
    )
    performing.wakes.append(Wake(outbox.announce, queue))


@perform.register
def _(effect: CancelCall, performing: Performing) -> None:
    call = performing.forget(effect.ref)
    if call is None or performing.row.ending_waits(effect.ref):
        return  # it has ended already
    performing.endings.append(
        (ToolCancelled(call=effect.ref, name=call.tool, attempts=0), call.turn),
    )
    performing.writes.append(Write(CANCEL_CALL, {"session_id": performing.row.id, "ref": effect.ref}))
