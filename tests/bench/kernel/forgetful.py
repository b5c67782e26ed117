"""The scripted machine without its memory of what it saw: its data does not grow with its history."""

from __future__ import annotations

from typing import Any

from tests.scripted_machine import ScriptedMachine
from tutor import statem


class ForgetfulMachine(ScriptedMachine):
    """Does what a message says, and forgets it."""

    def handle(self, event: statem.Event, state: str, data: dict[str, Any]) -> statem.Result:
        result = super().handle(event, state, data)
        remembered = getattr(result, "data", None)
        if isinstance(remembered, dict):
            remembered["seen"] = []
        return result


def load(_args: dict[str, Any]) -> ForgetfulMachine:
    """The machine; it needs no arguments."""
    return ForgetfulMachine()
