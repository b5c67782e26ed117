"""What happens to an event that reaches a suspended session: it waits in the session, and its sender is told so."""

from __future__ import annotations

import msgspec

from sessions_app.conf import QUEUE_MESSAGES, SUSPENDED_EVENTS
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError
from sessions_app.row import Held, SessionRow
from tutor import events
from tutor.interactions import Interaction, MessageAccepted, MessageQueued, OutputCommitted
from tutor.statem import Event

#: What a learner is told.
HOLD_TEXT = (
    "This lesson is on hold for a moment. What you sent is kept, and it will be taken up as soon as the lesson goes on."
)


def hold(event: Event, delivery: Delivery, row: SessionRow) -> list[Interaction]:
    """Put an event behind those that wait already. Returns the facts that tell of it, in order.

    Raises ``CommandError(queue_full)`` where too many wait; endings of calls always find room, for there are no more of
    them than calls.
    """
    if delivery.ends_call is None:
        _check_room(delivery, row)
    held = Held(_as_promised(event), row.now_ms, delivery.by, delivery.opens_turn)
    row.held = (*row.held, held)
    if delivery.command is None or delivery.by != "learner":
        return []
    content = event.content
    text = content.text if isinstance(content, events.UserMessage) else delivery.text
    told = OutputCommitted(text=HOLD_TEXT, len=len(HOLD_TEXT))
    if text is None:
        return [told]
    return [MessageAccepted(text=text, disposition="queued"), MessageQueued(text=text), told]


def _as_promised(event: Event) -> Event:
    """The sender reads "queued": a call that is still pending when the session goes on may not make that "busy"."""
    content = event.content
    if isinstance(content, events.UserMessage | events.AnswerSubmitted) and content.on_busy == "reject":
        return Event(
            event.type, msgspec.structs.replace(content, on_busy="queue"), event.caller, event.name, event.mark
        )
    return event


def _check_room(delivery: Delivery, row: SessionRow) -> None:
    waiting = [one for one in row.held if one.ends_call is None]
    limit = SUSPENDED_EVENTS
    if delivery.by == "learner":
        waiting, limit = [one for one in waiting if one.by == "learner"], QUEUE_MESSAGES
    if len(waiting) >= limit:
        raise CommandError(
            "queue_full",
            f"This lesson is on hold, and {limit} commands are waiting already; please wait until it goes on.",
            detail={"limit": limit},
        )
