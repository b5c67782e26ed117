"""Names of tool calls, as a machine counts them and as everybody else knows them.

A machine numbers its calls in its data (``c1``, ``c2``, …). When its session goes back to an earlier state (a rewind, or
a restore after a crash) it counts on from there and would name another call like one that there was. So each time a
session goes back begins a new *era*; from the second one on, everybody but the machine knows ``c3`` as ``c3@1``, and
the first member of the group ``c3`` as ``c3@1.1``.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sessions_app.row import SessionRow
from tutor.effects import CallTool, CancelCall, Parallel
from tutor.events import EventContent, ToolFailed, ToolsEnded, ToolSucceeded
from tutor.statem import Effect


def known_as(row: SessionRow, ref: str) -> str:
    """A machine's name for a call of now, as everybody else knows it."""
    return f"{ref}@{row.era}" if row.era else ref


def of_machine(ref: str, era: int) -> str:
    """The machine's own name for a call of an era."""
    group, _, member = ref.partition(f"@{era}")
    return group + member if era else ref


def outgoing(row: SessionRow, effect: Effect) -> Effect:
    """An effect of the machine, with the names that everybody knows."""
    if row.era and isinstance(effect, CallTool | CancelCall | Parallel):
        return replace(effect, ref=known_as(row, effect.ref))
    return effect


def incoming(row: SessionRow, content: EventContent) -> EventContent:
    """An event for the machine, with its own names."""
    if row.era and isinstance(content, ToolSucceeded | ToolFailed):
        return msgspec.structs.replace(content, ref=of_machine(content.ref, row.era))
    if row.era and isinstance(content, ToolsEnded):
        results = [msgspec.structs.replace(one, ref=of_machine(one.ref, row.era)) for one in content.results]
        return msgspec.structs.replace(content, group=of_machine(content.group, row.era), results=results)
    return content
