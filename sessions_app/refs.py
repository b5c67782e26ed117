"""Names of tool calls and groups, as a machine counts them and as everybody else knows them.

A machine numbers its calls in its data (``c1``, ``c2``, …). When its session goes back to an earlier state (a rewind,
or a restore after a crash) it counts on from there and would name another call like one that there was. So each time a
session goes back begins a new *era*; from the second one on, everybody but the machine knows ``c3`` as ``c3@1``, and
the members of the group ``g4`` as ``g4@1.1``, ``g4@1.2``, …
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import msgspec

from sessions_app.row import SessionRow
from tutor import events
from tutor.effects import CallTool, CancelCall, Parallel
from tutor.statem import Effect, Event


def known_as(row: SessionRow, ref: str) -> str:
    """A machine's name for a call of now, as everybody else knows it."""
    return f"{ref}@{row.era}" if row.era else ref


def of_machine(ref: str, era: int) -> str:
    """The machine's own name for a call, a group or a member of an era."""
    return re.sub(rf"@{era}(?=\.|$)", "", ref) if era else ref


def outgoing(row: SessionRow, effect: Effect) -> Effect:
    """An effect of the machine, with the names that everybody knows."""
    if row.era and isinstance(effect, CallTool | CancelCall | Parallel):
        return replace(effect, ref=known_as(row, effect.ref))
    return effect


def for_machine(row: SessionRow, event: Event) -> Event:
    """An event with the machine's own names."""
    return replace(event, content=_renamed(event.content, row.era)) if row.era else event


def _renamed(content: Any, era: int) -> Any:
    match content:
        case events.ToolSucceeded(ref=ref) | events.ToolFailed(ref=ref):
            return msgspec.structs.replace(content, ref=of_machine(ref, era))
        case events.ToolsEnded(group=group, results=results):
            own = [_renamed(one, era) for one in results]
            return msgspec.structs.replace(content, group=of_machine(group, era), results=own)
        case _:
            return content
