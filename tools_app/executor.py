"""Runs one claimed call: scope -> tool -> arguments -> run under a deadline -> outcome -> what to deliver.

No transaction is open and no database connection held while a tool runs. The outcome set is closed: a result, another
attempt, the offline tool, or a failure with its reason.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import msgspec

from sessions_app.delivery import Delivery
from tools_app import calls, scope
from tools_app.calls import Claimed, Streamed
from tools_app.conf import ERROR_CHARS
from tools_app.exceptions import BadArguments, BadOutput, UnknownTool
from tools_app.output import Output
from tools_app.pools import Pools
from tools_app.registry import Tool, find
from tools_app.retry import AGAIN, decide
from tools_app.usage import measure
from tutor.interactions import Interaction, StrategyApplied, TurnRecovering
from tutor.strategies import Strategy

logger = logging.getLogger(__name__)

#: Kept of the call's time for the settle and the fallback, in seconds.
_RESERVE_S = 2.0


async def _run(tool: Tool, call: Claimed, left_s: float, pools: Pools, output: Output) -> dict[str, Any]:
    """One attempt. Raises ``ToolError`` or whatever the tool raises."""
    who = scope.of_claimed(call.session, call.scope, call=call.ref, attempt=call.attempt, turn=call.turn)
    arguments = tool.bind(call.args)
    if tool.output is not None:
        arguments[tool.output] = output
    async with asyncio.timeout(max(0.1, min(tool.timeout_s, left_s))):
        result = await pools.run(tool, who, arguments, plain=call.args)
    try:
        plain = msgspec.to_builtins(result)
    except TypeError as error:
        raise BadOutput(f"{tool.name} returned something that is not JSON: {error}") from None
    if not isinstance(plain, dict):
        raise BadOutput(f"{tool.name} must return an object, it returned {type(plain).__name__}")
    if output.begun and plain.get("text") != output.text:
        raise BadOutput(f"{tool.name} must return what it has written as its text: await output.finish()")
    return plain


async def execute(call: Claimed, pools: Pools) -> Delivery:
    """Run a call and say what to deliver. Never raises for what a tool does."""
    output = Output(call)
    try:
        return await _execute(call, pools, output)
    finally:
        output.stop()


async def _execute(call: Claimed, pools: Pools, output: Output) -> Delivery:
    clock = asyncio.get_running_loop().time
    ends = clock() + call.left_s
    facts: list[Interaction] = []
    try:
        tool, offline = find(call.tool)
    except UnknownTool as error:
        return calls.failed(call, "error", str(error))
    fallback = False
    usage = measure()
    while True:
        left_s = ends - clock() - (0 if offline is None else _RESERVE_S)
        try:
            result = await _run(tool, call, left_s, pools, output)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            # A tool that asks its process to exit has only failed: it would take a thousand other calls with it.
            _log(call, tool, error)
            decision = decide(error, call.charged, has_offline=offline is not None, left_s=ends - clock())
            detail = str(error)[:ERROR_CHARS]
            if decision.strategy is not Strategy.STOP:
                facts.append(StrategyApplied(reason=decision.reason, strategy=decision.strategy, detail=detail))
            if decision.strategy in AGAIN:
                recovering = [TurnRecovering(reason=decision.reason, attempt=call.attempt + 1)]
                recovered = [*facts, *([] if call.background else recovering)]
                return calls.again(call, decision.after_s, detail, recovered, usage=usage.spent())
            if decision.strategy is Strategy.OFFLINE and offline is not None:
                tool, offline, fallback = offline, None, True
                await output.anew()
                continue
            return calls.failed(
                call, decision.failure, detail, facts=facts, streamed=Streamed(None, output.texts), usage=usage.spent()
            )
        streamed = Streamed(output.attempt if output.begun else None, output.texts)
        return calls.succeeded(call, result, fallback=fallback, facts=facts, streamed=streamed, usage=usage.spent())


def _log(call: Claimed, tool: Tool, error: BaseException) -> None:
    level = logging.WARNING if isinstance(error, TimeoutError | BadArguments) else logging.ERROR
    logger.log(
        level,
        "action=tool.attempt_failed session=%s call=%s tool=%s attempt=%d error=%s",
        call.session, call.ref, tool.name, call.attempt, error,
        exc_info=None if isinstance(error, TimeoutError) else error,
    )  # fmt: skip
