"""What people read for the names of states, kinds of interactions and time-outs. An unknown name stands for itself."""

from __future__ import annotations

from sessions_app.admin.badge import Tone
from sessions_app.models import Session
from tutor.interactions import Visibility
from tutor.machine.state import State

#: State -> (words, tone).
STATES: dict[str, tuple[str, Tone]] = {
    State.CREATED: ("Just created", "quiet"),
    State.EXPOSITION: ("Explaining", "active"),
    State.SETTING_QUESTION: ("Choosing a question", "active"),
    State.AWAITING_ANSWER: ("Question open", "waiting"),
    State.AWAITING_TOOL_RESULT: ("Tool at work", "active"),
    State.REMEDIATING: ("Treating a known error", "waiting"),
    State.REVIEWING: ("Going over the solution", "active"),
    State.TOPIC_COMPLETE: ("Topic complete", "good"),
    State.PAUSED: ("Paused", "quiet"),
    State.ERROR: ("In trouble", "bad"),
    State.COMPLETED: ("Completed", "good"),
    "idle": ("Idle", "quiet"),
}

KINDS: dict[str, str] = {
    "session.started": "Session started",
    "session.resumed": "Session resumed",
    "session.paused": "Session paused",
    "session.closed": "Session closed",
    "session.restored": "Session restored",
    "session.forked": "Session forked",
    "session.rewound": "Session rewound",
    "session.suspended": "Session suspended",
    "session.unsuspended": "Session goes on",
    "state.replaced": "State replaced",
    "trace.switched": "Trace switched",
    "trace.recorded": "Trace",
    "state.changed": "State changed",
    "policy.changed": "Busy policy changed",
    "safety.held": "Held for safety",
    "safety.released": "Safety hold ended",
    "message.accepted": "Learner",
    "message.queued": "Learner (queued)",
    "message.merged": "Message joined another",
    "message.removed": "Message removed",
    "turn.started": "Turn started",
    "turn.finished": "Turn finished",
    "turn.recovering": "Turn recovering",
    "output.committed": "Tutor",
    "tool.requested": "Tool asked",
    "tool.finished": "Tool finished",
    "tool.failed": "Tool failed",
    "tool.timed_out": "Tool timed out",
    "tool.cancelled": "Tool cancelled",
    "tool.in_doubt": "Tool in doubt",
    "tool.resolved": "Doubt resolved",
    "tool.result_discarded": "Late result discarded",
    "question.asked": "Question",
    "answer.checked": "Answer checked",
    "hint.given": "Hint",
    "hint.refused": "Hint put off",
    "remediation.started": "Treatment started",
    "remediation.finished": "Treatment finished",
    "mastery.changed": "Mastery changed",
    "estimate.contested": "Learner disagrees with an estimate",
    "question.rated": "Question rated",
    "author.noted": "Note for the author",
    "observer.noted": "Observer's note",
    "observer.suggested": "Observer's suggestion to the tutor",
    "observer.said": "Observer",
    "file.uploaded": "File uploaded",
    "file.ready": "File ready",
    "file.failed": "File failed",
    "chain.built": "Message chain built",
    "compaction.completed": "Compaction completed",
    "step": "Step",
    "call.replied": "Call answered",
    "call.reply_refused": "Reply refused",
    "event.crashed": "Event crashed",
    "event.quarantined": "Event quarantined",
    "strategy.applied": "Recovery",
}

AUDIENCES: dict[int, str] = {
    Visibility.LEARNER: "learner",
    Visibility.TEACHER: "teachers",
    Visibility.OPERATOR: "operators",
}

_TIMEOUTS = {
    "nudge": "a reminder to the learner",
    "inactivity": "a pause for inactivity",
    "state_timeout": "the state's time-out",
    "event_timeout": "the event time-out",
}


def state(name: str) -> tuple[str, Tone]:
    """Words and tone of a state."""
    return STATES.get(name, (name.replace("_", " "), "quiet"))


def kind(name: str) -> str:
    """The words for a kind of interaction."""
    return KINDS.get(name, name)


def timeout(key: str) -> str:
    """The words for a time-out by its key ``type:name``."""
    kind_of_timeout, _, name = key.partition(":")
    words = name or kind_of_timeout
    return _TIMEOUTS.get(words, words.replace("_", " "))


def life(session: Session) -> tuple[str, Tone]:
    """Whether a session goes on: live, suspended or closed."""
    if not session.live:
        return "Closed", "quiet"
    if session.status == Session.Status.SUSPENDED:
        return "Suspended", "bad"
    return "Live", "good"
