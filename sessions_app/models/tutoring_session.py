"""The arrows of the tutoring machine, as django-fsm transitions: what the model permits.

``tutor.machine`` chooses; each arrow it can choose has one named method here. A test compares the two tables.
"""

from __future__ import annotations

from django_fsm import transition

from sessions_app.models.session import Session

_ACTIVE = [
    "created",
    "exposition",
    "setting_question",
    "awaiting_answer",
    "awaiting_tool_result",
    "remediating_known_error",
    "reviewing_solution",
    "topic_complete",
]
_EVERY = [*_ACTIVE, "paused", "error_state", "completed"]


class TutoringSession(Session):
    """A session whose machine is the tutor."""

    class Meta:
        proxy = True
        verbose_name = "tutoring session"

    @transition(field="state", source=_EVERY, target="exposition")
    def explain(self) -> None:
        """The tutor explains."""

    @transition(field="state", source=_EVERY, target="setting_question")
    def set_question(self) -> None:
        """The tutor looks for the next question."""

    @transition(field="state", source=_EVERY, target="awaiting_answer")
    def ask(self) -> None:
        """A question is open."""

    @transition(field="state", source=_EVERY, target="awaiting_tool_result")
    def await_tool(self) -> None:
        """A tool is at work; the conversation is locked politely."""

    @transition(field="state", source=_EVERY, target="remediating_known_error")
    def remediate(self) -> None:
        """A known error is treated."""

    @transition(field="state", source=_EVERY, target="reviewing_solution")
    def review(self) -> None:
        """The solution is shown."""

    @transition(field="state", source=_EVERY, target="topic_complete")
    def complete_topic(self) -> None:
        """A topic is mastered, or its bank is used up."""

    @transition(field="state", source=_ACTIVE, target="paused")
    def pause(self) -> None:
        """Put aside."""

    @transition(field="state", source=_EVERY, target="error_state")
    def fail(self) -> None:
        """Too many failures running."""

    @transition(field="state", source=_EVERY, target="completed")
    def complete(self) -> None:
        """The lesson is over."""
