"""Where written text is checked before anybody is shown it: ``settings.TUTOR_OUTPUT_GATES`` names a gate per machine.

A gate is made when a call begins to write, from the session as it stands then (while a conversation call runs nothing
else changes it). What a gate releases is what is shown, buffered and finally committed; what it withholds it replaces
by words of its own, so that these three are always the same text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class Gate(Protocol):
    """Between a tool and the learner."""

    #: True: nothing more will be released, so the tool can stop writing.
    closed: bool

    def release(self, text: str) -> str:
        """Take more text; return what may be shown now, which may belong to text taken before."""

    def end(self) -> str:
        """No more text comes: return what may be shown of the rest."""


#: ``(machine_args, state, data) -> Gate``, or None where everything may be shown at once.
GateFactory = Callable[[dict[str, Any], str, dict[str, Any]], Gate | None]


class OpenGate:
    """Shows everything at once."""

    closed = False

    def release(self, text: str) -> str:
        return text

    def end(self) -> str:
        return ""


def gate(machine: str, machine_args: dict[str, Any], state: str, data: dict[str, Any]) -> Gate:
    """The gate for what is written now in a session of this machine. May read the database."""
    path: str | None = settings.TUTOR_OUTPUT_GATES.get(machine)
    if path is None:
        return OpenGate()
    factory: GateFactory = import_string(path)
    return factory(machine_args, state, data) or OpenGate()
