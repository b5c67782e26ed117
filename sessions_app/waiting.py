"""Messages that wait for their turn: what a message that comes while another is worked on does to them.

A machine knows three policies (reject, queue, interrupt). The kernel makes two more of them: *merge* joins the newest
waiting message, and is *queue* where none waits; *rollback* is *interrupt*, and says of the interrupted turn that it
never counted (``turn.finished{outcome: rolled_back}``: projections leave it out).
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sessions_app.conf import TEXT_CHARS
from sessions_app.row import SessionRow
from tutor import events
from tutor.statem import Event

#: Contents that carry a busy policy.
_WITH_POLICY = events.UserMessage | events.AnswerSubmitted


def with_policy(content: events.EventContent, on_busy: str) -> events.EventContent:
    """The content with the session's own policy, where its sender named none."""
    return msgspec.structs.replace(content, on_busy=on_busy) if isinstance(content, _WITH_POLICY) else content


def rolls_back(content: events.EventContent | None) -> bool:
    """Whether the turn that this interrupts leaves the projections."""
    return isinstance(content, _WITH_POLICY) and content.on_busy == "rollback"


def for_machine(event: Event) -> Event:
    """The event in the terms of machines: without merge and rollback."""
    content = event.content
    if not isinstance(content, _WITH_POLICY) or content.on_busy not in {"merge", "rollback"}:
        return event
    on_busy: events.OnBusy = "queue" if content.on_busy == "merge" else "interrupt"
    return replace(event, content=msgspec.structs.replace(content, on_busy=on_busy))


def merge(row: SessionRow, content: events.EventContent) -> str | None:
    """Join the newest waiting message: its command's id; None where there is none, or it would become too long."""
    if not isinstance(content, events.UserMessage) or content.on_busy != "merge" or row.conversation_call is None:
        return None
    postponed = list(row.snapshot.postponed)
    for index in reversed(range(len(postponed))):
        waiting = postponed[index]
        if waiting.mark is None or not isinstance(waiting.content, events.UserMessage):
            continue
        text = f"{waiting.content.text}\n{content.text}"
        if len(text) > TEXT_CHARS:
            return None
        postponed[index] = replace(waiting, content=msgspec.structs.replace(waiting.content, text=text))
        row.snapshot = replace(row.snapshot, postponed=tuple(postponed))
        return waiting.mark
    return None


def remove(row: SessionRow, command: str) -> bool:
    """Take a waiting command out; False where it does not wait (any more)."""
    if command not in row.waiting():
        return False
    left = tuple(event for event in row.snapshot.postponed if event.mark != command)
    row.snapshot = replace(row.snapshot, postponed=left)
    row.held = tuple(held for held in row.held if held.event.mark != command)
    return True
