"""The rules of Erlang/OTP's ``gen_statem`` over any machine: pure, durable by construction.

``run(machine, snapshot, event, now)`` hands one external event to a machine and plays out everything it sets off
(state enter, inserted events, retried postponed events, zero time-outs) until nothing is left that could run without
the outside world. Each handled event is one ``Outcome`` on an immutable ``Snapshot``: a snapshot can be written to a
database between any two of them and taken up by another process.

The order after a state change (S8) is: inserted (``NextEvent``) -> postponed, oldest first -> already queued -> zero
time-outs -> whatever comes from outside next. ``Snn`` in comments are statements of the conformance list; each has a
test of that name.

Deviations, on purpose: replies become visible at the caller's commit (S21), a transition budget ends machines that
ping-pong for ever, and a restarted zero time-out is replaced as OTP's documentation says (S35; OTP 25 leaks it).

Time is an integer: milliseconds of whatever clock the caller trusts (ours: the database's). Nothing here reads a clock,
does I/O or imports anything but the standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

#: Handled events (and enter calls) one external event may set off before the machine is said to spin.
DEFAULT_TRANSITION_BUDGET = 1_000


class StatemError(Exception):
    """A machine broke the rules of the state machine.

    StatemError
    ├── BadReturn      the callback returned something that is not a result (S20, S27)
    ├── BadAction      an action is unknown or not allowed here (S20, S27)
    └── BudgetExceeded one event set off more transitions than the budget allows
    """


class BadReturn(StatemError):
    """The machine returned something that is not a result, or a result not allowed in an enter call."""


class BadAction(StatemError):
    """The machine asked for an unknown or malformed action, or for one not allowed in an enter call."""


class BudgetExceeded(StatemError):
    """One event set off more transitions than the budget allows; the machine is probably spinning."""


class EventType(StrEnum):
    """What a callback can be called with (S2), and the enter call (S24)."""

    CALL = "call"
    CAST = "cast"
    INFO = "info"
    INTERNAL = "internal"
    TIMEOUT = "timeout"  # the event time-out: cancelled by any delivered event (S34)
    NAMED_TIMEOUT = "named_timeout"  # {timeout, Name}: never cancelled by itself (S33)
    STATE_TIMEOUT = "state_timeout"  # cancelled by a state change and by nothing else (S31)
    ENTER = "enter"


TIMEOUT_TYPES = frozenset({EventType.TIMEOUT, EventType.NAMED_TIMEOUT, EventType.STATE_TIMEOUT})


@dataclass(frozen=True, slots=True)
class Event:
    """One event as a callback sees it."""

    type: EventType
    content: Any = None
    #: Who waits for the reply: an opaque token, for ``call`` only (S46).
    caller: str | None = None
    #: Which named time-out, for ``named_timeout`` only.
    name: str | None = None
    #: The host's own mark (ours: the command id). The engine carries it along and never looks at it.
    mark: str | None = None
    #: When it is being handled, in the host's milliseconds: a machine never asks a clock. Not part of what the event
    #: is: one that was postponed is handled later than it was seen first.
    now_ms: int = field(default=0, compare=False)


# --- what a callback may ask for ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Postpone:
    """Keep the current event until the state changes (S9-S16). The last one of a list wins."""

    value: bool = True


@dataclass(frozen=True, slots=True)
class NextEvent:
    """Insert an event before everything that waits (S6, S7)."""

    type: EventType
    content: Any = None
    caller: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer a caller. Allowed from any later callback, too (S46)."""

    caller: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Timeout:
    """Start, replace, update or cancel a time-out (S30-S42).

    ``after_ms`` relative to now, 0 for "as soon as nothing else is queued", never negative; or ``at_ms`` absolute, in
    the past for "at once"; or neither: cancel. ``update`` changes the content of a running one and leaves its expiry
    alone (S37). ``name`` is for ``named_timeout`` and for nothing else. Anything else is a ``BadAction``.
    """

    type: EventType
    after_ms: int | None = None
    content: Any = None
    name: str | None = None
    at_ms: int | None = None
    update: bool = False


def state_timeout(after_ms: int | None, content: Any = None) -> Timeout:
    """The state time-out: ``after_ms`` None cancels it."""
    return Timeout(EventType.STATE_TIMEOUT, after_ms, content)


def event_timeout(after_ms: int | None, content: Any = None) -> Timeout:
    """The event time-out: ``after_ms`` None cancels it."""
    return Timeout(EventType.TIMEOUT, after_ms, content)


def named_timeout(name: str, after_ms: int | None, content: Any = None) -> Timeout:
    """The time-out called ``name``: ``after_ms`` None cancels it."""
    return Timeout(EventType.NAMED_TIMEOUT, after_ms, content, name)


@dataclass(frozen=True, slots=True)
class Hibernate:
    """The machine expects to wait for long, until its next event: its host may put it to sleep."""


class Effect:
    """Base of everything a machine asks of its host. The engine passes effects on in order and knows none of them."""

    __slots__ = ()


Action: TypeAlias = "Postpone | NextEvent | Reply | Timeout | Hibernate | Effect"


# --- results -----------------------------------------------------------------------------------------------------


class _Keep:
    """The data stays as it is (told apart from data that happens to be None)."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Any = _Keep()


@dataclass(frozen=True, slots=True)
class NextState:
    """Go to ``state``; to the same one it is no state change (S13)."""

    state: str
    data: Any = KEEP
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class KeepState:
    """Stay (``keep_state`` and ``keep_state_and_data``)."""

    data: Any = KEEP
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class RepeatState:
    """Stay and run the enter call again; postponed events are not retried (S26)."""

    data: Any = KEEP
    actions: Sequence[Action] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """End the machine; ``replies`` is ``stop_and_reply`` (S22)."""

    reason: str = "normal"
    data: Any = KEEP
    replies: Sequence[Reply] = ()


Result: TypeAlias = "NextState | KeepState | RepeatState | Stop"


class Thrown(Exception):
    """Raising ``Thrown(result)`` in a callback equals returning the result (S19)."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


class Machine(Protocol):
    """A callback module. ``handle`` is a pure function of its arguments."""

    @property
    def states(self) -> frozenset[str]:
        """Every state the machine can be in."""

    @property
    def state_enter(self) -> bool:
        """Whether the machine wants enter calls."""

    def handle(self, event: Event, state: str, data: Any) -> Result:
        """Decide. For an enter call ``event.content`` is the old state."""


# --- snapshots and outcomes --------------------------------------------------------------------------------------

#: (type, name): which time-out. At most one of each is running (S30).
TimerKey: TypeAlias = tuple[EventType, str | None]


@dataclass(frozen=True, slots=True)
class Timer:
    """A running time-out.

    The guard says for what it was set, so that a stale firing can be told from a due one (DESIGN rule 10): the state
    number for a state time-out, the event number for an event time-out, its own generation for a named one.
    """

    due_ms: int
    content: Any
    guard: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a machine is between two events. Immutable; safe to write down and to take up elsewhere."""

    state: str
    data: Any
    #: Rises when the state really changes.
    state_no: int = 0
    #: Number of the last handled event; enter calls are part of the event that caused them.
    event_no: int = 0
    #: Rises with every time-out that is set; the guard of named time-outs.
    timer_no: int = 0
    #: Oldest first.
    postponed: tuple[Event, ...] = ()
    #: Inserted and retried events, next first. Empty between two external events.
    queue: tuple[Event, ...] = ()
    timers: Mapping[TimerKey, Timer] = field(default_factory=dict)
    #: Zero time-outs that wait for the queue to become empty, in the order in which they were set.
    zero: tuple[tuple[TimerKey, Any], ...] = ()
    #: The reason, once stopped.
    stopped: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one handled event did."""

    event: Event
    before: Snapshot
    after: Snapshot
    #: Replies and effects, in the order of the action list, enter calls included.
    commands: tuple[Reply | Effect, ...] = ()
    postponed: bool = False
    #: States entered: ``(old, new)`` for each enter call.
    entered: tuple[tuple[str, str], ...] = ()
    hibernate: bool = False
    #: Set where the callback raised; ``after`` then equals ``before`` without the event.
    crash: BaseException | None = None


#: Called with the word of the trace vocabulary (S70) and its arguments.
Trace: TypeAlias = Callable[..., None]


def _no_trace(_word: str, *_arguments: object) -> None:
    """Tracing is off."""


# --- the engine --------------------------------------------------------------------------------------------------


class _Transition:
    """Collects what the callbacks of one transition ask for, in order (S21)."""

    __slots__ = ("commands", "entered", "hibernate", "next_events", "postpone", "timeouts")

    def __init__(self) -> None:
        self.commands: list[Reply | Effect] = []
        self.next_events: list[Event] = []
        self.timeouts: list[Timeout] = []
        self.postpone = False
        self.hibernate = False
        self.entered: list[tuple[str, str]] = []

    def collect(self, actions: Sequence[Action], *, entering: bool) -> None:
        # A lone action stands for a list of one, as in OTP.
        for action in actions if isinstance(actions, (tuple, list)) else (actions,):
            match action:
                case Effect():
                    self.commands.append(action)
                case Reply():
                    self.commands.append(_checked_reply(action))
                case Timeout():
                    self.timeouts.append(_checked_timeout(action))
                case Postpone(value=bool(value)):
                    if entering and value:
                        raise BadAction("an enter call may not postpone (S27)")
                    self.postpone = value
                case NextEvent():
                    if entering:
                        raise BadAction("an enter call may not insert events (S27)")
                    self.next_events.append(_checked_event(action))
                case Hibernate():
                    self.hibernate = True
                case _:
                    raise BadAction(f"unknown action {action!r}")

    def reply(self, replies: Sequence[Reply]) -> None:
        """The replies of a ``Stop``."""
        for reply in replies if isinstance(replies, (tuple, list)) else (replies,):
            self.commands.append(_checked_reply(reply))


def _checked_reply(reply: Reply) -> Reply:
    if not isinstance(reply, Reply) or not isinstance(reply.caller, str):
        raise BadAction(f"{reply!r} is no reply to a caller; reply with the `caller` of a call event")
    return reply


def _checked_event(action: NextEvent) -> Event:
    if not isinstance(action.type, EventType) or action.type is EventType.ENTER:
        raise BadAction(f"{action.type!r} is not a type of event that can be inserted")
    if (action.type is EventType.CALL) is not isinstance(action.caller, str):
        raise BadAction(f"{action!r}: a call needs its caller, and nothing else has one")
    if (action.type is EventType.NAMED_TIMEOUT) is (action.name is None):
        raise BadAction(f"{action!r}: a named time-out needs its name, and nothing else has one")
    return Event(action.type, action.content, action.caller, action.name)


def _checked_timeout(action: Timeout) -> Timeout:
    if action.type not in TIMEOUT_TYPES:
        raise BadAction(f"{action.type!r} is not a kind of time-out")
    if (action.type is EventType.NAMED_TIMEOUT) is (action.name is None):
        raise BadAction(f"{action!r}: a named time-out needs its name, and nothing else has one")
    if action.after_ms is not None and (type(action.after_ms) is not int or action.after_ms < 0):
        raise BadAction(
            f"{action!r}: after_ms must be a whole number of milliseconds from 0; use at_ms for a past time"
        )
    if (action.after_ms is not None) + (action.at_ms is not None) + action.update > 1:
        raise BadAction(f"{action!r}: after_ms, at_ms and update exclude each other")
    return action


def _call(machine: Machine, event: Event, state: str, data: Any) -> Result:
    try:
        result = machine.handle(event, state, data)
    except Thrown as thrown:
        result = thrown.result
    if not isinstance(result, (NextState, KeepState, RepeatState, Stop)):
        raise BadReturn(f"the machine returned {result!r} in state {state!r}; expected a result")
    return result


def _data(result: Result, data: Any) -> Any:
    return data if result.data is KEEP else result.data


def _enter(
    machine: Machine, old: str, state: str, data: Any, *, now: int, transition: _Transition, budget: int, trace: Trace
) -> tuple[Any, str | None]:
    """Run enter calls until one does not ask for a repeat. Returns (data, stop reason or None).

    ``old`` stays the same in repeated ones: the transition that they belong to is not over yet.
    """
    while True:
        if len(transition.entered) >= budget:
            raise BudgetExceeded(f"the enter call of {state!r} repeated itself more than {budget} times")
        transition.entered.append((old, state))
        trace("enter", old, state)
        result = _call(machine, Event(EventType.ENTER, old, now_ms=now), state, data)
        data = _data(result, data)
        match result:
            case NextState(state=wanted) if wanted != state:
                raise BadReturn(f"an enter call may not change the state ({state!r} to {wanted!r}) (S27)")
            case Stop():
                transition.reply(result.replies)
                return data, result.reason
            case NextState() | KeepState():
                transition.collect(result.actions, entering=True)
                return data, None
            case RepeatState():
                transition.collect(result.actions, entering=True)


def _apply_timeouts(
    timeouts: Sequence[Timeout],
    now: int,
    trace: Trace,
    *,
    running: Mapping[TimerKey, Timer],
    pending: tuple[tuple[TimerKey, Any], ...],
    timer_no: int,
    guards: Mapping[EventType, int],
) -> tuple[dict[TimerKey, Timer], tuple[tuple[TimerKey, Any], ...], int]:
    """Start, update and cancel. Of several for one kind and name only the last counts (S21)."""
    last = {(t.type, t.name): index for index, t in enumerate(timeouts)}
    timers, zero = dict(running), list(pending)
    for index, wanted in enumerate(timeouts):
        key: TimerKey = (wanted.type, wanted.name)
        if last[key] != index:
            continue
        waiting = next((i for i, (k, _) in enumerate(zero) if k == key), None)
        if wanted.update:
            if key in timers:
                timers[key] = replace(timers[key], content=wanted.content)
            elif waiting is not None:
                zero[waiting] = (key, wanted.content)
            else:
                zero.append((key, wanted.content))  # none running: delivered at once (S37)
                trace("insert_timeout", key, wanted.content)
            continue
        timers.pop(key, None)  # starting replaces, cancelling removes; removing none is fine (S35, S36)
        if waiting is not None:
            del zero[waiting]
        if wanted.at_ms is None and wanted.after_ms is None:
            continue
        due = wanted.at_ms if wanted.at_ms is not None else now + (wanted.after_ms or 0)
        if due <= now:
            zero.append((key, wanted.content))
            trace("insert_timeout", key, wanted.content)
            continue
        timer_no += 1
        timers[key] = Timer(due, wanted.content, guards.get(wanted.type, timer_no))
        trace("start_timer", key, due, wanted.content)
    return timers, tuple(zero), timer_no


def _settle(
    snapshot: Snapshot,
    event: Event | None,
    transition: _Transition,
    *,
    event_no: int,
    state: str,
    data: Any,
    now: int,
    trace: Trace,
) -> Snapshot:
    """The exact order of a transition: postpone, retry, cancel, insert, start time-outs (S8, S25, S31, S34)."""
    postponed, queue, timers, zero = snapshot.postponed, snapshot.queue, snapshot.timers, snapshot.zero
    state_no, timer_no = snapshot.state_no, snapshot.timer_no
    if event is not None:
        if transition.postpone:
            postponed = (*postponed, event)
            trace("postpone", event, state)
        else:
            trace("consume", event, state)
    gone = _EVENT_TIMEOUT  # any delivered event, a postponed one too (S34)
    if state != snapshot.state:
        state_no += 1
        gone = _STATE_AND_EVENT_TIMEOUT
        queue, postponed = (*postponed, *queue), ()  # all of them, oldest first, before newer events (S10, S11)
    if transition.next_events:
        queue = (*transition.next_events, *queue)
    if timers and not gone.isdisjoint(timers):
        timers = {key: timer for key, timer in timers.items() if key not in gone}
    if zero:
        zero = tuple(pair for pair in zero if pair[0] not in gone)
    if transition.timeouts:
        guards = {EventType.STATE_TIMEOUT: state_no, EventType.TIMEOUT: event_no}
        timers, zero, timer_no = _apply_timeouts(
            transition.timeouts, now, trace, running=timers, pending=zero, timer_no=timer_no, guards=guards
        )
    return Snapshot(state, data, state_no, event_no, timer_no, postponed, queue, timers, zero)


_EVENT_TIMEOUT: frozenset[TimerKey] = frozenset({(EventType.TIMEOUT, None)})
_STATE_AND_EVENT_TIMEOUT = _EVENT_TIMEOUT | {(EventType.STATE_TIMEOUT, None)}


def start(
    machine: Machine,
    state: str,
    data: Any,
    actions: Sequence[Action] = (),
    *,
    now: int,
    budget: int = DEFAULT_TRANSITION_BUDGET,
    trace: Trace = _no_trace,
) -> Outcome:
    """The first outcome: ``init``'s actions and the first enter call (S23, S24). A postpone is ignored (S16).

    Nothing has started if this raises: ``BadReturn`` or ``BadAction``, or whatever the machine raised.
    """
    if state not in machine.states:
        raise BadReturn(f"cannot start in {state!r}, which is none of the machine's states")
    before = Snapshot(state, data)
    transition = _Transition()
    transition.collect(actions, entering=False)
    reason = None
    if machine.state_enter:
        data, reason = _enter(machine, state, state, data, now=now, transition=transition, budget=budget, trace=trace)
    after = _settle(before, None, transition, event_no=0, state=state, data=data, now=now, trace=trace)
    if reason is not None:
        trace("terminate", reason, state)
        after = replace(after, stopped=reason)
    return Outcome(
        Event(EventType.INTERNAL, "init"),
        before,
        after,
        tuple(transition.commands),
        entered=tuple(transition.entered),
        hibernate=transition.hibernate,
    )


def step(
    machine: Machine,
    snapshot: Snapshot,
    event: Event,
    now: int,
    *,
    budget: int = DEFAULT_TRANSITION_BUDGET,
    trace: Trace = _no_trace,
) -> Outcome:
    """Handle exactly one event. What it sets off waits in ``after.queue`` and ``after.zero``.

    A callback that raises gives an outcome with ``crash`` set and nothing else changed: the event counts as taken.
    """
    event_no = snapshot.event_no + 1
    transition = _Transition()
    event = Event(event.type, event.content, event.caller, event.name, event.mark, now)
    trace("in", event, snapshot.state)
    try:
        result = _call(machine, event, snapshot.state, snapshot.data)
        data = _data(result, snapshot.data)
        if isinstance(result, Stop):
            transition.reply(result.replies)
            trace("terminate", result.reason, snapshot.state)
            after = replace(snapshot, event_no=event_no, data=data, stopped=result.reason)
            return Outcome(event, snapshot, after, tuple(transition.commands))
        if result.actions != ():
            transition.collect(result.actions, entering=False)
        state = result.state if isinstance(result, NextState) else snapshot.state
        if state not in machine.states:
            raise BadReturn(f"the machine wants to go to {state!r}, which is none of its states")
        reason = None
        if machine.state_enter and (state != snapshot.state or isinstance(result, RepeatState)):
            data, reason = _enter(
                machine, snapshot.state, state, data, now=now, transition=transition, budget=budget, trace=trace
            )
        after = _settle(snapshot, event, transition, event_no=event_no, state=state, data=data, now=now, trace=trace)
    except Exception as crash:
        return Outcome(event, snapshot, replace(snapshot, event_no=event_no), crash=crash)
    if reason is not None:
        trace("terminate", reason, state)
        after = replace(after, stopped=reason)
    return Outcome(
        event,
        snapshot,
        after,
        tuple(transition.commands),
        postponed=transition.postpone,
        entered=tuple(transition.entered),
        hibernate=transition.hibernate,
    )


def pending(snapshot: Snapshot) -> tuple[Event, Snapshot] | None:
    """The next event that can run without the outside world, and the snapshot without it (S38, S39)."""
    if snapshot.stopped is not None:
        return None
    if snapshot.queue:
        return snapshot.queue[0], _waiting(snapshot, snapshot.queue[1:], snapshot.zero)
    if snapshot.zero:
        (kind, name), content = snapshot.zero[0]
        return Event(kind, content, name=name), _waiting(snapshot, snapshot.queue, snapshot.zero[1:])
    return None


def _waiting(s: Snapshot, queue: tuple[Event, ...], zero: tuple[tuple[TimerKey, Any], ...]) -> Snapshot:
    """``replace``, spelt out because every retried or inserted event comes through here."""
    return Snapshot(s.state, s.data, s.state_no, s.event_no, s.timer_no, s.postponed, queue, s.timers, zero)


def fire(snapshot: Snapshot, key: TimerKey, guard: int, now: int) -> tuple[Event, Snapshot] | None:
    """A due time-out as an event, and the snapshot without it; None if it is stale or not due (S40, S41)."""
    timer = snapshot.timers.get(key)
    if snapshot.stopped is not None or timer is None or timer.guard != guard or timer.due_ms > now:
        return None
    timers = {k: t for k, t in snapshot.timers.items() if k != key}
    return Event(key[0], timer.content, name=key[1]), replace(snapshot, timers=timers)


def run(
    machine: Machine,
    snapshot: Snapshot,
    event: Event | None,
    now: int,
    *,
    budget: int = DEFAULT_TRANSITION_BUDGET,
    trace: Trace = _no_trace,
) -> Iterator[Outcome]:
    """One event from outside (None: only what is pending) and everything it sets off, outcome by outcome.

    Stops after a crash: what to do next (go on, restore, quarantine) is the supervisor's decision. ``BudgetExceeded``
    comes as a crash of the event that was next.
    """
    spent = 0
    while True:
        if event is None:
            following = pending(snapshot)
            if following is None:
                return
            event, snapshot = following
        if spent >= budget:
            yield Outcome(event, snapshot, snapshot, crash=BudgetExceeded(f"more than {budget} transitions"))
            return
        outcome = step(machine, snapshot, event, now, budget=budget, trace=trace)
        yield outcome
        if outcome.crash is not None or outcome.after.stopped is not None:
            return
        spent += max(1, len(outcome.entered))
        snapshot, event = outcome.after, None
