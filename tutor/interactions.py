"""The typed facts a session's log keeps, with their kinds, versions and visibility.

One interaction is one row of the log; on the wire it is called an event. A payload is written as canonical JSON (sorted
keys) and never rewritten; reading goes by (kind, version): older ones through ``upcasting``. A kind this release does
not know, or a version newer than its own, is carried as ``Unknown``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar, Literal

import msgspec

from tutor import upcasting


class Visibility(IntEnum):
    """Who may see a kind: each level sees what the levels below see."""

    LEARNER = 0
    TEACHER = 1
    OPERATOR = 2


KINDS: dict[str, type[Interaction]] = {}

Verdict = Literal["correct", "form_issue", "partial", "known_error", "wrong", "malformed", "not_an_answer", "undecided"]
TurnOutcome = Literal["completed", "cancelled", "interrupted", "rolled_back", "failed", "timed_out"]


class Interaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of all facts. ``kind`` names the fact, ``version`` its payload's form."""

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1
    visibility: ClassVar[Visibility] = Visibility.LEARNER

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__dict__.get("kind"):
            if cls.kind in KINDS:
                raise TypeError(f"two interactions are called {cls.kind!r}")
            KINDS[cls.kind] = cls


class Unknown(Interaction, frozen=True, kw_only=True):
    """A fact written by another release: carried, not dropped."""

    name: str
    written_version: int
    payload: dict[str, Any]


# --- the session's life ------------------------------------------------------------------------------------------


class SessionStarted(Interaction, frozen=True, kw_only=True):
    kind = "session.started"
    course: str
    course_version: int
    machine: str
    previous: str | None = None


class SessionResumed(Interaction, frozen=True, kw_only=True):
    kind = "session.resumed"
    state: str


class SessionPaused(Interaction, frozen=True, kw_only=True):
    kind = "session.paused"
    why: str


class SessionClosed(Interaction, frozen=True, kw_only=True):
    kind = "session.closed"
    why: str


class SessionForked(Interaction, frozen=True, kw_only=True):
    """The first fact of a session that goes on from another one's log: what stands before it is the parent's."""

    kind = "session.forked"
    parent: str
    #: The parent's seq up to which the log is shared.
    at: int
    actor: str


class SessionRewound(Interaction, frozen=True, kw_only=True):
    """The session goes on from an earlier seq. What came after that stays in the log, and out of the projections."""

    kind = "session.rewound"
    to: int
    state: str
    actor: str


class SessionRestored(Interaction, frozen=True, kw_only=True):
    kind = "session.restored"
    why: str
    state: str


class SessionSuspended(Interaction, frozen=True, kw_only=True):
    kind = "session.suspended"
    visibility = Visibility.TEACHER
    actor: str


class SessionUnsuspended(Interaction, frozen=True, kw_only=True):
    kind = "session.unsuspended"
    visibility = Visibility.TEACHER
    actor: str
    #: Events that had waited.
    waited: int


class StateReplaced(Interaction, frozen=True, kw_only=True):
    """An operator put another state or other data in place: not a state change (S39)."""

    kind = "state.replaced"
    visibility = Visibility.OPERATOR
    actor: str
    from_: str = msgspec.field(name="from")
    to: str


class TraceSwitched(Interaction, frozen=True, kw_only=True):
    kind = "trace.switched"
    visibility = Visibility.OPERATOR
    actor: str
    #: ISO 8601, the database's clock; None: switched off.
    until: str | None = None


class TraceRecorded(Interaction, frozen=True, kw_only=True):
    """What one delivery did inside the engine, word by word (``sessions_app.tracing``)."""

    kind = "trace.recorded"
    visibility = Visibility.OPERATOR
    #: ``[word, argument, …]`` in S70's vocabulary.
    lines: list[list[Any]]
    #: Lines beyond the limit that are not here.
    left_out: int = 0


class StateChanged(Interaction, frozen=True, kw_only=True):
    kind = "state.changed"
    from_: str = msgspec.field(name="from")
    to: str
    why: str


class PolicyChanged(Interaction, frozen=True, kw_only=True):
    kind = "policy.changed"
    on_busy: str


class SafetyHeld(Interaction, frozen=True, kw_only=True):
    """The learner wrote something that a person has to see. ``why``: ``tutor.safety.Concern``; the words stand in the
    message before it."""

    kind = "safety.held"
    visibility = Visibility.TEACHER
    why: str


class SafetyReleased(Interaction, frozen=True, kw_only=True):
    """A teacher has ended a safety hold."""

    kind = "safety.released"
    visibility = Visibility.TEACHER
    actor: str


# --- messages and turns ------------------------------------------------------------------------------------------


class MessageAccepted(Interaction, frozen=True, kw_only=True):
    kind = "message.accepted"
    text: str
    disposition: str = "started"


class MessageQueued(Interaction, frozen=True, kw_only=True):
    kind = "message.queued"
    text: str


class MessageMerged(Interaction, frozen=True, kw_only=True):
    """A message that joined the newest waiting one: both are handled as one."""

    kind = "message.merged"
    text: str
    #: The command of the message that it joined.
    into: str


class MessageRemoved(Interaction, frozen=True, kw_only=True):
    """A waiting message will not be handled any more."""

    kind = "message.removed"
    command: str
    why: str


class TurnStarted(Interaction, frozen=True, kw_only=True):
    kind = "turn.started"
    by: str
    attempt: int = 1


class TurnFinished(Interaction, frozen=True, kw_only=True):
    kind = "turn.finished"
    outcome: TurnOutcome
    error: str | None = None
    #: What the turn's model calls used, where there were any: as of a call.
    usage: dict[str, Any] | None = None


class TurnRecovering(Interaction, frozen=True, kw_only=True):
    kind = "turn.recovering"
    reason: str
    attempt: int


class OutputCommitted(Interaction, frozen=True, kw_only=True):
    kind = "output.committed"
    #: Markdown.
    text: str
    partial: bool = False
    #: In code points.
    len: int
    #: The attempt of the turn's streamed text that this is; None: it was not streamed.
    attempt: int | None = None


# --- tool calls --------------------------------------------------------------------------------------------------


class ToolRequested(Interaction, frozen=True, kw_only=True):
    kind = "tool.requested"
    call: str
    name: str
    #: The group it is a member of; None: it was asked for alone.
    group: str | None = None


class ToolRun(Interaction, frozen=True, kw_only=True):
    """Base of what is told about a call and its last attempt."""

    call: str
    name: str
    attempts: int
    owner: str | None = None
    #: ISO 8601, the database's clock.
    started_at: str | None = None
    #: What its requests to a model cost, in tokens: ``{"input_tokens": …, "output_tokens": …, "requests": …}``.
    usage: dict[str, int] | None = None


class ToolEnding(ToolRun, frozen=True, kw_only=True):
    """Base of the ways a tool call can end; each call ends exactly once."""


class ToolFinished(ToolEnding, frozen=True, kw_only=True):
    kind = "tool.finished"
    fallback: bool = False


class ToolFailedFact(ToolEnding, frozen=True, kw_only=True):
    kind = "tool.failed"
    reason: str
    error: str = ""


class ToolTimedOut(ToolEnding, frozen=True, kw_only=True):
    kind = "tool.timed_out"


class ToolCancelled(ToolEnding, frozen=True, kw_only=True):
    kind = "tool.cancelled"


class ToolInDoubt(ToolRun, frozen=True, kw_only=True):
    """It may have run and may not be repeated: it waits for somebody to decide. Not an ending; one follows."""

    kind = "tool.in_doubt"


class ToolResolved(Interaction, frozen=True, kw_only=True):
    """Somebody has decided about a call in doubt."""

    kind = "tool.resolved"
    visibility = Visibility.TEACHER
    call: str
    name: str
    #: ``retry`` or ``skip``.
    decision: str
    actor: str


class ToolResultDiscarded(Interaction, frozen=True, kw_only=True):
    kind = "tool.result_discarded"
    visibility = Visibility.OPERATOR
    call: str
    name: str
    attempt: int
    why: str


# --- teaching ----------------------------------------------------------------------------------------------------


class QuestionAsked(Interaction, frozen=True, kw_only=True):
    kind = "question.asked"
    question: str
    #: Markdown.
    prompt: str
    #: ``{"type": "number", …}``: the question's format as in the course.
    format: dict[str, Any]
    skill: str
    #: Counts the questions of this session from 1.
    number: int
    #: ``[{"id": …, "text": Markdown}]`` for choice questions.
    choices: list[dict[str, str]] | None = None
    #: Why this question now, in words a learner can read and contest.
    why: str = ""
    #: What its numbers and the order of its options were drawn from (``tutor.draws``); None in older logs.
    seed: int | None = None
    #: ``main``, or ``probe:<known error>``: what a treatment asks while the question itself waits.
    part: str = "main"


class AnswerChecked(Interaction, frozen=True, kw_only=True):
    kind = "answer.checked"
    question: str
    answer: str
    verdict: Verdict
    feedback: str
    known_error: str | None = None
    #: What was answered: ``main``, ``scaffold:<hint>`` or ``probe:<known error>``.
    part: str = "main"
    #: Of what is not an answer: what the learner wants (``tutor.intent``); None in older logs.
    intent: str | None = None


class HintGiven(Interaction, frozen=True, kw_only=True):
    kind = "hint.given"
    question: str
    level: int
    text: str
    bottom_out: bool = False


class HintRefused(Interaction, frozen=True, kw_only=True):
    """The learner wished for a hint and was asked to wait."""

    kind = "hint.refused"
    visibility = Visibility.TEACHER
    question: str
    #: Of the newest hint that was given.
    level: int


class RemediationStarted(Interaction, frozen=True, kw_only=True):
    kind = "remediation.started"
    known_error: str
    question: str | None = None
    by: str = "tutor"


class RemediationFinished(Interaction, frozen=True, kw_only=True):
    kind = "remediation.finished"
    known_error: str
    outcome: str


class MasteryChanged(Interaction, frozen=True, kw_only=True):
    kind = "mastery.changed"
    skill: str
    p: float
    why: str
    mastered: bool = False
    #: Of the learner to show the skill, in this course; 0 in older logs.
    opportunities: int = 0
    #: The day (UTC, ISO 8601) on which the skill is to be reviewed; None: it was never mastered.
    next_review: str | None = None


class EstimateContested(Interaction, frozen=True, kw_only=True):
    """The learner disagrees with what the tutor believes."""

    kind = "estimate.contested"
    #: ``known``: I know this skill; ``unsure``: I do not; ``not_mine``: this known error is not mine.
    claim: str
    skill: str | None = None
    known_error: str | None = None


class QuestionRated(Interaction, frozen=True, kw_only=True):
    """A learner has met a question for the first time: what its Elo rating is made of."""

    kind = "question.rated"
    visibility = Visibility.OPERATOR
    question: str
    #: In logits (``tutor.elo``).
    start: float
    ability: float
    guess: float
    right: bool


class AuthorNoted(Interaction, frozen=True, kw_only=True):
    """Something the course's author should know: a gap in the question bank, an unexplained answer, a dispute."""

    kind = "author.noted"
    visibility = Visibility.TEACHER
    about: str
    note: str


class ObserverNoted(Interaction, frozen=True, kw_only=True):
    """For the teacher."""

    kind = "observer.noted"
    visibility = Visibility.TEACHER
    observer: str
    note: str
    #: What it is about, in one word, and the seqs that show it; empty in older logs.
    about: str = ""
    evidence: list[int] = []


class ObserverSuggested(Interaction, frozen=True, kw_only=True):
    """For the tutor's next message chain; the learner does not see it."""

    kind = "observer.suggested"
    visibility = Visibility.TEACHER
    observer: str
    suggestion: str
    about: str = ""
    evidence: list[int] = []


class ObserverSaid(Interaction, frozen=True, kw_only=True):
    """For the learner."""

    kind = "observer.said"
    observer: str
    #: Markdown.
    text: str
    about: str = ""
    evidence: list[int] = []


# --- files -------------------------------------------------------------------------------------------------------


class FileUploaded(Interaction, frozen=True, kw_only=True):
    kind = "file.uploaded"
    file: str
    #: As its sender called it, without folders and control characters.
    name: str
    #: In bytes.
    size: int
    #: As sniffed from its first bytes, not as claimed.
    media_type: str


class FileReady(Interaction, frozen=True, kw_only=True):
    """Its text can be read, section by section."""

    kind = "file.ready"
    file: str
    name: str
    sections: int
    #: None where its format has no pages.
    pages: int | None = None
    #: Of the whole text, in code points.
    len: int = 0


class FileFailed(Interaction, frozen=True, kw_only=True):
    """Nothing can be read of it."""

    kind = "file.failed"
    file: str
    name: str
    #: In one word, for programs: ``empty``, ``encrypted``, ``too_big_inside``, … (docs/files.md).
    reason: str
    #: In plain words, with what can be done about it.
    message: str


# --- what models are shown ---------------------------------------------------------------------------------------


class ChainBuilt(Interaction, frozen=True, kw_only=True):
    """What a model is about to be shown: enough to build the very same bytes again, never a copy of them."""

    kind = "chain.built"
    visibility = Visibility.OPERATOR
    call: str
    attempt: int
    #: Name and version of the projection, and what it was asked for.
    projection: str
    projection_version: int
    purpose: str
    #: The log range it was built from: ``first <= seq <= upto``; ``first`` 0: nothing but the course.
    first: int
    upto: int
    #: The completed compaction that it began with.
    compaction: int | None = None
    #: In tokens as ``tutor.projections.tokens`` estimates them.
    budget: int
    tokens: int
    #: SHA-256 of the exact bytes of the messages, in hexadecimal, and their number.
    digest: str
    bytes: int


class CompactionCompleted(Interaction, frozen=True, kw_only=True):
    """Stands for all that came until ``upto`` wherever a view has to be short. Nothing is deleted."""

    kind = "compaction.completed"
    upto: int
    #: Markdown.
    summary: str
    #: ``[question, verdict, verdict, …]`` word for word as in ``answer.checked``; the question answered last is last.
    verdicts: list[list[str]]
    #: Known error -> how often it was seen.
    known_errors: dict[str, int]
    #: Interactions that this summary stands for, earlier compactions' included.
    interactions: int
    #: ``model`` or ``extract``.
    by: str


# --- what the kernel writes about itself -------------------------------------------------------------------------


class Step(Interaction, frozen=True, kw_only=True):
    """One handled event: outcome, state from and to, data patch, what changed of postponed events and timers.

    The state is the fold of these, without ever running a machine again (DESIGN rule 7).
    """

    kind = "step"
    visibility = Visibility.OPERATOR
    event: dict[str, Any]
    outcome: str
    from_: str = msgspec.field(name="from")
    to: str
    state_no: int
    event_no: int
    #: ``{"set": {key: value}, "unset": [key]}`` on the machine's data.
    patch: dict[str, Any]
    #: The same form on the kernel's own part: postponed events, timers, pending calls, the turn.
    kernel: dict[str, Any]


class CallReplied(Interaction, frozen=True, kw_only=True):
    """The machine's reply to a ``call``."""

    kind = "call.replied"
    visibility = Visibility.OPERATOR
    caller: str
    #: JSON, as the caller got it.
    value: str


class CallReplyRefused(Interaction, frozen=True, kw_only=True):
    """A reply that nobody waits for: the second one to a caller, or one to a stranger (S47)."""

    kind = "call.reply_refused"
    visibility = Visibility.OPERATOR
    caller: str
    why: str


class EventCrashed(Interaction, frozen=True, kw_only=True):
    kind = "event.crashed"
    reason: str


class EventQuarantined(Interaction, frozen=True, kw_only=True):
    kind = "event.quarantined"
    visibility = Visibility.OPERATOR
    event: dict[str, Any]
    reason: str


class StrategyApplied(Interaction, frozen=True, kw_only=True):
    kind = "strategy.applied"
    visibility = Visibility.OPERATOR
    reason: str
    strategy: str
    detail: str = ""


# --- reading and writing -----------------------------------------------------------------------------------------

_encoder = msgspec.json.Encoder(order="sorted")


def encode(interaction: Interaction) -> str:
    """The payload as canonical JSON: sorted keys, no white space."""
    if isinstance(interaction, Unknown):
        return _encoder.encode(interaction.payload).decode()
    return _encoder.encode(interaction).decode()


def decode(kind: str, version: int, payload: str | bytes) -> Interaction:
    """The fact behind a row. An older version is brought up to date; an unknown kind or a newer one is ``Unknown``.

    Raises ``upcasting.NoUpcaster`` where a release forgot how to read an older version.
    """
    known = KINDS.get(kind)
    if known is None or version > known.version:
        return Unknown(name=kind, written_version=version, payload=msgspec.json.decode(payload))
    if version < known.version:
        plain = upcasting.upcast(kind, version, known.version, msgspec.json.decode(payload))
        return msgspec.convert(plain, known)
    return msgspec.json.decode(payload, type=known)


def plain(kind: str, version: int, payload: str | bytes) -> dict[str, Any]:
    """A row's payload as JSON values, an older version brought up to date. Raises ``upcasting.NoUpcaster``."""
    known = KINDS.get(kind)
    stored: dict[str, Any] = msgspec.json.decode(payload)
    return stored if known is None else upcasting.upcast(kind, version, known.version, stored)
