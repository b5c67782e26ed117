"""The states of a tutoring session (tutoring §2). Their values are the names on the wire and in the log."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a session is."""

    CREATED = "created"
    EXPOSITION = "exposition"
    SETTING_QUESTION = "setting_question"
    AWAITING_ANSWER = "awaiting_answer"
    AWAITING_TOOL_RESULT = "awaiting_tool_result"
    REMEDIATING = "remediating_known_error"
    REVIEWING = "reviewing_solution"
    TOPIC_COMPLETE = "topic_complete"
    PAUSED = "paused"
    ERROR = "error_state"
    COMPLETED = "completed"


EVERY = frozenset(State)
ACTIVE = EVERY - {State.PAUSED, State.ERROR, State.COMPLETED}
#: The learner has something to do and may be reminded of it once or twice.
NUDGED = frozenset({State.AWAITING_ANSWER, State.EXPOSITION, State.REMEDIATING, State.REVIEWING})
#: Where a tool call is made from and comes back to.
CALLING = frozenset({State.EXPOSITION, State.AWAITING_ANSWER, State.REMEDIATING, State.REVIEWING})
#: Where a pause or an error leaves from and comes back to. (A call that ran at the pause is cancelled.)
STABLE = ACTIVE - {State.AWAITING_TOOL_RESULT}
#: Where the open question's answer is still a secret.
SECRET = frozenset({State.AWAITING_ANSWER, State.AWAITING_TOOL_RESULT, State.REMEDIATING, State.PAUSED, State.ERROR})
