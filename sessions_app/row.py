"""The working copy of a session row: read once under the lock, changed in memory, written once.

The ``kernel`` column holds what the kernel itself must remember between two events, as one flat JSON object so that a
step can log what changed of it:

- ``turn``: the running turn ``{id, by, cause, attempt, usage?}``; missing where none runs
- ``calls``: pending tool calls by ref ``{tool, turn, background}``, ``recorded`` where the session itself asked,
  then perhaps with ``about``
- ``groups``: groups of calls of which some are pending, by ref, with the endings of the others (``groups``)
- ``postponed``: events that wait for a state change, oldest first
- ``timers``: running time-outs by ``type:name`` ``{due, guard, content}``
- ``callers``: who waits for a reply to a ``call``, oldest first
- ``era``: how often the session went back to an earlier state; missing where it never did (``refs``)
- ``timer_no``: how many time-outs were ever set
- ``hibernated``: since when the machine expects to wait for long, in milliseconds; missing once an event is handled
- ``suspended``: there while the session is suspended: events that wait until it is resumed, oldest first
- ``trace``: until when the engine is traced, in milliseconds
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from sessions_app import groups, log
from sessions_app.groups import Group
from sessions_app.supervisor import Record
from tutor import events
from tutor.interactions import Interaction, Visibility
from tutor.statem import Event, EventType, Snapshot, Timer, TimerKey


@dataclass(frozen=True, slots=True)
class Turn:
    """From an accepted command (or a timer, a teacher, the start) to its ``turn.finished``."""

    id: str
    by: str
    cause: str | None
    #: The attempt with which the turn's next text begins.
    attempt: int = 1
    #: Tokens that its calls have used at models so far, by kind.
    usage: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A tool call that has not ended."""

    tool: str
    turn: str | None
    background: bool
    #: The session itself asked for it: its result becomes facts (``sessions_app.recording``), no event of the machine.
    recorded: bool = False
    #: The group that it is a member of (``sessions_app.groups``).
    group: str | None = None
    #: Of a recorded call: what whoever records its ending is told again.
    about: dict[str, str] | None = None

    def dump(self) -> dict[str, Any]:
        """The call as JSON values."""
        plain: dict[str, Any] = {"tool": self.tool, "turn": self.turn, "background": self.background}
        if self.group is not None:
            plain["group"] = self.group
        if self.about is not None:
            plain["about"] = self.about
        return {**plain, "recorded": True} if self.recorded else plain


@dataclass(frozen=True, slots=True)
class Unloadable:
    """In place of a machine's data where the machine cannot load what stands in the row."""

    plain: dict[str, Any]
    error: str


#: ``Session.Status.SUSPENDED``, for those who know the row and not the model.
SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Held:
    """An event that waits while its session is suspended, with what its delivery said about it."""

    event: Event
    #: When it came, in milliseconds: time-outs that fell due before it are handled before it (S42).
    at_ms: int
    by: str
    opens_turn: bool

    @property
    def ends_call(self) -> str | None:
        """The ref of the tool call whose ending this is."""
        content = self.event.content
        return content.ref if isinstance(content, events.ToolSucceeded | events.ToolFailed) else None


def dump_event(event: Event) -> dict[str, Any]:
    """An event as JSON values; parts that are not there are left out."""
    content = event.content
    plain: dict[str, Any] = {"type": event.type.value}
    plain["content"] = events.encode(content) if isinstance(content, events.EventContent) else {"note": content}
    for name in ("caller", "name", "mark"):
        value = getattr(event, name)
        if value is not None:
            plain[name] = value
    return plain


def load_event(plain: dict[str, Any]) -> Event:
    """The event again."""
    content = plain["content"]
    return Event(
        EventType(plain["type"]),
        events.decode(content) if "kind" in content else content["note"],
        plain.get("caller"),
        plain.get("name"),
        plain.get("mark"),
    )


def timer_key(key: TimerKey) -> str:
    """``state_timeout:`` or ``named_timeout:nudge``."""
    return f"{key[0].value}:{key[1] or ''}"


@lru_cache(maxsize=1_024)
def parse_timer_key(text: str) -> TimerKey:
    """The key again."""
    kind, _, name = text.partition(":")
    return EventType(kind), name or None


@dataclass(slots=True)
class SessionRow:
    """One session between lock and write."""

    id: uuid.UUID
    name: str
    learner_id: int
    course: str
    machine_name: str
    machine_args: dict[str, Any]
    snapshot: Snapshot
    live: bool = True
    turn: Turn | None = None
    calls: dict[str, PendingCall] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    callers: list[str] = field(default_factory=list)
    armed: dict[str, int] = field(default_factory=dict)
    supervision: Record = field(default_factory=Record)
    #: seq of the newest interaction as read under the lock: the write's compare-and-set.
    head_read: int = 0
    head: int = 0
    head_hash: bytes = b""
    learner_head: int = 0
    teacher_head: int = 0
    log_id: str = ""
    status: str = "running"
    #: Events that wait until the session is resumed, oldest first.
    held: tuple[Held, ...] = ()
    #: Until when the engine is traced, in milliseconds; 0: it is not.
    traced_until: int = 0
    #: How often the session went back to an earlier state: part of its calls' names from then on (``refs``).
    era: int = 0
    #: Since when the machine expects to wait for long (``statem.Hibernate``), in milliseconds; 0: it does not.
    hibernated_at: int = 0
    on_busy: str = "reject"
    previous: uuid.UUID | None = None
    new: bool = False
    #: The machine's data as the row had it, which an older release may have written: what the log tells so far.
    plain: dict[str, Any] | None = None
    #: A new fork: its parent, and the data and kernel part that the shared log tells.
    parent: uuid.UUID | None = None
    shared: tuple[dict[str, Any], dict[str, Any]] | None = None
    state_changed: bool = False
    #: The database's clock at the lock, in microseconds.
    now_us: int = 0
    written: list[log.Entry] = field(default_factory=list)

    @property
    def now_ms(self) -> int:
        return self.now_us // 1_000

    def append(self, fact: Interaction, *, turn: str | None = None, cause: str | None = None) -> log.Entry:
        """Number and chain a fact. It is written with everything else of the commit."""
        written = log.entry(self.id, self.head + 1, self.head_hash, fact, self.now_us, turn, cause)
        self.head, self.head_hash = written.seq, written.hash
        if written.visibility <= Visibility.LEARNER:
            self.learner_head = written.seq
        if written.visibility <= Visibility.TEACHER:
            self.teacher_head = written.seq
        self.written.append(written)
        return written

    def kernel(self) -> dict[str, Any]:
        """The kernel's part as JSON values."""
        snapshot = self.snapshot
        plain: dict[str, Any] = {"timer_no": snapshot.timer_no}
        if self.turn is not None:
            plain["turn"] = msgspec.to_builtins(self.turn)
            if self.turn.usage is None:
                del plain["turn"]["usage"]
        if self.calls:
            plain["calls"] = {ref: call.dump() for ref, call in self.calls.items()}
        if self.groups:
            plain["groups"] = groups.dump(self.groups)
        if self.callers:
            plain["callers"] = list(self.callers)
        if snapshot.postponed:
            plain["postponed"] = [dump_event(event) for event in snapshot.postponed]
        if snapshot.timers:
            plain["timers"] = {
                timer_key(key): {"due": timer.due_ms, "guard": timer.guard, "content": events.encode(timer.content)}
                for key, timer in snapshot.timers.items()
            }
        if self.status == SUSPENDED or self.held:
            plain["suspended"] = [
                {"event": dump_event(one.event), "at": one.at_ms, "by": one.by, "opens_turn": one.opens_turn}
                for one in self.held
            ]
        if self.era:
            plain["era"] = self.era
        if self.hibernated_at:
            plain["hibernated"] = self.hibernated_at
        if self.traced_until:
            plain["trace"] = self.traced_until
        return plain

    def take_kernel(self, plain: dict[str, Any]) -> None:
        """The opposite of ``kernel``."""
        turn = plain.get("turn")
        self.turn = None if turn is None else Turn(**turn)
        self.calls = {ref: PendingCall(**call) for ref, call in plain.get("calls", {}).items()}
        self.groups = groups.load(plain.get("groups", {}))
        self.callers = list(plain.get("callers", ()))
        self.held = tuple(
            Held(load_event(one["event"]), one["at"], one["by"], one["opens_turn"])
            for one in plain.get("suspended", ())
        )
        self.era = plain.get("era", 0)
        self.hibernated_at = plain.get("hibernated", 0)
        self.traced_until = plain.get("trace", 0)

    def waiting(self) -> list[str]:
        """Ids of the commands that wait: to be retried, postponed, or until the session is resumed; in this order."""
        events_ = (*self.snapshot.queue, *self.snapshot.postponed, *(one.event for one in self.held))
        return [event.mark for event in events_ if event.mark is not None]

    def ending_waits(self, ref: str) -> bool:
        """Whether a call's ending has come and waits for the session to be resumed."""
        return any(one.ends_call == ref for one in self.held)

    @property
    def conversation_call(self) -> str | None:
        """The ref of the call that locks the conversation, if one does."""
        return next((ref for ref, call in self.calls.items() if not call.background), None)


def snapshot_of(state: str, state_no: int, event_no: int, data: Any, kernel: dict[str, Any]) -> Snapshot:
    """The snapshot that the engine takes up again. ``data`` is the machine's own object."""
    return Snapshot(
        state,
        data,
        state_no=state_no,
        event_no=event_no,
        timer_no=kernel.get("timer_no", 0),
        postponed=tuple(load_event(plain) for plain in kernel.get("postponed", ())),
        timers={
            parse_timer_key(key): Timer(plain["due"], events.decode(plain["content"]), plain["guard"])
            for key, plain in kernel.get("timers", {}).items()
        },
    )
