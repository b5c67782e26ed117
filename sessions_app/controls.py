"""What an operator asks of a session itself, not of its machine: Erlang's system messages (S67-S70).

A control is no event: it raises no event number, cancels no time-out, and the machine never sees it. It is delivered
like one, under the session's lock, and leaves a fact and a step in the log, so that the fold still equals the row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import msgspec

from sessions_app import log, permits
from sessions_app.exceptions import (
    AlreadyRequested,
    AlreadySuspended,
    ClosedSession,
    NotSuspended,
    UnknownState,
    UnloadableData,
)
from sessions_app.row import SUSPENDED, SessionRow, Unloadable
from tutor.events import EventContent
from tutor.interactions import (
    Interaction,
    SessionForked,
    SessionRewound,
    SessionSuspended,
    SessionUnsuspended,
    StateChanged,
    StateReplaced,
    ToolRequested,
    TraceSwitched,
)
from tutor.statem import Snapshot


@dataclass(frozen=True, slots=True)
class Suspend:
    """Handle nothing until ``Resume``: every event waits in the session, in order (S68)."""

    actor: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Handle what has waited, then go on."""

    actor: str


@dataclass(frozen=True, slots=True)
class ReplaceState:
    """Put another state, and other data, in place: no enter call, no retry, no time-out cancelled (S29, S39)."""

    actor: str
    state: str
    #: As the machine dumps it; None keeps what is there.
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """Begin again with the original arguments (S60): calls and time-outs are cancelled, messages that wait go on."""

    actor: str


@dataclass(frozen=True, slots=True)
class End:
    """End for good, whatever the machine would say: calls are cancelled, nobody waits any more, the log is closed."""

    actor: str
    why: str


@dataclass(frozen=True, slots=True)
class SwitchTrace:
    """Record what the engine does, in every process, for so long from now on. 0 switches it off."""

    actor: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Fork:
    """The first thing that happens in a fork: what it shares ends here, its own log begins (``branching``)."""

    actor: str
    parent: uuid.UUID
    #: The parent's seq up to which the log is shared.
    at: int
    #: What the machine waited for there, as endings that it hears of now, by its own names.
    endings: tuple[EventContent, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewind:
    """Go on from what the log told at an earlier seq (``branching``). What ran until now ends."""

    actor: str
    to: int
    state: str
    #: As the log tells it.
    data: dict[str, Any]
    #: What the machine waited for there, as endings that it hears of now, by its own names.
    endings: tuple[EventContent, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestWork:
    """Have a tool run in the background, on behalf of the session itself: its result becomes facts (``recording``)."""

    actor: str
    tool: str
    args: dict[str, Any]
    deadline_ms: int
    #: What stands in the log before the request: why there is work.
    because: tuple[Interaction, ...] = ()
    #: What whoever records the ending is told again. One tool works for one thing at a time, for several at once.
    about: dict[str, str] | None = None


#: What changes the working copy and is told by a fact and a step; the others are outcomes, with all that comes along.
Change: TypeAlias = Suspend | Resume | ReplaceState | SwitchTrace | Fork | Rewind | RequestWork
Control: TypeAlias = Change | Restart | End


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What a control came to: the step's outcome and the facts around the step."""

    outcome: str
    before: Interaction
    after: Interaction | None = None
    #: What the session has left behind for good.
    left: Snapshot | None = None


def check(control: Control, row: SessionRow) -> None:
    """Raises a ``ControlRefused`` where a session as it is now does not take it."""
    if not row.live:
        raise ClosedSession("this session is closed; its log can still be read")
    if isinstance(control, Restart) and row.status == SUSPENDED:
        raise AlreadySuspended("this session is suspended; resume it first, then restart it")


def carry_out(control: Change, row: SessionRow, machine: Any) -> CarriedOut:
    """Change the working copy, after ``check``. Raises a ``ControlRefused``; then nothing was changed."""
    match control:
        case Suspend(actor):
            if row.status == SUSPENDED:
                raise AlreadySuspended("this session is suspended already; resume it to go on")
            row.status = SUSPENDED
            return CarriedOut("suspended", SessionSuspended(actor=actor))
        case Resume(actor):
            if row.status != SUSPENDED:
                raise NotSuspended("this session is running; there is nothing to resume")
            row.status = "running"
            return CarriedOut("resumed", SessionUnsuspended(actor=actor, waited=len(row.held)))
        case ReplaceState():
            return _replace(control, row, machine)
        case SwitchTrace(actor, seconds):
            # Of two operators who trace at once the longer one counts.
            row.traced_until = max(row.traced_until, row.now_ms + seconds * 1_000) if seconds else 0
            until = log.iso(row.traced_until * 1_000) if seconds else None
            return CarriedOut("traced", TraceSwitched(actor=actor, until=until))
        case Fork(actor, parent, at):
            return CarriedOut("forked", SessionForked(parent=str(parent), at=at, actor=actor))
        case Rewind():
            return _rewind(control, row, machine)
        case RequestWork(tool=tool, because=because, about=about):
            if any(call.recorded and call.tool == tool and call.about == about for call in row.calls.values()):
                raise AlreadyRequested(f"the tool {tool} is at work for this session already")
            return CarriedOut("requested", ToolRequested(call=f"k{row.head + len(because) + 1}", name=tool))


def _replace(control: ReplaceState, row: SessionRow, machine: Any) -> CarriedOut:
    snapshot, state = row.snapshot, control.state
    if state not in machine.states:
        raise UnknownState(
            f"{state!r} is none of the machine's states; choose one of {', '.join(sorted(machine.states))}"
        )
    permits.check(row.machine_name, machine, snapshot.state, state, reset=True)
    if control.data is None and isinstance(snapshot.data, Unloadable):
        raise UnloadableData(
            f"the machine cannot load the data that is there ({snapshot.data.error}); give whole data: take it from "
            "get_state and correct it"
        )
    data = snapshot.data if control.data is None else _loaded(control.data, machine)
    row.state_changed = row.state_changed or state != snapshot.state
    row.snapshot = replace(snapshot, state=state, data=data)
    return CarriedOut(
        "replaced",
        StateReplaced(actor=control.actor, from_=snapshot.state, to=state),
        # No state change for the machine, but those who look on should know where the session is.
        StateChanged(from_=snapshot.state, to=state, why="replaced") if state != snapshot.state else None,
    )


def _rewind(control: Rewind, row: SessionRow, machine: Any) -> CarriedOut:
    """To that state, without time-outs, waiting events and calls: those of then are over, those of now are left."""
    if row.status == SUSPENDED:
        raise AlreadySuspended("this session is suspended; resume it, then rewind it")
    left, state = row.snapshot, control.state
    if state not in machine.states:
        raise UnknownState(f"at seq {control.to} the session was in {state!r}, a state that its machine has no more")
    permits.check(row.machine_name, machine, left.state, state, reset=True)
    row.state_changed = row.state_changed or state != left.state
    row.era += 1
    # Counters never go back: stale time-outs and results are told by them.
    row.snapshot = Snapshot(
        state, machine.load(control.data), left.state_no + 1, event_no=left.event_no, timer_no=left.timer_no
    )
    return CarriedOut(
        "rewound",
        SessionRewound(to=control.to, state=state, actor=control.actor),
        StateChanged(from_=left.state, to=state, why="rewound") if state != left.state else None,
        left,
    )


def _loaded(plain: dict[str, Any], machine: Any) -> Any:
    """The machine's own data. It has to survive being written and read again, now and not at the next event."""
    if not isinstance(plain, dict):
        raise UnloadableData(f"data is a JSON object, not {type(plain).__name__}; take it from get_state")
    try:
        encoded = msgspec.json.encode(plain)
        if b"\\u0000" in encoded:
            raise ValueError("a text in it contains a NUL character, which the database cannot hold")
        data = machine.load(msgspec.json.decode(encoded))
        again = machine.dump(machine.load(machine.dump(data)))
    except Exception as error:
        raise UnloadableData(f"the machine cannot load this data: {error}") from error
    if again != machine.dump(data):
        raise UnloadableData("the machine does not keep this data as it is; take it from get_state and change that")
    return data
