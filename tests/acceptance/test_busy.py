"""While a tool is at work the conversation is locked politely (protocol §5; rows S5 and 26)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.acceptance.knowledge import right_answer
from tests.acceptance.learner import question_of, to_first_question
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest, whole_stream

pytestmark = pytest.mark.acceptance


@asynccontextmanager
async def checking(system: LiveSystem, token: str) -> AsyncIterator[tuple[ProtocolClient, str]]:
    """A lesson whose right answer is being checked, by a worker that stands still until the block ends.

    The turn is then over and nothing is open; the whole was logged once.
    """
    async with ProtocolClient(system.ws_url, token) as client:
        await client.hello()
        await to_first_question(client)
        worker = system.pid("worker")
        os.kill(worker, signal.SIGSTOP)
        try:
            answered = await client.command("message.send", {"text": right_answer(question_of(client)["d"])})
            assert answered["d"]["disposition"] == "started"
            yield client, answered["d"]["turn"]
        finally:
            os.kill(worker, signal.SIGCONT)
        await client.turn_finished(answered["d"]["turn"])
        # What waited in the queue has its turn, too.
        while client.stream.open_turns:
            await asyncio.sleep(0.05)
        client.stream.demand_quiet()
        assert await whole_stream(system.ws_url, token, client.session) == client.stream.events


@pytest.fixture
def token(shared_live_system: LiveSystem) -> str:
    return new_guest(shared_live_system.url)


async def test_a_message_is_told_to_wait_and_starts_nothing(shared_live_system: LiveSystem, token: str) -> None:
    async with checking(shared_live_system, token) as (client, turn):
        asked = len(client.stream.of("tool.requested"))

        reply = await client.command("message.send", {"text": "are you there?"}, id="impatient")

        assert (reply["d"]["disposition"], reply["d"]["turn"]) == ("busy", turn)
        accepted, waiting = [event for event in client.stream.events if event["cause"] == "impatient"]
        assert (accepted["t"], accepted["d"]) == ("message.accepted", {"text": "are you there?", "disposition": "busy"})
        assert waiting["t"] == "output.committed"
        assert "wait" in waiting["d"]["text"].lower()
        assert len(client.stream.of("tool.requested")) == asked
    assert client.stream.of("answer.checked")[-1]["d"]["verdict"] == "correct"
    assert [event["cause"] for event in client.stream.of("turn.started")].count("impatient") == 0


@pytest.mark.parametrize("kind", ["hint.request", "question.give_up", "question.skip", "continue", "answer.dispute"])
async def test_any_other_command_is_refused_as_busy(shared_live_system: LiveSystem, token: str, kind: str) -> None:
    async with checking(shared_live_system, token) as (client, turn):
        events = list(client.stream.events)

        error = await client.command(kind)

        assert (error["t"], error["d"]["code"], error["d"]["retry"]) == ("err", "busy", "later")
        assert error["d"]["detail"]["turn"] == turn
        assert client.stream.events == events


async def test_a_queued_message_has_its_turn_afterwards(shared_live_system: LiveSystem, token: str) -> None:
    async with checking(shared_live_system, token) as (client, _turn):
        reply = await client.command("message.send", {"text": "why?", "on_busy": "queue"}, id="patient")

        assert reply["d"]["disposition"] == "queued"
    await_turn = [event for event in client.stream.of("turn.started") if event["cause"] == "patient"]
    assert len(await_turn) == 1
    assert client.stream.events[-1]["t"] == "turn.finished"


async def test_a_cancel_ends_the_turn_and_the_late_result_changes_nothing(
    shared_live_system: LiveSystem, token: str
) -> None:
    async with checking(shared_live_system, token) as (client, turn):
        reply = await client.command("turn.cancel", {"turn": turn})

        assert (reply["t"], reply["d"]["turn"]) == ("ok", turn)
        assert reply["d"]["result"] in {"cancelled", "cancelling"}
        finished = await client.turn_finished(turn)
        assert finished[-1]["d"]["outcome"] == "cancelled"
        assert client.stream.state == "awaiting_answer"
    assert not client.stream.of("answer.checked")
    again = await _answer_again(shared_live_system, token)
    assert again == "correct"


async def _answer_again(system: LiveSystem, token: str) -> str:
    async with ProtocolClient(system.ws_url, token) as client:
        await client.hello()
        turn = await client.say(right_answer(question_of(client)["d"]))
        return str(next(event["d"]["verdict"] for event in turn if event["t"] == "answer.checked"))


async def test_a_client_that_comes_back_meanwhile_sees_the_running_turn(
    shared_live_system: LiveSystem, token: str
) -> None:
    async with (
        checking(shared_live_system, token) as (client, turn),
        ProtocolClient(shared_live_system.ws_url, token) as second,
    ):
        await second.hello()

        assert second.welcome["d"]["state"] == "awaiting_tool_result"
        assert second.welcome["d"]["active"] is not None
        assert (second.welcome["d"]["active"]["turn"], second.welcome["d"]["active"]["phase"]) == (turn, "tool")
        assert second.stream.events == client.stream.events
