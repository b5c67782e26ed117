"""The echo machine, but ``once 5`` and ``file /path`` call these tools."""

from __future__ import annotations

from typing import Any

from tutor import echo, events, statem
from tutor.effects import CallTool


class DelicateMachine(echo.EchoMachine):
    """As the echo machine in everything else."""

    def handle(self, event: statem.Event, state: str, data: echo.EchoData) -> statem.Result:
        content = event.content
        if isinstance(content, events.UserMessage) and state == echo.IDLE:
            ref = f"c{data.calls + 1}"
            running = echo.EchoData(calls=data.calls + 1, pending=ref)
            word, _, argument = content.text.partition(" ")
            call = {
                "once": lambda: CallTool(ref, "once", {"seconds": float(argument)}),
                "file": lambda: CallTool(ref, "waits_for_file", {"path": argument}),
            }.get(word)
            if call is not None:
                return statem.NextState(echo.AWAITING_TOOL_RESULT, running, (call(),))
        return super().handle(event, state, data)


def load(_args: dict[str, Any]) -> DelicateMachine:
    """The machine; it needs no arguments."""
    return DelicateMachine()
