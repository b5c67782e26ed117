"""The echo machine: two states on the full kernel. For benchmarks and for tests of the kernel itself.

A message calls the tool ``echo``; its result is said back. While a call runs, messages are answered as the tutoring
machine does (DESIGN rule 9), so that busy policies can be measured without any tutoring. "wait 3" makes a call that
takes three seconds; "stream 100 20" one that streams the numbers up to a hundred, one every 20 ms (50 if not said);
"together one | wait 2 | three" echoes the parts in a group of calls, two of them at once.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tutor import events, statem
from tutor.effects import GROUP_CALLS, CallTool, CancelCall, Disposition, Parallel, Refuse, parallel, say

IDLE = "idle"
AWAITING_TOOL_RESULT = "awaiting_tool_result"


class EchoData(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls there were, and which one is running."""

    calls: int = 0
    pending: str | None = None


class EchoMachine:
    """``idle`` --message--> ``awaiting_tool_result`` --result--> ``idle``."""

    states = frozenset({IDLE, AWAITING_TOOL_RESULT})
    state_enter = False
    initial_state = IDLE

    def initial(self, _seed: int, _context: dict[str, Any]) -> tuple[str, EchoData]:
        """The first state and its data."""
        return IDLE, EchoData()

    def handle(self, event: statem.Event, state: str, data: EchoData) -> statem.Result:
        """Decide."""
        match event.content:
            case events.UserMessage(text=text) if state == IDLE and (together := _TOGETHER.fullmatch(text)):
                ref = f"g{data.calls + 1}"
                running = EchoData(calls=data.calls + 1, pending=ref)
                return statem.NextState(AWAITING_TOOL_RESULT, running, (_group(ref, together[1]),))
            case events.UserMessage(text=text) if state == IDLE:
                ref = f"c{data.calls + 1}"
                running = EchoData(calls=data.calls + 1, pending=ref)
                return statem.NextState(AWAITING_TOOL_RESULT, running, (_call(ref, text),))
            case events.UserMessage(on_busy="queue"):
                return statem.KeepState(actions=(Disposition("queued"), statem.Postpone()))
            case events.UserMessage(on_busy="interrupt") as message:
                again = statem.NextEvent(statem.EventType.CAST, message)
                return statem.NextState(IDLE, _settled(data), (CancelCall(str(data.pending)), again))
            case events.UserMessage():
                return statem.KeepState(actions=(Disposition("busy"), say("Please wait.")))
            case events.CancelRequested() if state == AWAITING_TOOL_RESULT:
                return statem.NextState(IDLE, _settled(data), (CancelCall(str(data.pending)), say("Stopped.")))
            case events.ToolSucceeded(ref=ref, result=result, output_attempt=attempt) if ref == data.pending:
                return statem.NextState(IDLE, _settled(data), (say(str(result.get("text", "")), attempt=attempt),))
            case events.ToolFailed(ref=ref, reason=reason) if ref == data.pending:
                return statem.NextState(IDLE, _settled(data), (say(f"The echo failed ({reason})."),))
            case events.ToolsEnded(group=ref, results=results) if ref == data.pending:
                return statem.NextState(IDLE, _settled(data), (say(" | ".join(map(_of_member, results))),))
            case (
                events.ToolsEnded() | events.Start() | events.Branched() | events.ToolSucceeded() | events.ToolFailed()
            ):
                return statem.KeepState()
            case _:
                refusal = Refuse("The echo machine only takes messages.", self.allowed(state, data))
                return statem.KeepState(actions=(refusal,))

    def dump(self, data: EchoData) -> dict[str, Any]:
        """The data as plain JSON values; ``load`` is the exact inverse."""
        plain: dict[str, Any] = msgspec.to_builtins(data)
        return plain

    def load(self, plain: dict[str, Any]) -> EchoData:
        """The data again."""
        return msgspec.convert(plain, EchoData)

    def allowed(self, state: str, _data: EchoData) -> tuple[str, ...]:
        """Commands that have a row now."""
        return ("message.send", "turn.cancel") if state == AWAITING_TOOL_RESULT else ("message.send",)

    def current_question(self, _state: str, _data: EchoData) -> None:
        """It asks nothing."""
        return

    def pedagogical_context(self, _data: EchoData) -> dict[str, Any]:
        """It teaches nothing."""
        return {}

    def syllabus_context(self, _data: EchoData) -> dict[str, Any]:
        """It has no syllabus."""
        return {}


#: Seconds; at most as long as the tool may take.
_WAIT = re.compile(r"wait (\d{1,2})")
_TOGETHER = re.compile(r"together (.+)", re.DOTALL)
#: Parts that are echoed at once.
_AT_ONCE = 2
#: How many words, and how long between two of them, in milliseconds.
_STREAM = re.compile(r"stream (\d{1,4})(?: (\d{1,4}))?")
_EVERY_MS = 50


def _call(ref: str, text: str) -> CallTool:
    stream = _STREAM.fullmatch(text)
    if stream and int(stream[1]):
        return CallTool(ref, "recite", {"count": int(stream[1]), "every_ms": int(stream[2] or _EVERY_MS)})
    return CallTool(ref, "echo", _arguments(text))


def _arguments(text: str) -> dict[str, Any]:
    wait = _WAIT.fullmatch(text)
    return {"text": text, "delay_s": int(wait[1])} if wait else {"text": text}


def _group(ref: str, parts: str) -> Parallel:
    arguments = [_arguments(part.strip()) for part in parts.split("|")[:GROUP_CALLS]]
    return parallel(ref, [("echo", one) for one in arguments], max_concurrency=_AT_ONCE)


def _of_member(ended: events.ToolSucceeded | events.ToolFailed) -> str:
    return str(ended.result.get("text", "")) if isinstance(ended, events.ToolSucceeded) else f"({ended.reason})"


def _settled(data: EchoData) -> EchoData:
    return EchoData(calls=data.calls)


def load(_args: dict[str, Any]) -> EchoMachine:
    """The machine; it needs no arguments."""
    return EchoMachine()
