"""Names of tool calls, as a machine counts them and as everybody else knows them.

A machine numbers its calls in its data (``c1``, ``c2``, …). When its session goes back to an earlier state (a rewind,
or a restore after a crash) it counts on from there and would name another call like one that there was. So each time a
session goes back begins a new *era*; from the second one on, everybody but the machine knows ``c3`` as ``c3.1``.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sessions_app.row import SessionRow
from tutor.effects import CallTool, CancelCall
from tutor.events import ToolFailed, ToolSucceeded
from tutor.statem import Effect, Event


def known_as(row: SessionRow, ref: str) -> str:
    """A machine's name for a call of now, as everybody else knows it."""
    return f"{ref}.{row.era}" if row.era else ref


def of_machine(ref: str, era: int) -> str:
    """The machine's own name for a call of an era."""
    return ref.removesuffix(f".{era}") if era else ref


def outgoing(row: SessionRow, effect: Effect) -> Effect:
    """An effect of the machine, with the names that everybody knows."""
    if row.era and isinstance(effect, CallTool | CancelCall):
        return replace(effect, ref=known_as(row, effect.ref))
    return effect


def for_machine(row: SessionRow, event: Event) -> Event:
    """An event with the machine's own names."""
    if row.era and isinstance(event.content, ToolSucceeded | ToolFailed):
        own = of_machine(event.content.ref, row.era)
        return replace(event, content=msgspec.structs.replace(event.content, ref=own))
    return event
