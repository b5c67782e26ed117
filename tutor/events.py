"""What can reach a tutoring session: the contents of events, as typed frozen facts.

The state machine sees each of them inside a ``statem.Event``: learner's and teacher's commands as ``cast``, endings of
tool calls as ``info``, time-outs under their own types. They are plain data, so that a postponed event can wait in the
database: ``encode`` and ``decode`` are exact inverses.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

#: What to do with a message that arrives while a turn is running (DESIGN rule 9).
OnBusy = Literal["reject", "queue", "interrupt", "merge", "rollback"]


def _tag(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class EventContent(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=_tag):
    """Base of everything that can reach a session."""


class Start(EventContent, frozen=True, kw_only=True):
    """The session begins."""


class UserMessage(EventContent, frozen=True, kw_only=True):
    """The learner wrote something."""

    text: str
    on_busy: OnBusy = "reject"


class AnswerSubmitted(EventContent, frozen=True, kw_only=True):
    """The learner answered a question through its own control: straight to the checker."""

    question: str
    value: str | list[str]
    on_busy: OnBusy = "reject"


class HintRequested(EventContent, frozen=True, kw_only=True):
    """The learner wants the next hint."""


class SkipRequested(EventContent, frozen=True, kw_only=True):
    """The learner wants to skip what is open."""


class GiveUpRequested(EventContent, frozen=True, kw_only=True):
    """The learner wants to see the solution."""


class DisputeRaised(EventContent, frozen=True, kw_only=True):
    """The learner says: mine is right."""


class ContinueRequested(EventContent, frozen=True, kw_only=True):
    """The learner wants to go on."""


class CancelRequested(EventContent, frozen=True, kw_only=True):
    """Stop the running turn."""


class PauseRequested(EventContent, frozen=True, kw_only=True):
    """Put the session aside."""


class ResumeRequested(EventContent, frozen=True, kw_only=True):
    """Take the session up again (from a pause or after an error)."""


class ReviewRequested(EventContent, frozen=True, kw_only=True):
    """The learner wants to review what a completed session has taught."""


class EstimateContested(EventContent, frozen=True, kw_only=True):
    """The learner disagrees with what the tutor believes of them: of one skill, or of one known error."""

    #: ``known``: I know this skill; ``unsure``: I do not; ``not_mine``: this known error is not mine.
    claim: Literal["known", "unsure", "not_mine"]
    skill: str = ""
    known_error: str = ""


class EndRequested(EventContent, frozen=True, kw_only=True):
    """End the session with a report."""


class RemediationForced(EventContent, frozen=True, kw_only=True):
    """A teacher or an observer wants a known error treated now."""

    known_error: str
    actor: str


class SafetyCleared(EventContent, frozen=True, kw_only=True):
    """A teacher has looked after the learner: the lesson may go on."""

    actor: str


class ResetRequested(EventContent, frozen=True, kw_only=True):
    """An operator puts the session into a state."""

    state: str
    actor: str


class Branched(EventContent, frozen=True, kw_only=True):
    """The session goes on from an earlier point of a log, its own (rewind) or another's (fork).

    Calls and time-outs did not come along: calls have ended as cancelled before this, time-outs are for the machine to
    set anew. A machine need not know of it.
    """


class News(EventContent, frozen=True, kw_only=True):
    """Something that happened beside the conversation: told only to machines that say so (``hears``)."""


class FileReady(News, frozen=True, kw_only=True):
    """A file that the learner uploaded can be read."""

    file: str
    name: str
    sections: int
    pages: int | None = None


class FileFailed(News, frozen=True, kw_only=True):
    """A file that the learner uploaded cannot be read."""

    file: str
    name: str
    #: Why, in plain words.
    message: str


class ToolEnded(EventContent, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the endings of a tool call: what they say to the kernel."""

    #: Attempts of its turn's text that the call has used up.
    texts: int = 0
    #: What its requests to a model cost, in tokens; None: it made none.
    usage: dict[str, int] | None = None


class ToolSucceeded(ToolEnded, frozen=True, kw_only=True, omit_defaults=True):
    """A tool call ended with a result."""

    ref: str
    tool: str
    result: dict[str, Any]
    #: True where the offline tool of the same name had to answer for the model.
    fallback: bool = False
    #: The attempt of the turn's text that the call has streamed, and which is its result's ``text``; None: it streamed
    #: nothing. Whoever commits that text says so (``effects.say``).
    output_attempt: int | None = None


#: How a tool call can end without a result. ``killed``: a parent saw its worker die; ``lost_contact``: nobody saw it.
ToolFailure = Literal["error", "timeout", "cancelled", "killed", "lost_contact", "refused", "in_doubt"]


class ToolFailed(ToolEnded, frozen=True, kw_only=True, omit_defaults=True):
    """A tool call ended without a result: an error, a time-out, a cancel or its worker's death (DOWN)."""

    ref: str
    tool: str
    reason: ToolFailure
    error: str = ""


class ToolsEnded(EventContent, frozen=True, kw_only=True):
    """All calls of a group have ended (``effects.Parallel``)."""

    group: str
    #: In the order of the calls.
    results: list[ToolSucceeded | ToolFailed]

    @property
    def failed(self) -> bool:
        """Whether no member has a result."""
        return all(isinstance(one, ToolFailed) for one in self.results)


class Tick(EventContent, frozen=True, kw_only=True):
    """The content of a time-out; which one is said by the time-out's own type and name."""

    note: str = ""


AnyEvent = (
    Start
    | UserMessage
    | AnswerSubmitted
    | HintRequested
    | SkipRequested
    | GiveUpRequested
    | DisputeRaised
    | ContinueRequested
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | EndRequested
    | ReviewRequested
    | EstimateContested
    | RemediationForced
    | SafetyCleared
    | ResetRequested
    | Branched
    | FileReady
    | FileFailed
    | ToolSucceeded
    | ToolFailed
    | ToolsEnded
    | Tick
)


def encode(content: EventContent) -> dict[str, Any]:
    """The content as plain JSON values, with its ``kind``."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    return plain


def decode(plain: dict[str, Any]) -> EventContent:
    """The content again. Raises ``msgspec.ValidationError`` where it is none."""
    content: EventContent = msgspec.convert(plain, AnyEvent)
    return content


def decode_tools_ended(group: str, results: list[dict[str, Any]]) -> ToolsEnded:
    """A group's event from its members' endings, as ``encode`` made them."""
    return ToolsEnded(group=group, results=msgspec.convert(results, list[ToolSucceeded | ToolFailed]))
