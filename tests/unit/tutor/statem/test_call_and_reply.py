"""Statements S43 to S47, as far as they are the engine's: who is answered, and when."""

from __future__ import annotations

from tests.unit.tutor.statem.world import World
from tutor.statem import EventType, KeepState, NextEvent, NextState, Reply


def test_s46_a_caller_is_a_token_that_any_later_callback_may_answer() -> None:
    world = World()
    world.call("q", "me")
    assert world.replies == []
    world.cast("move", a=NextState("b"))
    world.cast("answer", b=KeepState(actions=(Reply("me", 42),)))
    assert world.replies == [("me", 42)]


def test_s46_a_call_can_be_passed_on_as_an_inserted_event_with_its_caller() -> None:
    world = World()
    world.call("q", "me", a=KeepState(actions=(NextEvent(EventType.CALL, "again", caller="me"),)))
    assert [outcome.event.caller for outcome in world.outcomes[1:]] == ["me", "me"]


def test_s47_the_engine_hands_every_reply_to_its_host_which_refuses_the_second() -> None:
    world = World()
    world.call("q", "me", a=KeepState(actions=(Reply("me", "one"), Reply("me", "two"))))
    assert world.replies == [("me", "one"), ("me", "two")]
