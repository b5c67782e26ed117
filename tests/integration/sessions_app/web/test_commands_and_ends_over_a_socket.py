"""Rows of the protocol over a real socket: a session's life, closing codes, draining, the stream over HTTP."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sessions_app import conf, draining, opening, published, server, system
from sessions_app.models import AccessToken
from sessions_app.pool import in_database
from tests.integration.sessions_app.web.conftest import Person, Web, view
from tools_app import calls
from tutor.interactions import KINDS

ALL = frozenset(KINDS)


async def test_a_closed_session_says_so_to_everybody_and_its_history_stays(
    web: Web, ada: Person, operator: Person
) -> None:
    async with view(web, ada) as one, view(web, ada) as two, view(web, operator, kinds=ALL) as root:
        for client in (one, two, root):
            await client.hello(session=ada.session)
        closed = await root.command("session.reset", {"state": "nowhere"})
        assert closed["d"]["code"] == "invalid_transition"
        await in_database(_end, ada.session)

        assert [await client.closed() for client in (one, two)] == [4410, 4410]
        assert {client.frames[-1]["d"]["reconnect"] for client in (one, two)} == {False}
    async with view(web, ada) as later:
        welcome = await later.hello(session=ada.session)
        assert welcome["d"]["live"] is False
        assert later.stream.of("session.closed")
        assert await later.closed() == 4410


def _end(session: str) -> None:
    system.end(uuid.UUID(session), "the test is over")


async def test_a_policy_is_set_for_the_session_and_told_to_all(web: Web, ada: Person) -> None:
    async with view(web, ada) as one, view(web, ada) as two:
        await one.hello(session=ada.session)
        await two.hello(session=ada.session)
        assert (await one.command("policy.set", {"on_busy": "queue"}))["d"]["disposition"] == "applied"
        await two.event(lambda event: event["t"] == "policy.changed")
        await one.command("message.send", {"text": "first"})

        assert (await two.command("message.send", {"text": "second"}))["d"]["disposition"] == "queued"
        assert (await two.command("message.send", {"text": "no", "on_busy": "reject"}))["d"]["disposition"] == "busy"
    async with view(web, ada) as three:
        welcome = (await three.hello(session=ada.session))["d"]
        assert welcome["policy"] == "queue"
        assert [waiting["text"] for waiting in welcome["queue"]] == ["second"]


@pytest.mark.parametrize(
    ("kind", "d"),
    [
        ("message.send", {"text": "hi"}),
        ("turn.cancel", {}),
        ("queue.remove", {"command": "x"}),
        ("policy.set", {"on_busy": "queue"}),
        ("session.fork", {"seq": 1}),
        ("session.rewind", {"seq": 1}),
        ("session.suspend", {}),
    ],
)
async def test_every_command_that_writes_minds_what_it_expects(
    web: Web, ada: Person, operator: Person, kind: str, d: dict[str, Any]
) -> None:
    async with view(web, operator, kinds=ALL) as client:
        await client.hello(session=ada.session)
        before = client.stream.last_seq
        error = await client.command(kind, d, expect=999_999)

        assert (error["d"]["code"], error["d"]["retry"]) == ("stale", "resync")
        assert client.stream.last_seq == before


async def test_only_the_newest_events_are_replayed_and_older_ones_asked_for(
    web: Web, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "REPLAY_EVENTS", 5)
    async with view(web, ada) as client:
        await client.hello(session=ada.session)
        for number in range(8):
            await client.command("policy.set", {"on_busy": ("queue", "reject")[number % 2]})
        whole = client.stream.events
    async with view(web, ada) as later:
        welcome = await later.hello(session=ada.session)
        assert later.stream.events == whole[-5:]
        assert welcome["d"]["first"] == whole[-5]["seq"]
        older = await later.command("history.get", {"before": whole[-5]["seq"], "limit": 3})

        assert older["d"]["events"] == whole[-8:-5]
        assert older["d"]["more"] is True


async def test_what_fails_in_the_opening_closes_with_4500_and_tells_nothing(
    web: Web, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("a secret of ours")

    monkeypatch.setattr(opening, "open_session", broken)
    async with view(web, ada) as client:
        await client.send("hello", {"session": ada.session})

        assert await client.closed() == 4500
        assert "secret" not in json.dumps(client.frames)
        assert client.frames[0]["d"]["code"] == "internal"
        assert client.frames[-1]["d"]["reconnect"] is True


# --- draining ----------------------------------------------------------------------------------------------------


@pytest.fixture
def drained() -> Iterator[None]:
    yield
    draining._draining = False


@pytest.mark.usefixtures("drained")
async def test_a_drain_tells_every_socket_to_come_back_at_another_moment(web: Web, ada: Person, bob: Person) -> None:
    clients = [view(web, who) for who in (ada, bob) for _ in range(6)]
    for client, who in zip(clients, [ada] * 6 + [bob] * 6, strict=True):
        await client.__aenter__()
        await client.hello(session=who.session)
    assert web.loop is not None
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(draining.drain(), web.loop))

    assert [await client.closed() for client in clients] == [1001] * 12
    waits = [client.frames[-1]["d"]["after_ms"] for client in clients]
    assert len(set(waits)) > 3, "not all at once"
    assert max(waits) <= draining.SPREAD_MS
    async with view(web, ada) as late:
        assert await late.closed() == 1001
    answer = httpx.post(
        f"{web.url}/api/sessions/{ada.session}/commands",
        headers=ada.headers,
        json={"t": "continue", "id": "x", "d": {}},
    )
    assert (answer.status_code, answer.json()["d"]["code"]) == (503, "draining")
    assert httpx.get(f"{web.url}/api/readyz").status_code == 503
    for client in clients:
        await client.__aexit__(None, None, None)


# --- HTTP --------------------------------------------------------------------------------------------------------


async def test_a_stream_over_http_goes_on_after_the_last_id_it_was_sent(web: Web, ada: Person) -> None:
    async with view(web, ada) as client, httpx.AsyncClient(base_url=web.url, headers=ada.headers, timeout=20) as http:
        await client.hello(session=ada.session)
        for number in range(4):
            await client.command("policy.set", {"on_busy": ("queue", "reject")[number % 2]})
        wanted = [event["seq"] for event in client.stream.events]

        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(wanted[2])}
        got: list[int] = []
        async with http.stream("GET", f"/api/sessions/{ada.session}/events?after=0", headers=headers) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("id:"):
                    got.append(int(line[3:]))
                if got and got[-1] == wanted[-1]:
                    break

    assert got == wanted[3:]


async def test_a_stream_over_http_ends_when_its_token_is_taken_back(
    web: Web, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "RIGHTS_S", 0.0)
    async with httpx.AsyncClient(base_url=web.url, headers=ada.headers, timeout=20) as http:
        headers = {"Accept": "text/event-stream"}
        async with http.stream("GET", f"/api/sessions/{ada.session}/events?after=0", headers=headers) as answer:
            lines = answer.aiter_lines()
            assert (await anext(lines)).startswith("id:")
            await in_database(AccessToken.objects.all().delete)
            async for _ in lines:
                pass

    assert answer.status_code == 200


def test_the_documents_are_served(web: Web) -> None:
    for name in ("asyncapi", "openapi"):
        assert httpx.get(f"{web.url}/api/{name}.json").json() == getattr(published, name)()


async def test_text_that_is_in_the_log_already_does_not_open_a_turn_again(web: Web, ada: Person) -> None:
    async with view(web, ada) as client:
        await client.hello(session=ada.session)
        first = await client.command("message.send", {"text": "once"}, id="one")
        await in_database(_work)
        again = await client.command("message.send", {"text": "once"}, id="one")

        assert again["d"] == {**first["d"], "duplicate": True}
        assert len(client.stream.of("turn.started")) == len({e["turn"] for e in client.stream.of("turn.started")})


def _work() -> None:
    for call in calls.claim("a worker", ["tools"], 10):
        server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))
