"""What is let in to a session, and when: the checks before an event reaches its machine. An error leaves no trace."""

from __future__ import annotations

from sessions_app.conf import QUEUE_MESSAGES
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError
from sessions_app.row import SessionRow
from tutor import events

#: Commands that make no sense while a call locks the conversation.
_WAITS = (
    events.HintRequested
    | events.SkipRequested
    | events.GiveUpRequested
    | events.DisputeRaised
    | events.ContinueRequested
    | events.ResumeRequested
)


def check_fresh(row: SessionRow, delivery: Delivery) -> None:
    """The client believes to know the newest event. Raises ``stale``."""
    if delivery.expect is not None and delivery.expect != row.learner_head:
        raise CommandError("stale", "The session has moved on since; look again.", detail={"head": row.learner_head})


def check_live(row: SessionRow) -> None:
    """Raises ``invalid_transition`` for a closed session."""
    if not row.live:
        raise CommandError(
            "invalid_transition",
            "This session is closed. Open the course again to start a new one.",
            detail={"state": row.snapshot.state, "allowed": []},
        )


def check_rested(row: SessionRow, delivery: Delivery) -> None:
    """After a restore a learner's commands wait a little: restores back off (S58). Raises ``unavailable``."""
    left_ms = row.supervision.rests_until - row.now_ms
    if left_ms > 0 and delivery.command is not None and delivery.by == "learner":
        raise CommandError(
            "unavailable",
            "Something went wrong and is being put right; please try again in a moment.",
            after_ms=left_ms,
        )


def check_busy(row: SessionRow, delivery: Delivery, content: events.EventContent) -> None:
    """While a call locks the conversation only messages, cancels and ends get through (DESIGN rule 9).

    Raises ``busy`` or ``queue_full``.
    """
    if delivery.command is None or row.conversation_call is None:
        return
    busy_too = isinstance(content, events.AnswerSubmitted) and content.on_busy == "reject"
    if isinstance(content, _WAITS) or busy_too:
        raise CommandError(
            "busy",
            "One moment please: your last message is still being worked on.",
            detail={"turn": row.turn.id if row.turn else None},
        )
    waits = isinstance(content, events.UserMessage | events.AnswerSubmitted) and content.on_busy == "queue"
    if waits and len(row.snapshot.postponed) >= QUEUE_MESSAGES:
        raise CommandError(
            "queue_full",
            f"Already {QUEUE_MESSAGES} messages are waiting; please wait for an answer.",
            detail={"limit": QUEUE_MESSAGES},
        )
