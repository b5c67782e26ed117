"""The types of all frames of protocol v1, in both directions: the published documents are made from them.

Pure: no framework, so that clients share them. ``COMMANDS`` says what a client may send, ``REPLIES`` and ``MOMENTARY``
what it gets that is not in the log, ``EVENTS`` what log rows become on the wire. The envelope's keys are ``t, sid, seq,
at, turn, cause`` and the body ``d``, nothing else. Unknown commands are refused; clients ignore what they do not know.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from sessions_app.exceptions import Code, Retry
from tutor.events import OnBusy
from tutor.interactions import (
    KINDS,
    HintGiven,
    Interaction,
    ObserverSaid,
    OutputCommitted,
    QuestionAsked,
    Visibility,
)

SUBPROTOCOL = "tutor.v1"
#: Longest id of a command, in characters.
ID_CHARS = 64
#: No frame of the server is larger, in bytes.
SERVER_FRAME_BYTES = 1 << 20

Role = Literal["learner", "teacher", "operator"]
Disposition = Literal["started", "busy", "queued", "merged", "applied", "noop"]
Phase = Literal["queued", "starting", "streaming", "tool", "cancelling", "recovering", "parked"]
Count = Annotated[int, Meta(ge=0)]
#: No course has longer names.
Name = Annotated[str, Meta(max_length=100)]


class Close:
    """Close codes (protocol §9)."""

    ENDED = 1000
    DRAINING = 1001
    BAD_FRAME = 4400
    NOT_AUTHENTICATED = 4401
    NOT_FOUND = 4404
    SILENT = 4408
    SESSION_CLOSED = 4410
    VERSION = 4426
    TOO_MANY = 4429
    FELL_BEHIND = 4440
    INTERNAL = 4500


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what stands in ``d``."""


_sorted = msgspec.json.Encoder(order="sorted")


# --- what a client sends -----------------------------------------------------------------------------------------


class ClientFrame(msgspec.Struct, frozen=True):
    """A command: type, the client's id for it, what it believes to be the newest seq, and the body."""

    t: str
    id: str
    d: dict[str, Any] = {}
    expect: int | None = None

    @property
    def digest(self) -> bytes:
        """What must be the same when the same id comes again."""
        return hashlib.sha256(_sorted.encode([self.t, self.d])).digest()


class OutputCursor(msgspec.Struct, frozen=True):
    """How much of a streaming text a client has, in code points."""

    turn: str
    attempt: int = 1
    off: int = 0


class Cursor(msgspec.Struct, frozen=True):
    """Where a client stopped reading."""

    log_id: str
    seq: int
    out: OutputCursor | None = None


class Hello(Body, frozen=True):
    """The first frame: which session to look at, and from where. Answered by ``welcome``."""

    course: str | None = None
    session: str | None = None
    resume: Cursor | None = None
    #: From ``POST /api/tickets``, where a client can neither set a header nor has a login cookie.
    ticket: str | None = None
    #: True: this view only looks; its commands are refused as ``read_only``.
    read_only: bool = False
    machine: str | None = None


class Nothing(Body, frozen=True):
    """No fields."""


class Message(Body, frozen=True):
    """What the learner writes. ``on_busy`` of the session counts where none is named."""

    text: str
    on_busy: OnBusy | None = None


class Answer(Body, frozen=True):
    """An answer that goes straight to the checker."""

    question: Name
    #: A list for choice-many, order and match.
    value: str | list[str]
    on_busy: OnBusy | None = None


class OfTurn(Body, frozen=True):
    """Which turn; None: the one that runs, or the newest."""

    turn: str | None = None


class Waiting(Body, frozen=True):
    """A command that waits, by its id."""

    command: str


class Page(Body, frozen=True):
    """Events before a seq, the newest ones first chosen; None: from the end."""

    before: int | None = None
    limit: int = 100


class Policy(Body, frozen=True):
    """What happens to messages that come while a turn runs."""

    on_busy: OnBusy


class Branch(Body, frozen=True):
    """Where to go on from."""

    seq: int


class Decision(Body, frozen=True):
    """What becomes of a call in doubt."""

    call: str
    decision: Literal["retry", "skip"]


class Remediation(Body, frozen=True):
    """A known error to treat now."""

    known_error: Name


class Contest(Body, frozen=True):
    """The learner disagrees with an estimate: of a skill (``known``: I know it, ``unsure``: I do not), or of a known
    error (``not_mine``)."""

    claim: Literal["known", "unsure", "not_mine"]
    skill: Name = ""
    known_error: Name = ""


class Reset(Body, frozen=True):
    """The state to go to."""

    state: Name


# --- what it is answered -----------------------------------------------------------------------------------------


class Accepted(Body, frozen=True):
    """``ok`` of a command that was written, sent after its commit."""

    #: Where the command entered the log; 0 where nothing was appended.
    seq: Count
    disposition: Disposition
    #: The same id with the same body was accepted before; nothing was done again.
    duplicate: bool
    turn: str | None = None
    #: Of a cancel or a removal.
    result: Literal["cancelled", "cancelling", "already_finished", "removed", "too_late"] | None = None
    #: The command that a message was merged into.
    into: str | None = None
    #: The review; or the fork, and the seq up to which its log is shared.
    session: str | None = None
    #: The review was begun with this command.
    new: bool | None = None
    at: Count | None = None
    #: The seq that a rewind went back to.
    to: Count | None = None


class History(Body, frozen=True):
    """``ok`` of ``history.get``."""

    #: Frames of events, oldest first.
    events: list[dict[str, Any]]
    #: There are older ones.
    more: bool


class Queued(Body, frozen=True):
    """A message that waits."""

    command: str
    text: str


class Deadline(Body, frozen=True):
    """A time-out that runs."""

    name: str
    due: str


class Inspection(Body, frozen=True):
    """``ok`` of ``session.inspect``: state, since when, waiting for what, until when; in data and in words."""

    session: str
    state: str
    since: str
    live: bool
    #: running, suspended or closed.
    status: str
    waiting_for: list[str]
    turn: dict[str, Any] | None
    #: ref -> the pending call: tool, attempt, last error.
    calls: dict[str, dict[str, Any]]
    queue: list[Queued]
    deadlines: list[Deadline]
    policy: str
    head: Count
    words: str
    #: The session of this course before it.
    previous: str | None = None
    #: What is believed of the learner, with reasons and the dates of reviews (docs/mastery.md).
    progress: dict[str, Any] | None = None
    #: For operators: what it waits for, held by whom.
    why: dict[str, Any] | None = None


class Limits(Body, frozen=True):
    """Longest text in characters, largest frame in bytes, events replayed, waiting messages, a user's sockets."""

    text: int
    frame: int
    replay: int
    queue: int
    sockets: int


class Active(Body, frozen=True):
    """The running turn. ``off``: how far its text is, in code points."""

    turn: str
    attempt: int
    off: Count
    phase: Phase


class Welcome(Body, frozen=True):
    """The view is open: events up to ``head`` follow, then ``live``."""

    conn: str
    session: str
    log_id: str
    head: Count
    floor: Count
    first: Count
    state: str
    active: Active | None
    queue: list[Queued]
    policy: str
    course: str
    live: bool
    role: Role
    read_only: bool
    limits: Limits
    beat_s: float
    deadline: str | None = None


class Pong(Body, frozen=True):
    """What this socket has been sent: newest seq, and how far the text of the running turn is."""

    head: Count
    off: Count
    at: str


class Err(Body, frozen=True):
    """A command that was not accepted. It left no trace: its id may be used again."""

    code: Code
    #: In words for people.
    message: str
    retry: Retry
    detail: dict[str, Any]
    #: Not before, in milliseconds.
    after_ms: Count | None = None


# --- what else it is told ----------------------------------------------------------------------------------------


class Live(Body, frozen=True):
    """Everything until ``head`` was told; from here on things come as they happen."""

    head: Count


class Resync(Body, frozen=True):
    """The cursor does not fit this log: forget what was shown, the events that follow tell it from ``first`` on."""

    log_id: str
    head: Count
    first: Count
    state: str


class Bye(Body, frozen=True):
    """The socket is about to be closed with ``code``."""

    code: int
    reason: str
    reconnect: bool
    #: Come back not before, in milliseconds.
    after_ms: Count


class OutputDelta(Body, frozen=True):
    """Text of the turn that is being written, from ``off`` on, in code points."""

    attempt: Annotated[int, Meta(ge=1)]
    off: Count
    text: str


class OutputReset(Body, frozen=True):
    """The text begins anew."""

    attempt: Annotated[int, Meta(ge=1)]


# --- log rows on the wire ----------------------------------------------------------------------------------------


class OutputCommittedFrame(OutputCommitted, frozen=True, kw_only=True):
    """With safe HTML made from the Markdown."""

    html: str


class HintGivenFrame(HintGiven, frozen=True, kw_only=True):
    """With safe HTML made from the Markdown."""

    html: str


class ObserverSaidFrame(ObserverSaid, frozen=True, kw_only=True):
    """With safe HTML made from the Markdown."""

    html: str


class QuestionAskedFrame(QuestionAsked, frozen=True, kw_only=True):
    """With safe HTML made from the Markdown; each choice has an ``html`` of its own."""

    prompt_html: str


class Erased(Body, frozen=True):
    """What stands for an event whose text was erased."""

    erased: Literal[True]


_DRESSED: dict[str, type[Interaction]] = {
    frame.kind: frame for frame in (OutputCommittedFrame, HintGivenFrame, ObserverSaidFrame, QuestionAskedFrame)
}
#: Kind of an event -> the type of its ``d``.
EVENTS: dict[str, type[Interaction]] = {kind: _DRESSED.get(kind, fact) for kind, fact in KINDS.items()}


def events_for(visibility: Visibility) -> frozenset[str]:
    """The kinds of events that a view may see."""
    return frozenset(kind for kind, fact in EVENTS.items() if fact.visibility <= visibility)


@dataclass(frozen=True, slots=True)
class CommandType:
    """A command on the wire."""

    body: type[Body]
    #: What answers it: a frame's type, and the type of its ``d``.
    reply: tuple[str, type[Body]]
    #: The least role that may send it.
    role: Role = "learner"
    #: It changes nothing: a read-only view may send it.
    reads: bool = False


_WRITTEN = ("ok", Accepted)
COMMANDS: dict[str, CommandType] = {
    "hello": CommandType(Hello, ("welcome", Welcome), reads=True),
    "ping": CommandType(Nothing, ("pong", Pong), reads=True),
    "message.send": CommandType(Message, _WRITTEN),
    "answer.submit": CommandType(Answer, _WRITTEN),
    "hint.request": CommandType(Nothing, _WRITTEN),
    "question.skip": CommandType(Nothing, _WRITTEN),
    "question.give_up": CommandType(Nothing, _WRITTEN),
    "answer.dispute": CommandType(Nothing, _WRITTEN),
    "continue": CommandType(Nothing, _WRITTEN),
    "progress.contest": CommandType(Contest, _WRITTEN),
    "turn.cancel": CommandType(OfTurn, _WRITTEN),
    "queue.remove": CommandType(Waiting, _WRITTEN),
    "turn.retry": CommandType(OfTurn, _WRITTEN),
    "tool.resolve": CommandType(Decision, _WRITTEN),
    "session.review": CommandType(Nothing, _WRITTEN),
    "session.pause": CommandType(Nothing, _WRITTEN),
    "session.resume": CommandType(Nothing, _WRITTEN),
    "session.close": CommandType(Nothing, _WRITTEN),
    "session.fork": CommandType(Branch, _WRITTEN),
    "session.rewind": CommandType(Branch, _WRITTEN),
    "history.get": CommandType(Page, ("ok", History), reads=True),
    "policy.set": CommandType(Policy, _WRITTEN),
    "session.inspect": CommandType(Nothing, ("ok", Inspection), reads=True),
    "session.force_remediation": CommandType(Remediation, _WRITTEN, role="teacher"),
    "session.clear_safety": CommandType(Nothing, _WRITTEN, role="teacher"),
    "session.suspend": CommandType(Nothing, _WRITTEN, role="operator"),
    "session.unsuspend": CommandType(Nothing, _WRITTEN, role="operator"),
    "session.restart": CommandType(Nothing, _WRITTEN, role="operator"),
    "session.reset": CommandType(Reset, _WRITTEN, role="operator"),
}

#: Replies, each with the command's id as ``cause``: frame's type -> types of its ``d``.
REPLIES: dict[str, tuple[type[Body], ...]] = {
    "ok": (Accepted, History, Inspection),
    "err": (Err,),
    "welcome": (Welcome,),
    "pong": (Pong,),
}
#: Frames that are neither a reply nor in the log.
MOMENTARY: dict[str, type[Body]] = {
    "live": Live,
    "resync": Resync,
    "bye": Bye,
    "output.delta": OutputDelta,
    "output.reset": OutputReset,
}


# --- bodies of HTTP that are no frames ---------------------------------------------------------------------------


class Guest(Body, frozen=True):
    """A learner without an account. The token is all there is to come back with."""

    token: str
    user: str


class Ticket(Body, frozen=True):
    """For ``hello.d.ticket``: lets one socket in, within a minute."""

    ticket: str


class Listed(Body, frozen=True):
    """A course as the list shows it. ``summary`` is Markdown; ``topics`` and ``questions``: how many."""

    slug: str
    title: str
    summary: str
    version: int
    topics: int
    questions: int
    lang: str
    licence: str
    source: str
    #: How far the learner is: ``{session, state, live, skills, known_errors, next_review, due, mastered, taught, why}``
    #: (docs/mastery.md); None: not begun.
    progress: dict[str, Any] | None = None


class OwnSession(Body, frozen=True):
    """A session in the list of a learner's own, newest first. Times are ISO 8601."""

    session: str
    course: str
    state: str
    live: bool
    status: str
    started: str
    changed: str
    #: The session of this course before it; of a fork, the session that it shares its beginning with.
    previous: str | None
    parent: str | None


class Start(Body, frozen=True):
    """Which course to start, or to find the live session of; ``review``: to review what it has taught."""

    course: str
    review: bool = False


class Events(Body, frozen=True):
    """Frames of events after a seq, one page, oldest first."""

    events: list[dict[str, Any]]


class FileTaken(Body, frozen=True):
    """A file was taken in; a worker reads it next. ``status`` as in ``FileListed``."""

    file: str
    name: str
    #: In bytes.
    size: int
    status: Literal["pending", "processing", "ready", "failed"]
    #: The same command came before.
    duplicate: bool
    #: Of its ``file.uploaded``.
    seq: int


class FileListed(Body, frozen=True, omit_defaults=False):
    """A file of a session. ``sections`` and ``pages`` once it is ready; ``reason`` and ``message`` where it failed."""

    file: str
    name: str
    size: int
    media_type: str
    status: Literal["pending", "processing", "ready", "failed"]
    sections: int | None
    pages: int | None
    reason: str
    message: str
    at: str


class Files(Body, frozen=True):
    """The files of a session, oldest first."""

    files: list[FileListed]


class Health(Body, frozen=True):
    """This process answers."""

    ok: bool


class Ready(Body, frozen=True):
    """Whether a lesson can be taken here, and what is missing."""

    ready: bool
    missing: list[str]
