"""A result at the moment in which it is applied: under the session's lock, is it still wanted, and still allowed?

What is decided here is decided on what the database says then. The compare-and-set of the write stays behind it: a
claim takes no lock of the session, so a call can change hands even between this look and the write.
"""

from __future__ import annotations

from dataclasses import replace

from sessions_app.delivery import Delivery, LookUp, Row
from tools_app import calls, scope
from tools_app.calls import Claimed
from tools_app.exceptions import Refused
from tools_app.scope import AUTHORITY
from tutor.events import ToolSucceeded
from tutor.interactions import StrategyApplied
from tutor.strategies import Strategy

_CALLS = f"""
SELECT c.session_id, c.ref, c.status, c.attempt, c.ending, {AUTHORITY}
  FROM unnest(%s::uuid[], %s::text[]) AS wanted(session_id, ref)
  JOIN tools_app_toolcall c ON c.session_id = wanted.session_id AND c.ref = wanted.ref
"""


def confirmed(call: Claimed, delivery: Delivery) -> Delivery:
    """The delivery of what a worker found, to be confirmed under the lock."""
    return replace(delivery, look_up=LookUp(_CALLS, call.ref), under_lock=lambda found: _confirm(call, delivery, found))


def _confirm(call: Claimed, delivery: Delivery, row: Row | None) -> Delivery:
    if (why := _unwanted(call, row)) is not None:
        return calls.superseded(call, why)
    if isinstance(delivery.content, ToolSucceeded) and row is not None:
        try:
            scope.check(call.session, call.scope, row[-1])
        except Refused as refused:
            why = str(refused)
            facts = [StrategyApplied(reason="refused", strategy=Strategy.STOP, detail=why)]
            return calls.failed(call, "refused", why, facts=[*facts])
    return delivery


def _unwanted(call: Claimed, row: Row | None) -> str | None:
    """Why this attempt's result must not be applied; None: it may."""
    if row is None:
        return "there is no such call"
    status, attempt, ending, _authority = row
    if status == "ended":
        return f"the call had ended before: {ending}"
    if attempt != call.attempt:
        return f"attempt {attempt} had taken over"
    if status == "parked":
        return "the call is in doubt and waits for somebody to decide"
    if status != call.status:
        return "its worker had been given up, and another attempt waits"
    return None
