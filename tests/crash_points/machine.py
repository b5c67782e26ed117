"""The scripted machine with tools that fail in their own ways, and those tools."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.scripted_machine import ScriptedMachine
from tools_app.exceptions import Unreachable
from tools_app.registry import tool
from tools_app.scope import Scope
from tutor import events, statem
from tutor.effects import CallTool

#: Where a tool notes that it has been run: what it did outside, which no crash undoes.
NOTES = "TUTOR_CRASH_POINT_NOTES"


class ToolMachine(ScriptedMachine):
    """Also understands ``tool:<name>``, alone in a message."""

    def handle(self, event: statem.Event, state: str, data: dict[str, Any]) -> statem.Result:
        match event.content:
            case events.UserMessage(text=text) if text.startswith("tool:"):
                ref = f"c{data['calls'] + 1}"
                call = CallTool(ref, text.removeprefix("tool:"), {"text": text})
                return statem.NextState("waiting", {**data, "calls": data["calls"] + 1}, (call,))
        return super().handle(event, state, data)


def load(_args: dict[str, Any]) -> ToolMachine:
    """The machine; it needs no arguments."""
    return ToolMachine()


@tool(timeout_s=5)
def fails_once(scope: Scope, text: str) -> dict[str, str]:
    """Cannot be reached the first time."""
    note = Path(os.environ[NOTES]) / str(scope.session)
    if not note.exists():
        note.touch()
        raise Unreachable("nobody answers")
    return {"text": text}


@tool(timeout_s=5)
def always_fails(scope: Scope, text: str) -> dict[str, str]:
    """Has a bug."""
    raise ZeroDivisionError(f"{text} of {scope.course}")


@tool(timeout_s=5, repeatable=False)
def once(scope: Scope, text: str) -> dict[str, str]:
    """Must not run twice."""
    del scope
    return {"text": text}


@tool(timeout_s=5)
def has_offline(scope: Scope, text: str) -> dict[str, str]:
    """Has a bug, and somebody who answers in its place."""
    raise ZeroDivisionError(f"{text} of {scope.course}")


@tool(timeout_s=5, name="has_offline", offline=True)
def answers_offline(scope: Scope, text: str) -> dict[str, str]:
    """Answers in its place."""
    del scope
    return {"text": f"offline: {text}"}
