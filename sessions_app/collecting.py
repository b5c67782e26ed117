"""Collecting the endings of a group's members until all have ended.

The machine hears of them once: the ending of the last member becomes ``ToolsEnded``, with the results in the order of
the calls. Until then the group stands in the session's kernel part, written by the same steps as everything else, so
that whatever dies in between, the next ending finds what was collected. How many members run at once is decided here,
too: a member without a place waits in the database, unclaimable, and gets one in the commit in which another ends.
"""

from __future__ import annotations

import msgspec

from sessions_app.effects import Performing, perform
from sessions_app.groups import Drop, Group, Release, victims
from tutor import events

Ended = events.ToolSucceeded | events.ToolFailed


def collect(ended: Ended, name: str, performing: Performing) -> events.ToolsEnded | None:
    """Take the ending of a member, which is not pending any more, of the group ``name``, which is.

    Returns the event for the machine where it was the last; else None, and whoever waits for a place moves up.
    """
    row = performing.row
    group = row.groups[name]
    results = {**group.results, ended.ref: events.encode(ended)}
    if isinstance(ended, events.ToolFailed):
        for ref in victims(group, ended.ref):
            victim = row.calls.get(ref)
            if victim is not None:
                perform(Drop(ref), performing)
                results[ref] = events.encode(events.ToolFailed(ref=ref, tool=victim.tool, reason="cancelled"))
    others = {known: one for known, one in row.groups.items() if known != name}
    if len(results) == len(group.members):
        row.groups = others
        return events.decode_tools_ended(name, [results[ref] for ref in group.members])
    released = _move_up(group, performing)
    row.groups = {**others, name: msgspec.structs.replace(group, results=results, released=released)}
    return None


def _move_up(group: Group, performing: Performing) -> int:
    """Give free places to the next members in order. Returns how many have been given one by now."""
    pending, released = performing.row.calls, group.released
    running = sum(ref in pending for ref in group.members[:released])
    while running < group.at_once and released < len(group.members):
        ref = group.members[released]
        released += 1
        if ref in pending:
            perform(Release(ref), performing)
            running += 1
    return released
