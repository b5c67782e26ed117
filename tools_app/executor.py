"""Runs one claimed call: scope -> tool -> arguments -> run under a deadline -> outcome -> what to deliver.

No transaction is open and no database connection held while a tool runs. The outcome set is closed: a result, another
attempt, the offline tool, or a failure with its reason.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import Error

from sessions_app.delivery import Delivery
from sessions_app.pool import in_database
from tools_app import budget, calls, compaction, notices, scope, settling, solitude
from tools_app.calls import Claimed, Streamed
from tools_app.conf import ERROR_CHARS
from tools_app.exceptions import BadArguments, BadOutput, Refused, UnknownTool
from tools_app.output import Output
from tools_app.pools import Pools
from tools_app.registry import Tool, find
from tools_app.retry import AGAIN, Attempt, Decision, decide
from tools_app.usage import measure
from tutor import strategies
from tutor.interactions import Interaction, StrategyApplied
from tutor.strategies import Strategy

logger = logging.getLogger(__name__)

#: Kept of the call's time for the settle and the fallback, in seconds.
_RESERVE_S = 2.0


async def _run(tool: Tool, call: Claimed, left_s: float, pools: Pools, output: Output) -> dict[str, Any]:
    """One attempt. Raises ``ToolError`` or whatever the tool raises."""
    who = scope.of_claimed(
        call.session, call.scope, call.authority, call=call.ref, attempt=call.attempt, turn=call.turn
    )
    scope.demand(who, tool.name, tool.roles)
    arguments = tool.bind(call.args, call.repair)
    if tool.output is not None:
        arguments[tool.output] = output
    async with asyncio.timeout(max(0.1, min(tool.timeout_s, left_s))):
        result = await pools.run(tool, who, arguments, plain=call.args, repair=call.repair)
    plain = tool.checked(result)
    if output.begun and plain.get("text") != output.text:
        raise BadOutput(f"{tool.name} must return what it has written as its text: await output.finish()")
    return plain


async def execute(call: Claimed, pools: Pools) -> Delivery:
    """Run a call and say what to deliver. Never raises for what a tool does."""
    ends = asyncio.get_running_loop().time() + call.left_s
    output = Output(call)
    try:
        async with solitude.here().room(alone=call.alone):
            return settling.confirmed(call, await _execute(call, ends, pools, output))
    finally:
        output.stop()


async def _execute(call: Claimed, ends: float, pools: Pools, output: Output) -> Delivery:
    clock = asyncio.get_running_loop().time
    facts: list[Interaction] = []
    try:
        tool, offline = find(call.tool)
    except UnknownTool as error:
        return calls.failed(call, "error", str(error))
    fallback = False
    usage = measure(partial(in_database, budget.reserve, call.session, call.ref, call.attempt))
    while True:
        left_s = ends - clock() - (0 if offline is None else _RESERVE_S)
        try:
            result = await _run(tool, call, left_s, pools, output)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            # A tool that asks its process to exit has only failed: it would take a thousand other calls with it.
            _log(call, tool, error)
            decision = await _decide(error, call, tool, has_offline=offline is not None, left_s=ends - clock())
            detail = (str(error) or type(error).__name__)[:ERROR_CHARS]
            facts.append(StrategyApplied(reason=decision.reason, strategy=decision.strategy, detail=detail))
            if strategies.row(decision.reason).tell_operator:
                await _tell_operator(tool, decision.reason, detail)
            if decision.strategy in AGAIN:
                return calls.again(call, decision, detail, facts, usage=usage.spent())
            if decision.strategy is Strategy.PARK:
                return calls.parked(call, detail, facts, usage=usage.spent())
            if decision.strategy is Strategy.OFFLINE and offline is not None:
                tool, offline, fallback = offline, None, True
                await output.anew()
                continue
            return calls.failed(
                call, decision.failure, detail, facts=facts, streamed=Streamed(None, output.texts), usage=usage.spent()
            )
        streamed = Streamed(output.attempt if output.begun else None, output.texts)
        return calls.succeeded(call, result, fallback=fallback, facts=facts, streamed=streamed, usage=usage.spent())


async def _decide(error: BaseException, call: Claimed, tool: Tool, *, has_offline: bool, left_s: float) -> Decision:
    """What the table says; where that is to compact, it is done here, and counts only if it worked."""
    attempt = Attempt(
        call.charged,
        left_s,
        repeatable=tool.repeatable,
        policy=tool.retry,
        used=call.used,
        has_offline=has_offline,
        can_compact=compaction.available(),
    )
    decision = decide(error, attempt)
    if decision.strategy is Strategy.COMPACT and not await compaction.compact(call.session, left_s):
        decision = decide(error, replace(attempt, can_compact=False))
    return decision


async def _tell_operator(tool: Tool, reason: str, detail: str) -> None:
    try:
        await in_database(notices.tell, tool.name, reason, detail)
    except Error:
        # The learner's answer does not depend on it; the next call that fails so tells.
        logger.warning("action=operator.not_told tool=%s", tool.name, exc_info=True)


def _log(call: Claimed, tool: Tool, error: BaseException) -> None:
    expected = isinstance(error, TimeoutError | BadArguments | Refused)
    level = logging.WARNING if expected else logging.ERROR
    logger.log(
        level,
        "action=tool.attempt_failed session=%s call=%s tool=%s attempt=%d error=%s",
        call.session, call.ref, tool.name, call.attempt, error,
        exc_info=None if expected else error,
    )  # fmt: skip
