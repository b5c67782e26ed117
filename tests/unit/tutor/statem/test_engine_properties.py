"""What the engine promises beyond OTP: a snapshot can be taken up anywhere, no event is lost, nothing spins."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.otp.interpreter import ProgramMachine, play
from tests.otp.program import DATA, STATE, random_program
from tests.unit.tutor.statem.world import Scripted, World
from tutor import statem
from tutor.statem import Event, EventType, KeepState, NextEvent, NextState, Outcome, RepeatState, Snapshot, Timer

programs = st.builds(
    lambda seed, events: random_program(random.Random(seed), events), st.integers(0, 2**32), st.integers(1, 12)
)


def dump(snapshot: Snapshot) -> str:
    """A snapshot of a program's machine as text."""

    def event(e: Event) -> list[Any]:
        return [e.type.value, e.content, e.caller, e.name]

    timers = [[*key, t.due_ms, t.content, t.guard] for key, t in snapshot.timers.items()]
    return json.dumps(
        {
            "state": snapshot.state,
            "data": snapshot.data,
            "state_no": snapshot.state_no,
            "event_no": snapshot.event_no,
            "timer_no": snapshot.timer_no,
            "postponed": [event(e) for e in snapshot.postponed],
            "queue": [event(e) for e in snapshot.queue],
            "timers": timers,
            "zero": [[*key, content] for key, content in snapshot.zero],
            "stopped": snapshot.stopped,
        }
    )


def load(text: str) -> Snapshot:
    plain = json.loads(text)

    def events(rows: list[list[Any]]) -> tuple[Event, ...]:
        return tuple(Event(EventType(kind), content, caller, name) for kind, content, caller, name in rows)

    timers: Mapping[statem.TimerKey, Timer] = {
        (EventType(kind), name): Timer(due, content, guard) for kind, name, due, content, guard in plain["timers"]
    }
    zero = tuple(((EventType(kind), name), content) for kind, name, content in plain["zero"])
    return Snapshot(
        **{
            **plain,
            "postponed": events(plain["postponed"]),
            "queue": events(plain["queue"]),
            "timers": timers,
            "zero": zero,
        }
    )


@given(program=programs)
@settings(max_examples=200, deadline=None)
def test_a_snapshot_written_down_and_read_back_between_any_two_events_gives_the_same_run(program: list[Any]) -> None:
    assert play(program, between=lambda snapshot: load(dump(snapshot))) == play(program)


@given(program=programs, number=st.integers(0, 11))
@settings(max_examples=200, deadline=None)
def test_a_snapshot_written_down_and_read_back_between_any_two_outcomes_gives_the_same_run(
    program: list[Any], number: int
) -> None:
    def outcomes(*, through_text: bool) -> list[tuple[Event, str, bool]]:
        machine = ProgramMachine(program)
        taken: list[tuple[Event, str, bool]] = []
        snapshot = Snapshot(program[STATE], program[DATA])
        event: Event | None = Event(EventType.CAST, number)
        while event is not None and len(taken) < 100:
            outcome = statem.step(machine, snapshot, event, now=0)
            taken.append((event, dump(outcome.after), outcome.postponed))
            following = (
                None if outcome.crash else statem.pending(load(dump(outcome.after)) if through_text else outcome.after)
            )
            event, snapshot = following or (None, snapshot)
        return taken

    assert outcomes(through_text=True) == outcomes(through_text=False)


@given(program=programs)
@settings(max_examples=300, deadline=None)
def test_no_event_is_lost_given_plus_inserted_is_handled_plus_waiting(program: list[Any]) -> None:
    machine = ProgramMachine(program)
    snapshot = Snapshot(program[STATE], program[DATA])
    for number in range(12):
        given_event = Event(EventType.CAST, number)
        for outcome in statem.run(machine, snapshot, given_event, now=0, budget=50):
            assert conserved(outcome, machine.inserted)
            machine.inserted.clear()
            snapshot = outcome.after
            if outcome.crash is not None or snapshot.stopped is not None:
                return


def conserved(outcome: Outcome, inserted: list[Event]) -> bool:
    """What waited before, the inserted events and a postponed one wait after; nothing else does."""
    before = Counter((*outcome.before.postponed, *outcome.before.queue))
    after = Counter((*outcome.after.postponed, *outcome.after.queue))
    if outcome.crash is not None or (outcome.after.stopped is not None and not outcome.entered):
        return after == before
    return after == before + Counter(inserted) + Counter([outcome.event] * outcome.postponed)


class PingPong:
    """Two states that hand one event back and forth for ever."""

    states = frozenset("ab")
    state_enter = False

    def handle(self, _event: Event, state: str, _data: Any) -> statem.Result:
        return NextState("b" if state == "a" else "a", actions=(NextEvent(EventType.INTERNAL, "ping"),))


@given(budget=st.integers(1, 200))
@settings(deadline=None)
def test_the_budget_ends_a_ping_pong_and_keeps_what_was_done(budget: int) -> None:
    outcomes = list(statem.run(PingPong(), Snapshot("a", 0), Event(EventType.CAST), 0, budget=budget))
    assert len(outcomes) == budget + 1
    assert [outcome.crash for outcome in outcomes[:-1]] == [None] * budget
    assert isinstance(outcomes[-1].crash, statem.BudgetExceeded)
    assert outcomes[-1].after.state_no == budget


def test_the_budget_ends_an_enter_call_that_repeats_itself() -> None:
    world = World(Scripted(enter=True, b=RepeatState()))
    world.cast("go", a=NextState("b"))
    assert isinstance(world.crash, statem.BudgetExceeded)
    assert world.snapshot.state == "a"


def test_the_budget_is_for_each_event_from_outside() -> None:
    world = World()
    for _ in range(statem.DEFAULT_TRANSITION_BUDGET + 1):
        world.cast("n", a=KeepState())
    assert world.crash is None
