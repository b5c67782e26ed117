"""What is delivered to a session, and what comes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sessions_app.controls import Control
from sessions_app.log import Entry
from tutor.events import EventContent
from tutor.interactions import Interaction
from tutor.statem import EventType

Actor = Literal["learner", "teacher", "operator", "start", "timer", "tool", "observer"]


@dataclass(frozen=True, slots=True)
class CommandId:
    """A client command, or what else must be handled once: its id, its name, and a digest of its body."""

    id: str
    name: str
    digest: bytes


class Statement(NamedTuple):
    """One data-modifying statement over a JSON array of rows, to be combined with others into one round trip.

    ``sql`` has exactly one ``%s`` for the array and returns one row per row written. ``exact``: it must write as many
    rows as it was given, or the whole transaction is undone (compare-and-set).
    """

    name: str
    sql: str
    exact: bool = True


class Write(NamedTuple):
    """One row for a statement."""

    statement: Statement
    row: dict[str, Any]


class Wake(NamedTuple):
    """A hint to send after the commit: equal ones are sent once, and not more often than ``conf.WAKES_EVERY_S``."""

    send: Callable[[str], None]
    argument: str
    #: The channel-layer group of those who are told the same at once.
    group: str


class Fenced(NamedTuple):
    """What was ever shown of a turn's text: nothing more of it is (``output.buffer.fence``)."""

    turn: str
    text: str = ""
    #: The attempt of the text.
    attempt: int | None = None


#: What a statement returns of one thing.
Row = tuple[Any, ...]


class LookUp(NamedTuple):
    """A row that a delivery needs as it is once its session is locked; one statement reads those of a whole batch."""

    #: Takes the sessions (``uuid[]``) and keys (``text[]``) that are looked up; each row begins with its two.
    sql: str
    key: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one session, with what must be written in the same commit."""

    session: uuid.UUID
    #: None: only facts and writes, the machine is not asked.
    content: EventContent | None
    by: Actor
    type: EventType = EventType.CAST
    command: CommandId | None = None
    #: Recognises an event that comes again, where it is no client's command: a ``call``, a ``cast``.
    once: CommandId | None = None
    #: Rights were checked before; the text is what the learner typed, for ``message.accepted``.
    text: str | None = None
    #: Who waits for the machine's reply, for ``EventType.CALL``.
    caller: str | None = None
    #: The pending call this event ends: unless it is still pending, the event is discarded, not applied.
    ends_call: str | None = None
    #: Facts that precede the step.
    facts: Sequence[Interaction] = ()
    #: In their place where ``ends_call`` is not pending any more.
    discarded: Sequence[Interaction] = ()
    writes: Sequence[Write] = ()
    #: True: look for due time-outs instead of handling ``content``.
    look: bool = False
    #: What an operator asks of the session itself, instead of an event for its machine.
    control: Control | None = None
    #: The seq a client believed to be the newest; another one means ``stale``.
    expect: int | None = None
    #: The sender did not say what to do while busy: the session's own policy counts, as it is under the lock.
    default_policy: bool = False
    #: Only for this turn, or for whichever runs (""): where another one runs, or none, nothing is cancelled.
    cancels: str | None = None
    #: A command that waits and is not wanted any more, by its id.
    removes: str | None = None
    #: The text of the running turn, should this cut it short.
    fenced: Fenced | None = None
    #: Opens a turn of its own where none runs.
    opens_turn: bool = True
    #: Of the turn that it opens; from 2 on a turn is tried again, and the learner's words stand in the log already.
    attempt: int = 1
    #: Who acts, where it is a person other than the session's learner: the user's key.
    user: int | None = None
    #: Read together with the lock, for ``under_lock``.
    look_up: LookUp | None = None
    #: Asked under the session's lock, once it is known to be no duplicate: what is delivered in its place. It is given
    #: the row that ``look_up`` found (None: there is none), and may raise ``CommandError``. Without a ``look_up`` it
    #: may read on this thread's connection, in the transaction of the commit.
    under_lock: Callable[[Row | None], Delivery] | None = None

    @property
    def known_by(self) -> CommandId | None:
        """What is looked up under the lock: an event of this id was handled before, or never."""
        return self.command or self.once


Settled = Literal["started", "busy", "queued", "merged", "applied", "noop"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery came to, after its commit."""

    session: uuid.UUID
    #: Where the command entered the log; 0 where nothing was appended.
    seq: int
    disposition: Settled
    turn: str | None = None
    duplicate: bool = False
    #: The stored reply of a duplicate, or further fields of this one.
    reply: dict[str, Any] = field(default_factory=dict)
    #: The rows of this commit and the learner-visible head before it.
    entries: Sequence[Entry] = ()
    state: str = ""
    live: bool = True
