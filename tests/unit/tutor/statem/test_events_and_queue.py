"""Statements S1 to S8: what a callback sees, and in which order."""

from __future__ import annotations

import pytest

from tests.unit.tutor.statem.world import POSTPONE, Scripted, World, recorded, say
from tutor import statem
from tutor.statem import (
    Event,
    EventType,
    KeepState,
    NextEvent,
    NextState,
    Result,
    event_timeout,
    named_timeout,
    state_timeout,
)


def insert(*tags: str) -> tuple[NextEvent, ...]:
    return tuple(NextEvent(EventType.INTERNAL, say(tag)) for tag in tags)


def world_of_probe_1() -> World:
    world = World()
    world.cast("p1", a=POSTPONE)
    world.cast("p2", a=POSTPONE)
    timeouts = (event_timeout(0, "et0"), state_timeout(0, "st0"), named_timeout("g", 0, "g0"))
    world.cast("go", a=NextState("b", actions=(*insert("i1", "i2"), *timeouts)))
    world.cast("late")
    return world


def test_s01_the_next_callback_starts_after_all_actions_of_the_one_before() -> None:
    seen: list[int] = []

    def look(_event: Event, data: int) -> Result:
        seen.append(data)
        return KeepState()

    world = World()
    world.cast("go", a=KeepState(7, (NextEvent(EventType.INTERNAL, say("look", a=look)), event_timeout(50))))
    assert seen == [7]
    assert [outcome.after.queue for outcome in world.outcomes[1:]] == [(world.outcomes[2].event,), ()]


def test_s02_a_callback_sees_seven_types_and_a_plain_message_is_info() -> None:
    world = World()
    world.info("hello")
    assert world.log == recorded("C")
    world.call("c", "me")
    inserted = NextEvent(EventType.INTERNAL, "i")
    world.cast("k", a=KeepState(actions=(inserted, state_timeout(1, "s"), named_timeout("x", 2, "n"))))
    world.wait(2)
    world.cast("k2", a=KeepState(actions=(event_timeout(1, "t"),)))
    world.wait(1)
    assert world.log[1:] == [
        "{call,c,a}",
        "{cast,k,a}",
        "{internal,i,a}",
        "{state_timeout,s,a}",
        "{{timeout,x},n,a}",
        "{cast,k2,a}",
        "{timeout,t,a}",
    ]


def test_s03_events_are_handled_in_the_order_in_which_they_came() -> None:
    world = World()
    for number in range(1, 6):
        world.cast(str(number))
    assert world.log == recorded("J")


def test_s04_there_is_no_selective_receive_the_machine_is_handed_every_event() -> None:
    world = World()
    world.info("one")
    world.info("two")
    assert len(world.outcomes) == 1 + len(world.log) == 3


def test_s05_an_internal_event_is_made_by_the_machine_itself() -> None:
    world = World()
    world.cast("go", a=KeepState(actions=insert("own")))
    assert world.log == ["{cast,go,a}", "{internal,own,a}"]
    assert world.outcomes[1].after.queue == (Event(EventType.INTERNAL, say("own")),)


def test_s06_inserted_events_run_before_retried_postponed_ones() -> None:
    assert world_of_probe_1().log[3:7] == recorded("1")[3:7]


def test_s07_inserted_events_run_in_list_order_and_may_be_of_any_type() -> None:
    kinds = [kind for kind in EventType if kind is not EventType.ENTER]
    actions = [
        NextEvent(
            kind,
            kind.value,
            caller="me" if kind is EventType.CALL else None,
            name="x" if kind is EventType.NAMED_TIMEOUT else None,
        )
        for kind in kinds
    ]
    world = World()
    world.cast("go", a=KeepState(actions=actions))
    assert [outcome.event.type for outcome in world.outcomes[2:]] == kinds


def test_s08_after_a_state_change_inserted_then_postponed_then_queued_then_zero_time_outs_then_new_events() -> None:
    assert world_of_probe_1().log == recorded("1")


@pytest.mark.parametrize(
    "inserted",
    [
        NextEvent(EventType.ENTER),
        NextEvent(EventType.CALL),
        NextEvent(EventType.CAST, caller="me"),
        NextEvent(EventType.NAMED_TIMEOUT),
        NextEvent(EventType.INTERNAL, name="x"),
    ],
)
def test_a_malformed_inserted_event_is_a_bad_action(inserted: NextEvent) -> None:
    world = World(Scripted())
    world.cast("go", a=KeepState(actions=(inserted,)))
    assert isinstance(world.crash, statem.BadAction)
