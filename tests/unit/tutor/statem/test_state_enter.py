"""Statements S24 to S29: enter calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.tutor.statem.world import POSTPONE, Scripted, World, recorded
from tutor import statem
from tutor.statem import (
    Event,
    EventType,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    Reply,
    Result,
    Stop,
    named_timeout,
    state_timeout,
)


def world_of_probe_30() -> World:
    world = World(Scripted(enter=True))
    world.cast("k")
    world.cast("same", a=NextState("a"))
    world.cast("rep", a=RepeatState())
    world.cast("go", a=NextState("b", actions=(NextEvent(EventType.INTERNAL, "i"),)))
    return world


def test_s24_the_first_state_is_entered_from_itself_before_any_event() -> None:
    assert world_of_probe_30().log[0] == recorded("30")[0] == "{enter,a,a}"


def test_s25_the_enter_call_comes_before_inserted_postponed_and_new_events() -> None:
    assert world_of_probe_30().log[-2:] == recorded("30")[-2:]

    world = World(Scripted(enter=True, c=KeepState(actions=(state_timeout(20, "from_enter"),))))
    world.cast("p1", a=POSTPONE)
    world.cast("go", a=NextState("c"))
    world.wait(60)
    assert world.log == recorded("31")


def test_s26_the_same_state_is_not_entered_again_but_repeat_state_enters_it() -> None:
    world = world_of_probe_30()
    assert world.log == recorded("30")

    timer = World()
    timer.cast("set", a=NextState("b", actions=(state_timeout(40, "st"),)))
    timer.cast("rep", b=RepeatState())
    timer.wait(100)
    assert timer.log == recorded("6")


def test_s27_an_enter_call_may_change_data_reply_set_time_outs_and_stop() -> None:
    actions = (Reply("me", 1), state_timeout(20, "s"), named_timeout("x", 0, "n"))
    world = World(Scripted(b=KeepState(5, actions), h=Stop("normal", 6, (Reply("me", 2),))))
    world.cast("go", a=NextState("b"))
    assert world.snapshot.data == 5
    assert world.log[-1] == "{{timeout,x},n,b}"
    world.cast("end", b=NextState("h"))
    assert (world.snapshot.stopped, world.snapshot.state, world.snapshot.data) == ("normal", "h", 6)
    assert world.replies == [("me", 1), ("me", 2)]


@pytest.mark.parametrize(
    ("result", "crash"),
    [
        (NextState("e"), statem.BadReturn),
        (KeepState(actions=(Postpone(),)), statem.BadAction),
        (KeepState(actions=(NextEvent(EventType.INTERNAL, "x"),)), statem.BadAction),
    ],
    ids=["32 changes the state", "33 postpones", "34 inserts an event"],
)
def test_s27_an_enter_call_may_not_change_the_state_postpone_or_insert(
    result: Result, crash: type[BaseException]
) -> None:
    world = World(Scripted(d=result))
    world.cast("go", a=NextState("d"))
    assert isinstance(world.crash, crash)
    assert world.snapshot.state == "a"


def test_s28_a_time_out_set_in_enter_overrides_one_of_the_events_actions() -> None:
    world = World(Scripted(enter=True, k=KeepState(actions=(state_timeout(30, "enter_wins"),))))
    world.cast("go", a=NextState("k", actions=(state_timeout(15, "action"),)))
    world.wait(70)
    assert world.log == recorded("36")


def test_s29_taking_a_snapshot_up_or_replacing_its_state_is_no_state_change() -> None:
    world = World(Scripted(enter=True))
    world.cast("p1", a=POSTPONE)
    before = len(world.log)
    world.snapshot = replace(world.snapshot, state="z")
    world.run(None)
    world.cast("n3")
    assert world.log[before:] == recorded("39")
    world.cast("go", z=NextState("y"))
    assert world.log[before + 1 :] == recorded("39b")


def test_a_repeated_enter_call_keeps_its_old_state_until_the_transition_is_over() -> None:
    def twice(_event: Event, data: object) -> Result:
        return RepeatState(0) if data == 1 else KeepState()

    world = World(Scripted(enter=True, b=twice))
    world.cast("go", a=NextState("b", 1))
    assert world.log == ["{enter,a,a}", "{cast,go,a}", "{enter,a,b}", "{enter,a,b}"]
    assert world.outcomes[-1].entered == (("a", "b"), ("a", "b"))
