"""Calls in doubt: a tool that must not run twice, and whose worker was lost, waits for somebody to decide.

``retry`` runs it again, with the time that it had left when contact was lost; ``skip`` ends it without a result, and
the machine is told (``in_doubt``). Whoever wants neither cancels. So the call has exactly one ending whatever is
decided, and by however many people: each decision is made under the session's lock, on the call as it is then.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import replace
from typing import Any, Literal

from sessions_app import commands, frames
from sessions_app.delivery import CommandId, Delivered, Delivery, LookUp, Row, Statement, Write
from sessions_app.exceptions import CommandError
from sessions_app.frames import Role
from sessions_app.group_commit import group_commit
from sessions_app.protocol import body
from sessions_app.view import View
from tools_app import calls, conf
from tools_app.calls import Claimed
from tools_app.exceptions import UnknownTool
from tools_app.registry import find
from tutor.interactions import Interaction, ToolResolved, TurnRecovering

Decision = Literal["retry", "skip"]
_RANK: dict[str, int] = {"learner": 0, "teacher": 1, "operator": 2}
#: A second look at what a person has decided takes at least so long to come to a worker, in seconds.
_SLACK_S = 10.0

_CALL = f"""
SELECT wanted.session_id, wanted.ref, c.status, {calls.COLUMNS}
  FROM unnest(%s::uuid[], %s::text[]) AS wanted(session_id, ref)
  JOIN tools_app_toolcall c ON c.session_id = wanted.session_id AND c.ref = wanted.ref
"""

#: The clock stood still while the call was in doubt.
UNPARK = Statement(
    "unpark_call",
    """
UPDATE tools_app_toolcall c
   SET status = 'queued', owner = NULL, parked_at = NULL, run_after = clock_timestamp(), deadline_at = new.deadline_at,
       scope = jsonb_set(c.scope, '{expires_ms}',
                         to_jsonb((extract(epoch FROM new.deadline_at) * 1000)::bigint + r.grace_ms))
  FROM json_to_recordset(%s) AS r(session_id uuid, ref text, attempt smallint, least_s float, grace_ms bigint)
  JOIN tools_app_toolcall old ON old.session_id = r.session_id AND old.ref = r.ref
 CROSS JOIN LATERAL (SELECT clock_timestamp()
                  + greatest(old.deadline_at - old.parked_at, make_interval(secs => r.least_s)) AS deadline_at) AS new
 WHERE c.id = old.id AND c.attempt = r.attempt AND c.status = 'parked'
RETURNING 1""",
)


async def _resolve(frame: frames.ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    wanted = body(frame.d, frames.Decision)
    command = CommandId(frame.id, frame.t, frame.digest)
    delivered = await group_commit.deliver(
        _delivery(view.session, wanted.call, wanted.decision, view.actor, view.role, command, frame.expect)
    )
    return commands.reply(delivered), delivered


def register() -> None:
    """Carry out ``tool.resolve`` for the protocol."""
    commands.add("tool.resolve", _resolve)


def resolve(session: uuid.UUID, ref: str, decision: Decision, *, actor: str, role: Role = "operator") -> Delivered:
    """Decide about a call in doubt. Raises ``CommandError``: ``not_found``, ``forbidden``, ``invalid_transition``."""
    command = CommandId(f"resolve-{secrets.token_hex(8)}", "tool.resolve", f"{ref} {decision}".encode())
    return group_commit.submit(_delivery(session, ref, decision, actor, role, command)).result()


def _delivery(
    session: uuid.UUID,
    ref: str,
    decision: Decision,
    actor: str,
    role: Role,
    command: CommandId,
    expect: int | None = None,
) -> Delivery:
    bare = Delivery(session, None, by=role, command=command, expect=expect, opens_turn=False)
    return replace(
        bare, look_up=LookUp(_CALL, ref), under_lock=lambda found: _decided(bare, ref, decision, actor, found)
    )


def _decided(bare: Delivery, ref: str, decision: Decision, actor: str, row: Row | None) -> Delivery:
    if row is None:
        raise CommandError("not_found", f"There is no call {ref!r} in this session.")
    status, *columns = row
    call = replace(calls.claimed(tuple(columns)), status=status)
    if call.status != "parked":
        raise CommandError(
            "invalid_transition",
            f"The call {ref} is not in doubt: it is {call.status}. There is nothing to decide.",
            detail={"state": call.status, "allowed": []},
        )
    timeout_s = _allowed(call, bare.by)
    facts: list[Interaction] = [ToolResolved(call=ref, name=call.tool, decision=decision, actor=actor)]
    if decision == "skip":
        skipped = calls.failed(call, "in_doubt", f"{actor} gave it up", facts=facts)
        return replace(skipped, by=bare.by, command=bare.command)
    if not call.background:
        facts.append(TurnRecovering(reason="in_doubt", attempt=call.attempt + 1))
    about = {
        "session_id": call.session,
        "ref": ref,
        "attempt": call.attempt,
        "least_s": timeout_s + _SLACK_S,
        "grace_ms": conf.SCOPE_GRACE_S * 1_000,
    }
    return replace(bare, facts=facts, writes=[Write(UNPARK, about)], under_lock=None)


def _allowed(call: Claimed, role: str) -> float:
    """The tool's time-out in seconds, where this role may decide about its calls. Raises ``forbidden``."""
    try:
        tool = find(call.tool)[0]
    except UnknownTool:
        return 0.0  # the next attempt says what is wrong
    if _RANK[role] < _RANK[tool.resolved_by]:
        raise CommandError("forbidden", f"About {tool.name} a {tool.resolved_by} decides; it waits for one.")
    return tool.timeout_s
