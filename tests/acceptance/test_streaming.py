"""Text reaches every client while it is written, once and in order, whatever happens to sockets and processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.acceptance.grammar import Frame, Stream
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest
from tests.temporary_data import temporary_data_folder

pytestmark = pytest.mark.acceptance

ECHO_STATES = {"idle", "awaiting_tool_result"}


@pytest.fixture(scope="module")
def system() -> Iterator[LiveSystem]:
    """One system for all these tests; each leaves it ready. The echo machine may be asked for."""
    with temporary_data_folder() as data:
        system = LiveSystem(data, {"TUTOR_BENCH": "1"})
        try:
            system.start()
            yield system
        finally:
            system.end()


@asynccontextmanager
async def reader(system: LiveSystem, token: str) -> AsyncIterator[ProtocolClient]:
    """A socket on the learner's echo session."""
    async with ProtocolClient(system.ws_url, token, Stream(machine_states=ECHO_STATES)) as client:
        await client.hello(course="", machine="echo")
        yield client


@asynccontextmanager
async def resumed(system: LiveSystem, token: str, before: ProtocolClient) -> AsyncIterator[ProtocolClient]:
    """A new socket of the same view, from the old one's cursor in log and text."""
    async with ProtocolClient(system.ws_url, token, before.stream) as client:
        await client.hello(session=before.session, resume=before.cursor)
        yield client


def spoken(count: int) -> str:
    return " ".join(str(number) for number in range(1, count + 1)) + "."


async def begin(client: ProtocolClient, count: int, every_ms: int) -> str:
    """Ask for a stream and wait for its first text. Returns the turn."""
    reply = await client.command("message.send", {"text": f"stream {count} {every_ms}"})
    assert reply["t"] == "ok", reply
    turn = str(reply["d"]["turn"])
    await text_of(client, turn, 1)
    return turn


async def text_of(client: ProtocolClient, turn: str, least: int) -> None:
    """Wait until this socket has been sent text of the turn that reaches so far."""
    await client.seen(
        lambda frame: (
            frame["t"] == "output.delta"
            and frame["turn"] == turn
            and frame["d"]["off"] + len(frame["d"]["text"]) >= least
        )
    )


def deltas(client: ProtocolClient) -> list[dict[str, Any]]:
    return [frame["d"] for frame in client.frames if frame["t"] == "output.delta"]


def committed(events: list[Frame]) -> Frame:
    return next(event["d"] for event in events if event["t"] == "output.committed" and event["d"]["attempt"])


async def test_text_comes_while_it_is_written_and_is_then_committed(system: LiveSystem) -> None:
    async with reader(system, new_guest(system.url)) as client:
        turn = await begin(client, 40, 20)
        events = await client.turn_finished(turn)

        assert committed(events)["text"] == spoken(40)
        assert len(deltas(client)) > 5
        assert "".join(d["text"] for d in deltas(client)) == spoken(40)
        client.stream.demand_quiet()


async def test_all_sockets_of_a_session_are_shown_it(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as one, reader(system, token) as other:
        turn = await begin(one, 30, 20)
        await other.turn_finished(turn)

        assert "".join(d["text"] for d in deltas(other)) == spoken(30)


async def test_a_socket_that_comes_in_the_middle_is_told_the_text_so_far_before_live(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client:
        turn = await begin(client, 60, 20)
        await text_of(client, turn, 30)
        async with reader(system, token) as late:
            active = late.welcome["d"]["active"]
            kinds = [frame["t"] for frame in late.frames]

            assert (active["turn"], active["attempt"], active["phase"]) == (turn, 1, "streaming")
            assert active["off"] >= 30
            assert kinds.index("output.delta") < kinds.index("live")
            assert deltas(late)[0]["off"] == 0
            await late.turn_finished(turn)
            assert "".join(d["text"] for d in deltas(late)) == spoken(60)


async def test_a_client_resumes_in_the_middle_and_is_sent_every_character_once(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client:
        turn = await begin(client, 60, 20)
        await text_of(client, turn, 20)
        await client.abort()
        had = client.stream.texts[turn].text
        await asyncio.sleep(0.2)
        async with resumed(system, token, client) as again:
            await again.turn_finished(turn)

            assert deltas(again)[0]["off"] == len(had)
            assert had + "".join(d["text"] for d in deltas(again)) == spoken(60)


async def test_pong_tells_how_far_the_text_is(system: LiveSystem) -> None:
    async with reader(system, new_guest(system.url)) as client:
        turn = await begin(client, 30, 20)
        pong = await client.command("ping")
        assert pong["d"]["off"] >= 1
        await client.turn_finished(turn)
        assert (await client.command("ping"))["d"]["off"] == 0
