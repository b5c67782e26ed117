"""How a turn ends, and what events are called in the log."""

from __future__ import annotations

from dataclasses import replace

from sessions_app import supervisor
from sessions_app.row import Turn
from tutor import events, statem
from tutor.interactions import TurnOutcome
from tutor.statem import Event, Outcome

Ended = events.ToolSucceeded | events.ToolFailed

#: How a turn ends when its call ended without a result; ``failed`` for the other reasons.
_OUTCOMES: dict[str, TurnOutcome] = {"timeout": "timed_out", "cancelled": "cancelled"}


def name(event: Event) -> str:
    """The event's name for people: its kind, for a time-out which one."""
    if event.type in statem.TIMEOUT_TYPES:
        return event.name or event.type.value
    return events.encode(event.content)["kind"] if isinstance(event.content, events.EventContent) else event.type.value


def outcome_of(outcome: Outcome, ended: Ended | None) -> TurnOutcome:
    """How the turn ends whose last event this was; ``ended`` is that event where it was a call's ending."""
    if outcome.crash is not None:
        return "failed"
    if isinstance(outcome.event.content, events.CancelRequested):
        return "cancelled"
    content = outcome.event.content
    if isinstance(content, events.ToolsEnded) and content.failed:
        return "failed"
    if isinstance(ended, events.ToolFailed):
        return _OUTCOMES.get(ended.reason, "failed")
    if outcome.after.stopped is not None and supervisor.is_abnormal(outcome.after.stopped):
        return "failed"
    return "completed"


def outcome_of_cancelled(outcome: Outcome, *, rolls_back: bool) -> TurnOutcome:
    """How a turn ends that was cut short: its call was cancelled by something else than its own last event."""
    if outcome.crash is not None:
        return "failed"
    if outcome.event.type in statem.TIMEOUT_TYPES:
        return "timed_out"
    if rolls_back:
        return "rolled_back"
    by_message = isinstance(outcome.event.content, events.UserMessage | events.AnswerSubmitted)
    return "interrupted" if by_message else "cancelled"


def error_of(ended: Ended | None) -> str | None:
    """The reason of a call that ended without a result."""
    return ended.reason if isinstance(ended, events.ToolFailed) else None


def after_call(turn: Turn, ended: Ended) -> Turn:
    """The turn after a call of its own ended: what it streamed is used up, what it cost is added."""
    usage = turn.usage
    if ended.usage is not None:
        kinds = {*(usage or {}), *ended.usage}
        usage = {kind: (usage or {}).get(kind, 0) + ended.usage.get(kind, 0) for kind in sorted(kinds)}
    return replace(turn, attempt=turn.attempt + ended.texts, usage=usage)
