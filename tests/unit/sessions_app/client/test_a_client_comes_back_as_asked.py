"""When the connection ends, its code says whether and when to come back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.client import Connection, Pace, SessionEndedError, TutorClient
from sessions_app.client.http import socket_url
from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.client.conftest import QUICK, Witness


def statuses(witness: Witness) -> list[str]:
    return [item.status for item in witness.items if isinstance(item, Connection)]


async def test_a_draining_server_is_given_the_time_it_asked_for(server: ScriptedServer, witness: Witness) -> None:
    await until(lambda: server._live)
    clock = asyncio.get_running_loop().time
    before = clock()
    await server.bye(1001, "moving", reconnect=True, after_ms=150)
    await until(lambda: len(server.hellos) == 2)

    assert 0.15 <= clock() - before < 1
    waiting = next(item for item in witness.items if isinstance(item, Connection) and item.status == "waiting")
    assert 0.15 <= waiting.retry_in_s <= 0.225
    assert waiting.reason == "moving"


@pytest.mark.parametrize("code", [4401, 4404, 4410, 4426])
async def test_a_final_code_ends_the_client_with_its_reason(
    server: ScriptedServer, witness: Witness, code: int
) -> None:
    await until(lambda: server._live)
    await server.bye(code, "not for you")
    await until(lambda: witness.end)

    assert witness.end is not None
    assert (witness.end.code, witness.end.reason) == (code, "not for you")
    assert statuses(witness)[-1] == "closed"
    with pytest.raises(SessionEndedError):
        await witness.client.send("continue")


@pytest.mark.parametrize("code", [1001, 1011, 4408, 4429, 4440, 4500])
async def test_any_other_code_brings_it_back(server: ScriptedServer, witness: Witness, code: int) -> None:
    await until(lambda: server._live)
    await server.bye(code, "for now")
    await until(lambda: len(server.hellos) == 2)

    assert witness.end is None


async def test_a_server_that_is_away_for_a_while_is_found_again(server: ScriptedServer, witness: Witness) -> None:
    await until(lambda: server._live)
    await server.stop()
    await asyncio.sleep(0.2)
    await server.start()
    await until(lambda: server._live)

    assert statuses(witness).count("waiting") > 1
    await until(lambda: statuses(witness)[-1] == "connected")


async def test_a_handshake_refused_for_the_moment_is_tried_again(server: ScriptedServer) -> None:
    server.http_status = 503
    async with TutorClient(server.url, course="algebra", pace=QUICK) as client:
        witness = Witness(client)
        await until(lambda: statuses(witness).count("waiting") > 1)
        server.http_status = None
        await until(lambda: server._live)
        await witness.leave()


async def test_a_handshake_refused_for_good_is_an_error(server: ScriptedServer) -> None:
    server.http_status = 401
    async with TutorClient(server.url, course="algebra", pace=QUICK) as client:
        with pytest.raises(SessionEndedError, match="token"):
            async for _ in client:
                pass


async def test_a_hello_refused_for_good_says_why(server: ScriptedServer) -> None:
    server.hello_refusals = [{"code": "not_found", "message": "There is no such course.", "retry": "never"}]
    async with TutorClient(server.url, course="nowhere", pace=QUICK) as client:
        with pytest.raises(SessionEndedError, match="There is no such course"):
            async for _ in client:
                pass


async def test_a_hello_refused_for_the_moment_is_said_again(server: ScriptedServer) -> None:
    server.hello_refusals = [{"code": "draining", "message": "Moving.", "retry": "same_id", "after_ms": 10}]
    async with TutorClient(server.url, course="algebra", pace=QUICK):
        await until(lambda: server._live)

    assert len(server.hellos) == 2


async def test_a_silent_server_is_taken_for_dead(server: ScriptedServer, witness: Witness) -> None:
    server.beat_s = 0.05
    await until(lambda: server._live)
    for socket in server._sockets:
        socket.transport.pause_reading()
    await until(lambda: len(server.hellos) == 2)


async def test_it_beats_as_often_as_the_server_asks(server: ScriptedServer, witness: Witness) -> None:
    server.beat_s = 0.03
    server.drop()
    await until(lambda: sum(frame["t"] == "ping" for frame in server.received) >= 4)

    assert all(frame["id"] for frame in server.received)


async def test_unreadable_frames_are_passed_over(server: ScriptedServer, witness: Witness) -> None:
    await until(lambda: server._live)
    for socket in server._sockets:
        await socket.send("not json")
    server.push({"t": "something.new", "d": {}, "more": 1})
    server.happen("something.newer", what=1)
    await until(lambda: witness.seqs == [2])


async def test_the_wait_can_be_cut_short(server: ScriptedServer) -> None:
    async with TutorClient(server.url, course="algebra", pace=Pace(first_s=60, longest_s=60)) as client:
        await until(lambda: server._live)
        witness = Witness(client)
        server.drop()
        await until(lambda: "waiting" in statuses(witness))
        client.reconnect_now()
        await until(lambda: len(server.hellos) == 2)
        await witness.leave()


@given(st.integers(1, 60), st.floats(0, 1))
def test_waits_grow_to_a_limit_and_are_never_zero(failures: int, chance: float) -> None:
    pace = Pace(chance=lambda: chance)
    longest = min(15.0, 0.5 * 2 ** (failures - 1))

    assert longest / 2 <= pace.after_failure(failures) <= longest


@given(st.integers(0, 60_000), st.floats(0, 1))
def test_a_wait_asked_for_is_never_cut_short(after_ms: int, chance: float) -> None:
    assert after_ms / 1000 <= Pace(chance=lambda: chance).asked_for(after_ms) <= after_ms / 1000 * 1.5


def test_a_client_wants_to_know_where_to() -> None:
    with pytest.raises(ValueError, match="either a course or a session"):
        TutorClient("http://localhost")


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://localhost:8000", "ws://localhost:8000/ws/session/"),
        ("https://example.org/", "wss://example.org/ws/session/"),
        ("localhost:8000", "ws://localhost:8000/ws/session/"),
        ("ws://localhost:8000/ws/session/", "ws://localhost:8000/ws/session/"),
        ("https://example.org/tutor/", "wss://example.org/tutor/ws/session/"),
    ],
)
def test_the_socket_is_found_from_the_address_of_the_server(url: str, socket: str) -> None:
    assert socket_url(url) == socket
