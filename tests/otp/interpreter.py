"""Plays a program (see ``program.py``) on ``tutor.statem`` and says what happened, in the words of ``driver.erl``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.otp.program import BURSTS, CAP, DATA, ENTER_RULES, INIT, RULES, STATE, STATE_ENTER, STATES, Program
from tutor import statem
from tutor.statem import Event, EventType, Outcome, Result, Snapshot, Timeout, TimerKey


class CapReachedError(Exception):
    """The program has used up its callbacks."""


class BoomError(Exception):
    """The callback crashed, as the program said."""


TIMER_KEYS: dict[str, TimerKey] = {
    "state": (EventType.STATE_TIMEOUT, None),
    "event": (EventType.TIMEOUT, None),
    "x": (EventType.NAMED_TIMEOUT, "x"),
    "y": (EventType.NAMED_TIMEOUT, "y"),
}


@dataclass
class ProgramMachine:
    """The callback module: ``handle`` looks the result up in the program's rules and writes its own log."""

    program: Program
    now: int = 0
    states: frozenset[str] = frozenset(STATES)
    #: Callbacks of the current transition, as text.
    callbacks: list[str] = field(default_factory=list)
    #: Time-outs and inserted events that it asked for.
    timeouts: list[Timeout] = field(default_factory=list)
    inserted: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state_enter = bool(self.program[STATE_ENTER])
        self.left = int(self.program[CAP])
        self.rules = {(number, state): results for number, state, results in self.program[RULES]}
        self.enter_rules = dict(self.program[ENTER_RULES])

    def handle(self, event: Event, state: str, data: Any) -> Result:
        if event.type is EventType.ENTER:
            self.callbacks.append(f"enter {event.content} {state} {data}")
            results = self.enter_rules.get(state)
        else:
            self.callbacks.append(f"{type_text(event)} {event.content} {state} {data}")
            results = self.rules.get((event.content, state))
        self.left -= 1
        if not self.left:
            raise CapReachedError
        return self.result(results[data % len(results)]) if results else statem.KeepState()

    def result(self, result: list[Any]) -> Result:
        match result:
            case ["next", state, data, actions]:
                return statem.NextState(state, keep(data), self.actions(actions))
            case ["keep", data, actions]:
                return statem.KeepState(keep(data), self.actions(actions))
            case ["repeat", data, actions]:
                return statem.RepeatState(keep(data), self.actions(actions))
            case ["stop", reason, data, replies]:
                return statem.Stop(reason, keep(data), self.actions(replies))
            case ["throw", thrown]:
                raise statem.Thrown(self.result(thrown))
            case ["boom"]:
                raise BoomError
            case ["bad", number]:
                bad: Any = (("foo", "bar"), None, statem.KeepState(actions="bogus"))  # type: ignore[arg-type]
                return bad[number]  # type: ignore[no-any-return]
        raise ValueError(f"no result: {result!r}")

    def actions(self, actions: list[Any]) -> Any:
        if actions and actions[0] == "lone":
            return self.action(actions[1])
        return [self.action(action) for action in actions]

    def action(self, action: list[Any]) -> Any:
        made = self.make(action)
        if isinstance(made, Timeout):
            self.timeouts.append(made)
        elif isinstance(made, statem.NextEvent):
            self.inserted.append(Event(made.type, made.content, made.caller, made.name))
        return made

    def make(self, action: list[Any]) -> Any:
        match action:
            case ["timeout", key, "cancel" | "infinity"]:
                return timeout(key)
            case ["timeout", key, "update", content]:
                return timeout(key, content=content, update=True)
            case ["timeout", key, after_ms, content]:
                return timeout(key, after_ms=after_ms, content=content)
            case ["timeout", key, "abs", after_ms, content]:
                return timeout(key, at_ms=self.now + after_ms, content=content)
            case ["bare", after_ms]:
                return statem.event_timeout(after_ms, after_ms)
            case ["postpone", value]:
                return statem.Postpone(value)
            case ["next", ["call", slot], content]:
                return statem.NextEvent(EventType.CALL, content, caller=str(slot))
            case ["next", ["named", name], content]:
                return statem.NextEvent(EventType.NAMED_TIMEOUT, content, name=name)
            case ["next", kind, content]:
                return statem.NextEvent(EventType(kind), content)
            case ["reply", slot, value]:
                return statem.Reply(str(slot), value)
            case ["hibernate"]:
                return statem.Hibernate()
            case ["bad", number]:
                return BAD_ACTIONS[number]()
        raise ValueError(f"no action: {action!r}")


_anything: Any = statem
#: As the bad actions of driver.erl, one by one.
BAD_ACTIONS: tuple[Callable[[], Any], ...] = (
    lambda: "bogus",
    lambda: statem.state_timeout(-1),
    lambda: statem.NextEvent(EventType.ENTER),
    lambda: _anything.Reply(None, 0),
    lambda: _anything.Postpone("maybe"),
    lambda: Timeout(EventType.CAST, 5),
    lambda: statem.NextEvent(EventType.CALL),
)


def timeout(key: str, **arguments: Any) -> Timeout:
    kind, name = TIMER_KEYS[key]
    return Timeout(kind, name=name, **arguments)


def keep(data: Any) -> Any:
    return statem.KEEP if data is None else data


def type_text(event: Event) -> str:
    if event.type is EventType.CALL:
        return f"call:{event.caller}"
    if event.type is EventType.NAMED_TIMEOUT:
        return f"named:{event.name}"
    return event.type.value


@dataclass
class Played:
    """What one program did."""

    #: Callbacks and replies in order, then how it ended.
    trace: list[str]
    #: Whether the trace stops early because the program restarts a pending zero time-out: what OTP 25 does then is a
    #: known defect (S35).
    cut: bool = False
    outcomes: int = 0


class _Player:
    def __init__(self, program: Program, between: Callable[[Snapshot], Snapshot]) -> None:
        self.program = program
        self.machine = ProgramMachine(program)
        self.between = between
        self.trace: list[str] = []
        self.outcomes = 0

    def play(self) -> Played:
        machine, program = self.machine, self.program
        try:
            first = statem.start(
                machine, program[STATE], program[DATA], machine.actions(program[INIT]), now=0, budget=10_000
            )
        except Exception as crash:
            return self.ended(ending(crash), machine.callbacks)
        if (end := self.record(first)) is not None:
            return end
        snapshot = self.between(first.after)
        for burst in [[], *program[BURSTS]]:
            last = self.burst(snapshot, burst)
            if isinstance(last, Played):
                return last
            snapshot = last
        return self.ended(alive(snapshot))

    def burst(self, snapshot: Snapshot, burst: list[Any]) -> Snapshot | Played:
        """Hand over the events of one burst. A time-out that expires waits in the line as the others do."""
        waiting: dict[int, tuple[TimerKey, int]] = {}
        for index, event in enumerate(burst):
            timer = snapshot.timers.get(TIMER_KEYS[event[1]]) if event[0] == "expire" else None
            key = TIMER_KEYS[event[1]] if timer else None
            if timer and key and (key, timer.guard) not in waiting.values():
                waiting[index] = (key, timer.guard)
                self.machine.now = max(self.machine.now, timer.due_ms)
        for index, given in enumerate(burst or [None]):
            match given:
                case None:
                    event = None
                case ["expire", _]:
                    fired = statem.fire(snapshot, *waiting[index], self.machine.now) if index in waiting else None
                    if fired is None:
                        continue
                    event, snapshot = fired
                case ["call", number, slot]:
                    event = Event(EventType.CALL, number, caller=str(slot))
                case [kind, number]:
                    event = Event(EventType(kind), number)
            for outcome in statem.run(self.machine, snapshot, event, self.machine.now, budget=10_000):
                self.outcomes += 1
                if (end := self.record(outcome)) is not None:
                    return end
                snapshot = outcome.after
            snapshot = self.between(snapshot)
        return snapshot

    def record(self, outcome: Outcome) -> Played | None:
        """Write one outcome down; says how the program ended if it did."""
        machine = self.machine
        if outcome.crash is not None:
            return self.ended(ending(outcome.crash), machine.callbacks)
        self.trace += machine.callbacks
        self.trace += [f"reply {c.caller} {c.value}" for c in outcome.commands if isinstance(c, statem.Reply)]
        if outcome.after.stopped is not None:
            return self.ended(f"stopped {outcome.after.stopped} {outcome.after.state} {outcome.after.data}")
        cut = restarts_zero(outcome, machine.timeouts)
        machine.callbacks.clear()
        machine.timeouts.clear()
        machine.inserted.clear()
        return Played(self.trace, cut=True, outcomes=self.outcomes) if cut else None

    def ended(self, *last: Any) -> Played:
        end, *callbacks = last
        return Played([*self.trace, *(text for some in callbacks for text in some), end], outcomes=self.outcomes)


def restarts_zero(outcome: Outcome, timeouts: list[Timeout]) -> bool:
    """Whether a running time-out is started where a zero one of the same kind and name still waits."""
    gone = {TIMER_KEYS["event"]}
    if outcome.after.state_no != outcome.before.state_no:
        gone.add(TIMER_KEYS["state"])
    pending = {key for key, _ in outcome.before.zero} - gone
    last = {(t.type, t.name): t for t in timeouts}
    return any(key in pending and (t.at_ms is not None or bool(t.after_ms)) for key, t in last.items())


def ending(crash: BaseException) -> str:
    match crash:
        case CapReachedError():
            return "cap"
        case BoomError():
            return "crash boom"
        case statem.BadReturn():
            return "crash bad return"
        case statem.BadAction():
            return "crash bad action"
    raise crash


def alive(snapshot: Snapshot) -> str:
    postponed = "".join(f" {type_text(event)}:{event.content}" for event in snapshot.postponed)
    timers = "".join(
        sorted(
            f" {type_text(Event(kind, name=name))}:{timer.content}" for (kind, name), timer in snapshot.timers.items()
        )
    )
    return f"alive {snapshot.state} {snapshot.data} postponed{postponed} timeouts{timers}"


def _same(snapshot: Snapshot) -> Snapshot:
    return snapshot


def play(program: Program, between: Callable[[Snapshot], Snapshot] = _same) -> Played:
    """Run one program. ``between`` is put between any two events from outside."""
    return _Player(program, between).play()


def differs(ours: Played, otp: list[str]) -> bool:
    """Whether the two runs differ, as far as they can be compared."""
    return ours.trace != (otp[: len(ours.trace)] if ours.cut else otp)
