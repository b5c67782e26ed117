"""The arrows of the tutoring machine, as django-fsm transitions: what the model permits.

``tutor.machine`` chooses; an arrow that is not here is refused, whatever the machine says. Two places state the table
on purpose, and a test compares them: every arrow of ``TutoringMachine.arrows()`` is here, and none besides.
"""

from __future__ import annotations

from django_fsm import RETURN_VALUE, transition

from sessions_app.models.session import Session

_TALKING = ["exposition", "awaiting_answer", "remediating_known_error", "reviewing_solution"]
_ACTIVE = ["created", "setting_question", "awaiting_tool_result", "topic_complete", *_TALKING]
#: Where a pause or an error leads back from.
_ASIDE = ["paused", "error_state"]
_STATES = (*_ACTIVE, *_ASIDE, "completed")


class TutoringSession(Session):
    """A session whose machine is the tutor."""

    class Meta:
        proxy = True
        verbose_name = "tutoring session"

    @transition(field="state", source=_ASIDE, target="created")
    def begin_again(self) -> None:
        """Taken up before it had begun."""

    @transition(
        field="state",
        source=[
            "created",
            "setting_question",
            "awaiting_tool_result",
            "remediating_known_error",
            "topic_complete",
            *_ASIDE,
        ],
        target="exposition",
    )
    def explain(self) -> None:
        """The tutor explains."""

    @transition(
        field="state", source=["created", *_TALKING, "awaiting_tool_result", *_ASIDE], target="setting_question"
    )
    def set_question(self) -> None:
        """The tutor looks for the next question."""

    @transition(
        field="state",
        source=["setting_question", "awaiting_tool_result", "remediating_known_error", *_ASIDE],
        target="awaiting_answer",
    )
    def ask(self) -> None:
        """A question is open."""

    @transition(field="state", source=[*_TALKING, "setting_question"], target="awaiting_tool_result")
    def await_tool(self) -> None:
        """A tool is at work; the conversation is locked politely."""

    @transition(
        field="state",
        source=[
            "exposition",
            "awaiting_answer",
            "awaiting_tool_result",
            "reviewing_solution",
            "topic_complete",
            *_ASIDE,
        ],
        target="remediating_known_error",
    )
    def remediate(self) -> None:
        """A known error is treated."""

    @transition(
        field="state",
        source=["awaiting_answer", "awaiting_tool_result", "remediating_known_error", *_ASIDE],
        target="reviewing_solution",
    )
    def review(self) -> None:
        """The solution is shown."""

    @transition(
        field="state",
        source=["setting_question", "awaiting_tool_result", "remediating_known_error", *_ASIDE],
        target="topic_complete",
    )
    def complete_topic(self) -> None:
        """A topic is mastered, or its bank is used up."""

    @transition(field="state", source=_ACTIVE, target="paused")
    def pause(self) -> None:
        """Put aside."""

    @transition(field="state", source="awaiting_tool_result", target="error_state")
    def fail(self) -> None:
        """Too many failures running."""

    @transition(field="state", source=[*_ACTIVE, *_ASIDE], target="completed")
    def complete(self) -> None:
        """The lesson is over."""

    @transition(field="state", source="*", target=RETURN_VALUE(*_STATES))
    def reset(self, state: str) -> str:
        """An operator puts the session into a state (row 42), from wherever it is."""
        return state
