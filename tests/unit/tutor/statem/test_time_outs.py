"""Statements S30 to S42: time-outs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tutor.statem.world import POSTPONE, World, recorded, say
from tutor import statem
from tutor.statem import (
    EventType,
    KeepState,
    NextEvent,
    NextState,
    RepeatState,
    Timeout,
    event_timeout,
    named_timeout,
    state_timeout,
)

X = (EventType.NAMED_TIMEOUT, "x")


def update(name: str, content: object) -> Timeout:
    return Timeout(EventType.NAMED_TIMEOUT, content=content, name=name, update=True)


def inserted(tag: str, **rules: statem.Result) -> NextEvent:
    return NextEvent(EventType.INTERNAL, say(tag, **rules))


def test_s30_one_state_time_out_one_event_time_out_and_any_number_of_named_ones() -> None:
    named = tuple(named_timeout(str(number), 10, number) for number in range(50))
    world = World()
    world.cast("set", a=KeepState(actions=(state_timeout(10), event_timeout(10), *named)))
    assert len(world.snapshot.timers) == 52


def test_s31_a_state_change_cancels_the_state_time_out_and_nothing_else_does() -> None:
    change = World()
    change.cast("set", a=KeepState(actions=(state_timeout(60, "st"), named_timeout("g", 60, "g"))))
    change.cast("go", a=NextState("b"))
    change.wait(120)
    assert change.log == recorded("5")

    keep = World()
    keep.cast("set", a=KeepState(actions=(state_timeout(60, "st"),)))
    for result in (KeepState(1), NextState("a"), RepeatState(), POSTPONE):
        keep.cast("n", a=result)
    keep.wait(60)
    assert keep.log[-1] == "{state_timeout,st,a}"

    postponing = World()
    postponing.cast("set", a=KeepState(actions=(state_timeout(30, "s"),)))
    postponing.cast("post", a=POSTPONE)
    postponing.wait(60)
    assert postponing.log == recorded("D")


def test_s32_a_state_time_out_set_in_the_transition_belongs_to_the_new_state() -> None:
    world = World()
    world.cast("set", a=NextState("b", actions=(state_timeout(40, "st"),)))
    world.wait(40)
    assert world.log == ["{cast,set,a}", "{state_timeout,st,b}"]


def test_s33_a_named_time_out_survives_state_changes() -> None:
    world = World()
    world.cast("set", a=NextState("b", actions=(named_timeout("g", 60, "g"),)))
    world.cast("go", b=NextState("c"))
    world.wait(60)
    assert world.log[-1] == "{{timeout,g},g,c}"


def test_s34_any_delivered_event_cancels_the_event_time_out() -> None:
    external = World()
    actions = (state_timeout(60, "st"), named_timeout("g", 60, "g"), event_timeout(60, "e"))
    external.cast("set", a=KeepState(actions=actions))
    external.cast("n")
    external.wait(120)
    assert sorted(external.log) == sorted(recorded("4"))

    postponed = World()
    postponed.cast("set", a=KeepState(actions=(event_timeout(30, "e"),)))
    postponed.cast("post", a=POSTPONE)
    postponed.wait(60)
    assert postponed.log == recorded("E")

    fired = World()
    fired.cast("set", a=KeepState(actions=(event_timeout(30, "e"), named_timeout("x", 20, "n"))))
    fired.wait(60)
    assert fired.log == ["{cast,set,a}", "{{timeout,x},n,a}"]


def test_s34_looking_at_a_machine_is_no_event() -> None:
    world = World()
    world.cast("set", a=KeepState(actions=(event_timeout(40, "e"),)))
    assert statem.pending(world.snapshot) is None
    world.wait(80)
    assert world.log == recorded("A")


def test_s35_starting_a_running_time_out_replaces_it_a_zero_one_too() -> None:
    def restarted(first: Timeout, second: Timeout) -> World:
        world = World()
        world.cast("z", a=KeepState(actions=(first, inserted("i", a=KeepState(actions=(second,))))))
        world.wait(60)
        return world

    for first_ms in (0, 50):
        for second_ms in (0, 20):
            log = restarted(named_timeout("x", first_ms, "one"), named_timeout("x", second_ms, "two")).log
            assert log == ["{cast,z,a}", "{internal,i,a}", "{{timeout,x},two,a}"]
    assert restarted(named_timeout("x", 0, "one"), named_timeout("x", 0, "two")).log == recorded("generic_0_then_0")
    assert restarted(named_timeout("x", 0, "one"), named_timeout("x", None)).log == recorded("generic_0_then_cancel")
    assert restarted(named_timeout("x", 0, "one"), update("x", "two")).log == recorded("generic_0_then_update")


def test_s36_cancelling_removes_a_time_out_and_cancelling_none_is_fine() -> None:
    world = World()
    world.cast("z", a=KeepState(actions=(named_timeout("x", 30, "x"),)))
    world.cast("k", a=KeepState(actions=(named_timeout("x", None), event_timeout(None), state_timeout(None))))
    world.wait(60)
    assert world.log == recorded("13")


def test_s37_update_changes_the_content_and_not_the_expiry_and_delivers_at_once_if_none_is_running() -> None:
    none = World()
    none.cast("set", a=KeepState(actions=(update("g", "u"),)))
    assert none.log == recorded("8")

    running = World()
    running.cast("set", a=KeepState(actions=(named_timeout("g", 60, "old"),)))
    running.wait(30)
    running.cast("up", a=KeepState(actions=(update("g", "new"),)))
    running.wait(29)
    assert len(running.log) == 2
    running.wait(1)
    assert running.log == recorded("9")


def test_s38_zero_time_outs_run_after_all_that_is_queued_in_the_order_of_the_actions() -> None:
    timeouts = (named_timeout("x", 0, "x"), state_timeout(0, "s"), named_timeout("y", 0, "y"))
    world = World()
    world.cast("z", a=KeepState(actions=timeouts))
    assert world.log == recorded("12")

    queued = World()
    queued.cast("z", a=KeepState(actions=(*timeouts, inserted("i"))))
    assert queued.log[1] == "{internal,i,a}"


def test_s39_a_zero_event_time_out_fires_only_if_the_queue_is_empty() -> None:
    empty = World()
    empty.cast("z", a=KeepState(actions=(event_timeout(0, "e0"),)))
    assert empty.log == recorded("20")

    queued = World()
    queued.cast("z", a=KeepState(actions=(event_timeout(0, "e0"), NextEvent(EventType.CAST, "n"))))
    assert queued.log == recorded("21")


def test_s40_a_cancelled_time_out_is_never_delivered_even_if_it_had_expired() -> None:
    zero = World()
    zero.cast("z", a=KeepState(actions=(state_timeout(0, "st0"), inserted("chg", a=NextState("b")))))
    assert zero.log == recorded("10")

    world = World()
    world.cast("set", a=KeepState(actions=(state_timeout(10, "old"),)))
    ((key, timer),) = world.snapshot.timers.items()
    world.cast("go", a=NextState("b", actions=(state_timeout(10, "new"),)))
    assert statem.fire(world.snapshot, key, timer.guard, now=1_000) is None
    world.wait(10)
    assert world.log[-1] == "{state_timeout,new,b}"


@given(after_ms=st.integers(1, 10**9), early_ms=st.integers(1, 10**9))
def test_s41_a_time_out_never_fires_early(after_ms: int, early_ms: int) -> None:
    world = World()
    world.cast("set", a=KeepState(actions=(named_timeout("x", after_ms, "n"),)))
    guard = world.snapshot.timers[X].guard
    assert statem.fire(world.snapshot, X, guard, max(0, after_ms - early_ms)) is None
    assert statem.fire(world.snapshot, X, guard, after_ms + early_ms) is not None


def test_s41_an_absolute_time_in_the_past_fires_at_once() -> None:
    world = World()
    world.now = 200
    world.cast("z", a=KeepState(actions=(Timeout(EventType.STATE_TIMEOUT, content="past", at_ms=100),)))
    assert world.log == recorded("H")


def test_s42_a_time_out_that_fell_due_while_suspended_comes_behind_the_events_queued_before() -> None:
    world = World()
    world.cast("set", a=KeepState(actions=(state_timeout(20, "s"),)))
    world.now += 50  # suspended: nobody handles anything
    world.cast("x")
    world.wait(0)
    assert world.log == recorded("B")


def test_a_stopped_machine_fires_nothing() -> None:
    world = World()
    world.cast("set", a=KeepState(actions=(named_timeout("x", 10),)))
    guard = world.snapshot.timers[X].guard
    world.cast("bye", a=statem.Stop())
    assert statem.fire(world.snapshot, X, guard, 10) is None
