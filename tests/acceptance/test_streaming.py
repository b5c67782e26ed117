"""Text reaches every client while it is written, once and in order, whatever happens to sockets and processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sessions_app.stream_grammar import Frame, SocketGrammar, Stream
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import Cut, ProtocolClient, new_guest
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


# --- whatever happens --------------------------------------------------------------------------------------------


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_cut_off_anywhere_a_client_has_every_character_once(system: LiveSystem, cuts: list[int]) -> None:
    async def read_with_cuts() -> None:
        token = new_guest(system.url)
        async with reader(system, token) as client:
            turn = await begin(client, 40, 10)
            client.on_frame = cut_at(cuts[0])
            await client.closed()
        for at in cuts[1:]:
            async with resumed(system, token, client) as client:
                client.on_frame = cut_at(at)
                if turn not in client.stream.finished_turns:
                    await client.closed()
        async with resumed(system, token, client) as client:
            assert committed(await client.turn_finished(turn))["text"] == spoken(40)

    asyncio.run(read_with_cuts())


def cut_at(off: int) -> Callable[[Frame], None]:
    """Cuts the line with the delta that reaches this offset, or with the first event after the text."""

    def on_frame(frame: Frame) -> None:
        text = frame["t"] == "output.delta" and frame["d"]["off"] + len(frame["d"]["text"]) >= off
        if text or frame["t"] == "turn.finished":
            raise Cut

    return on_frame


async def test_after_the_kill_of_the_worker_the_text_begins_anew(system: LiveSystem) -> None:
    async with reader(system, new_guest(system.url)) as client:
        turn = await begin(client, 60, 30)
        await text_of(client, turn, 20)
        system.kill("worker")
        events = await client.turn_finished(turn)

        assert [frame["d"]["attempt"] for frame in client.frames if frame["t"] == "output.reset"] == [2]
        assert committed(events) == committed(events) | {"attempt": 2, "text": spoken(60)}
        assert "".join(d["text"] for d in deltas(client) if d["attempt"] == 2) == spoken(60)
    system.wait_ready()


async def test_after_the_kill_of_the_web_process_the_text_goes_on_where_it_was(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client:
        turn = await begin(client, 150, 40)
        await text_of(client, turn, 20)
        system.kill("web")
        await client.closed()
    had = client.stream.texts[turn].text
    system.wait_ready()
    async with resumed(system, token, client) as again:
        assert committed(await again.turn_finished(turn))["attempt"] == 1
        assert deltas(again)[0]["off"] == len(had)


async def test_a_redis_that_forgets_everything_costs_no_character(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client:
        turn = await begin(client, 80, 25)
        await text_of(client, turn, 30)
        with redis.Redis.from_url(redis_url(system)) as server:
            server.flushall()
        await text_of(client, turn, 100)
        async with reader(system, token) as late:
            assert late.welcome["d"]["active"]["off"] >= 100
            events = await late.turn_finished(turn)
        await client.turn_finished(turn)

        assert committed(events) == committed(events) | {"attempt": 1, "text": spoken(80)}
        assert "".join(d["text"] for d in deltas(client)) == "".join(d["text"] for d in deltas(late)) == spoken(80)


async def test_without_redis_the_text_arrives_with_its_commit(system: LiveSystem) -> None:
    async with reader(system, new_guest(system.url)) as client:
        turn = await begin(client, 60, 25)
        os.kill(system.pid("valkey"), signal.SIGSTOP)
        try:
            events = await client.turn_finished(turn)
        finally:
            os.kill(system.pid("valkey"), signal.SIGCONT)

        assert committed(events)["text"] == spoken(60)


async def test_an_http_stream_brings_the_text_too(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client, httpx.AsyncClient(timeout=20) as http:
        url = f"{system.url}/api/sessions/{client.session}/events?after={client.stream.last_seq}"
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        view = Stream(whole=False, machine_states=ECHO_STATES)
        grammar, deltas_seen = SocketGrammar(view), 0
        async with http.stream("GET", url, headers=headers) as answer:
            reply = await client.command("message.send", {"text": "stream 40 20"})
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                frame = grammar.received(json.loads(line.removeprefix("data: ")))
                deltas_seen += frame["t"] == "output.delta"
                if frame["t"] == "turn.finished" and frame["turn"] == reply["d"]["turn"]:
                    break

        assert deltas_seen > 5
        assert committed(view.events)["text"] == spoken(40)


async def test_a_client_that_does_not_read_falls_behind_and_can_resume(system: LiveSystem) -> None:
    token = new_guest(system.url)
    async with reader(system, token) as client:
        for _ in range(8):
            await client.say("stream 5000 0")
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(
            system.ws_url, subprotocols=[Subprotocol("tutor.v1")], additional_headers=headers, max_size=2**20,
            max_queue=1, ping_interval=None,
        ) as lazy:  # fmt: skip
            await lazy.send(json.dumps({"t": "hello", "id": "h", "d": {"session": client.session, "resume": None}}))
            while json.loads(await lazy.recv())["t"] != "live":
                pass
            # Each answer has half a megabyte, and none is read.
            for number in range(60):
                await lazy.send(json.dumps({"t": "history.get", "id": f"g{number}", "d": {"limit": 500}}))
            # The others are served meanwhile.
            await client.say("stream 10 0")
            await asyncio.sleep(1)
            frames = [json.loads(text) async for text in until_closed(lazy)]

        assert lazy.close_code == 4440
        assert (frames[-1]["t"], frames[-1]["d"]["code"], frames[-1]["d"]["reconnect"]) == ("bye", 4440, True)
    async with resumed(system, token, client) as again:
        await again.say("stream 10 0")


async def until_closed(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


def redis_url(system: LiveSystem) -> str:
    port = (system.data.read_record("valkey") or {})["port"]
    return f"redis://:{quote(system.data.secret('valkey'), safe='')}@127.0.0.1:{port}"
