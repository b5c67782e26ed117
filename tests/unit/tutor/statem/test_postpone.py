"""Statements S9 to S17: postponed events."""

from __future__ import annotations

from tests.unit.tutor.statem.world import POSTPONE, Scripted, World, recorded, say
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
    state_timeout,
)


def test_s09_a_postponed_event_waits_while_the_state_is_unchanged_whatever_happens_to_the_data() -> None:
    world = World()
    world.cast("p1", a=POSTPONE)
    world.cast("more", a=KeepState(data=99))
    assert world.log == ["{cast,p1,a}", "{cast,more,a}"]
    assert world.snapshot.data == 99


def test_s10_a_state_change_retries_all_postponed_events_in_arrival_order_before_newer_ones() -> None:
    world = World()
    for tag in ("p1", "p2", "p3"):
        world.cast(tag, a=POSTPONE)
    world.cast("go", a=NextState("b"))
    world.cast("new")
    assert world.log[4:] == ["{cast,p1,b}", "{cast,p2,b}", "{cast,p3,b}", "{cast,new,b}"]


def test_s11_an_event_postponed_by_the_transition_that_changes_the_state_is_retried_at_once() -> None:
    world = World()
    world.cast("p1", a=POSTPONE)
    world.cast("go", a=NextState("b", actions=(Postpone(),)))
    world.cast("late")
    assert world.log == recorded("2")


def test_s12_a_retried_event_may_change_the_state_again_and_the_order_is_kept() -> None:
    again = World()
    again.cast("p1", a=POSTPONE, b=POSTPONE)
    again.cast("p2", a=POSTPONE)
    again.cast("go", a=NextState("b"))
    again.cast("p3", b=POSTPONE)
    again.cast("go2", b=NextState("c"))
    assert again.log == recorded("22")

    newest = World()
    newest.cast("p1", a=POSTPONE, b=NextState("c"))
    newest.cast("p2", a=POSTPONE, b=POSTPONE)
    newest.cast("p3", a=POSTPONE)
    newest.cast("go", a=NextState("b"))
    newest.cast("n")
    assert newest.log == recorded("23")


def test_s13_next_state_to_the_same_state_keep_state_and_repeat_state_retry_nothing() -> None:
    world = World()
    world.cast("p1", a=POSTPONE)
    world.cast("same", a=NextState("a"))
    world.cast("rep", a=RepeatState())
    world.cast("x", a=KeepState())
    assert world.log == recorded("3")


def test_s14_calls_internal_events_and_fired_time_outs_can_be_postponed() -> None:
    internal = World()
    internal.cast("z", a=KeepState(actions=(NextEvent(EventType.INTERNAL, say("ip", a=POSTPONE)),)))
    internal.cast("p2", a=POSTPONE)
    internal.cast("go", a=NextState("b"))
    assert internal.log == recorded("11")

    def answer(event: Event, _data: object) -> Result:
        assert event.caller
        return KeepState(actions=(Reply(event.caller, "late_ok"),))

    call = World()
    call.call("q", "me", a=POSTPONE, b=answer)
    call.cast("go", a=NextState("b"))
    assert call.log == recorded("18")
    assert call.replies == [("me", "late_ok")]

    timeout = World()
    timeout.cast("set", a=KeepState(actions=(state_timeout(5, say("tm", a=POSTPONE)),)))
    timeout.wait(15)
    timeout.cast("go", a=NextState("b"))
    assert timeout.log == recorded("F")


def test_s15_the_last_of_several_postpone_options_wins_and_an_enter_call_can_take_it_back() -> None:
    world = World()
    world.cast("dropped", a=KeepState(actions=(Postpone(), Postpone(False))))
    world.cast("kept", a=KeepState(actions=(Postpone(False), Postpone())))
    assert [event.content.tag for event in world.snapshot.postponed] == ["kept"]

    enter = World(Scripted(m=KeepState(actions=(Postpone(False),))))
    enter.cast("go", a=NextState("m", actions=(Postpone(),)))
    assert enter.log == recorded("37")


def test_s16_postpone_from_init_is_ignored() -> None:
    world = World(None, "a", state_timeout(20, "init_st"), NextEvent(EventType.INTERNAL, "init_ev"), Postpone())
    world.wait(60)
    assert world.log == recorded("26")
    assert world.snapshot.postponed == ()


def test_s17_postponed_events_and_waiting_callers_survive_a_crash_and_a_stop_names_its_reason() -> None:
    def die(_event: Event, _data: object) -> Result:
        raise RuntimeError("oops")

    world = World()
    world.cast("p1", a=POSTPONE)
    world.call("q", "me", a=POSTPONE)
    world.cast("die", a=die)
    assert world.log == recorded("I")
    assert str(world.crash) == "oops"
    assert [event.content.tag for event in world.snapshot.postponed] == ["p1", "q"]

    world.cast("bye", a=Stop("shutdown"))
    assert world.snapshot.stopped == "shutdown"
    assert [event.caller for event in world.snapshot.postponed] == [None, "me"]
