"""Statements S18 to S23: what a callback may return."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tutor.statem.world import World, recorded, say
from tutor import statem
from tutor.statem import (
    Event,
    EventType,
    Hibernate,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    RepeatState,
    Reply,
    Result,
    Stop,
    Timeout,
    event_timeout,
    named_timeout,
    state_timeout,
)

anything: Any = statem


@pytest.mark.parametrize(
    ("result", "state", "data", "stopped"),
    [
        (NextState("b", 1), "b", 1, None),
        (NextState("b"), "b", 0, None),
        (KeepState(1), "a", 1, None),
        (KeepState(), "a", 0, None),
        (KeepState(None), "a", None, None),
        (RepeatState(1), "a", 1, None),
        (RepeatState(), "a", 0, None),
        (Stop(), "a", 0, "normal"),
        (Stop("shutdown", 1), "a", 1, "shutdown"),
        (Stop("shutdown", replies=(Reply("me", 1),)), "a", 0, "shutdown"),
    ],
)
def test_s18_every_result_leads_to_its_state_and_data(
    result: Result, state: str, data: object, stopped: str | None
) -> None:
    world = World()
    world.cast("go", a=result)
    assert (world.snapshot.state, world.snapshot.data, world.snapshot.stopped) == (state, data, stopped)


def test_s19_raising_the_result_equals_returning_it() -> None:
    def throw(_event: Event, _data: object) -> Result:
        raise statem.Thrown(NextState("b"))

    world = World()
    world.cast("t", a=throw)
    world.cast("n")
    assert world.log == recorded("24")


@pytest.mark.parametrize("bad", [("foo", "bar"), None, "ok", KeepState, NextState("nowhere")])
def test_s20_a_bad_result_is_a_crash(bad: Any) -> None:
    world = World()
    world.cast("bad", a=lambda _event, _data: bad)
    assert isinstance(world.crash, statem.BadReturn)
    assert world.snapshot.state == "a"


@pytest.mark.parametrize(
    "bad",
    [
        "bogus",
        None,
        KeepState(),
        Postpone("maybe"),  # type: ignore[arg-type]
        anything.Reply(None, 1),
        Timeout(EventType.CAST, 5),
        Timeout(EventType.STATE_TIMEOUT, 5, name="x"),
        Timeout(EventType.NAMED_TIMEOUT, 5),
        state_timeout(-1),
        anything.state_timeout(1.5),
        Timeout(EventType.STATE_TIMEOUT, 5, at_ms=5),
        Timeout(EventType.STATE_TIMEOUT, 5, update=True),
    ],
)
def test_s20_a_bad_action_is_a_crash_alone_or_in_a_list(bad: Any) -> None:
    for actions in (bad, [bad], (Hibernate(), bad)):
        world = World()
        world.cast("bad", a=KeepState(1, actions))
        assert isinstance(world.crash, statem.BadAction)
        assert world.snapshot.data == 0


def test_s20_a_bad_reply_of_a_stop_is_a_crash() -> None:
    world = World()
    world.cast("bad", a=anything.Stop("normal", replies=(Reply("me", 1), "bogus")))
    assert isinstance(world.crash, statem.BadAction)
    assert world.replies == []
    assert world.snapshot.stopped is None


def test_s21_actions_run_in_list_order_and_of_one_type_the_last_wins() -> None:
    world = World()
    world.cast("set", a=KeepState(actions=(state_timeout(40, "one"), state_timeout(60, "two"))))
    world.wait(120)
    assert world.log == recorded("7")

    replies = World()
    replies.cast("go", a=KeepState(actions=(Reply("you", 1), Reply("me", 2), Reply("you", 3))))
    assert replies.replies == [("you", 1), ("me", 2), ("you", 3)]


def test_s21_a_later_bad_action_takes_a_reply_back() -> None:
    world = World()
    world.cast("go", a=KeepState(actions=(Reply("me", 1), "bogus")))  # type: ignore[arg-type]
    assert world.replies == []


def test_s22_stop_and_reply_answers_and_then_stops() -> None:
    world = World()
    world.call("q", "me", a=Stop("normal", replies=(Reply("me", "r"),)))
    assert world.log == recorded("15")
    assert world.replies == [("me", "r")]
    assert world.snapshot.stopped == "normal"


def test_s22_a_lone_reply_stands_for_a_list_of_one() -> None:
    world = World()
    world.call("q", "me", a=anything.Stop("normal", replies=Reply("me", "r")))
    assert world.replies == [("me", "r")]


def test_s23_init_actions_run_as_for_a_transition() -> None:
    world = World(
        None,
        "a",
        state_timeout(20, "s"),
        NextEvent(EventType.INTERNAL, say("i")),
        named_timeout("x", 0, "n"),
        Reply("me", 1),
    )
    world.wait(20)
    assert world.log == ["{internal,i,a}", "{{timeout,x},n,a}", "{state_timeout,s,a}"]
    assert world.replies == [("me", 1)]


def test_a_machine_cannot_start_in_a_state_that_it_does_not_have() -> None:
    with pytest.raises(statem.BadReturn, match="nowhere"):
        World(None, "nowhere")


def test_hibernate_is_told_to_the_host_and_changes_nothing_else() -> None:
    world = World()
    world.cast("sleep", a=KeepState(actions=(Hibernate(), event_timeout(0))))
    assert [outcome.hibernate for outcome in world.outcomes[1:]] == [True, False]
