"""Closing a client that blocks ends whoever waits in it, at any moment; running out of patience loses nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sessions_app.client import BlockingTutorClient, Event, SessionEndedError
from tests.client_scenarios import PATIENCE_S
from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.client.conftest import QUICK


async def opened(server: ScriptedServer) -> BlockingTutorClient:
    client = BlockingTutorClient(server.url, course="algebra", pace=QUICK)
    await asyncio.to_thread(client.__enter__)
    await until(lambda: server._live, within_s=PATIENCE_S)
    return client


def events(client: BlockingTutorClient) -> list[str]:
    return [item.t for item in client if isinstance(item, Event)]


async def test_what_happens_after_a_time_out_is_still_seen(server: ScriptedServer) -> None:
    client = await opened(server)

    def impatient() -> None:
        while True:
            client.next(timeout_s=0.05)

    with pytest.raises(TimeoutError):
        await asyncio.to_thread(impatient)
    server.happen("output.committed", text="Well done.", len=10)
    seen = await asyncio.to_thread(client.next, PATIENCE_S)
    await asyncio.to_thread(client.close)

    assert isinstance(seen, Event)
    assert seen.d["text"] == "Well done."


async def test_a_command_without_an_answer_ends_with_the_client(server: ScriptedServer) -> None:
    def keep_silent(frame: dict[str, Any]) -> None:
        server.drop()

    server.on_command = keep_silent
    client = await opened(server)
    asked = asyncio.create_task(asyncio.to_thread(client.say, "x = 4"))
    await until(lambda: client.unanswered, within_s=PATIENCE_S)
    await asyncio.to_thread(client.close)

    with pytest.raises(SessionEndedError, match="was closed"):
        await asyncio.wait_for(asked, PATIENCE_S)


async def test_nothing_is_begun_after_it(server: ScriptedServer) -> None:
    client = await opened(server)
    await asyncio.to_thread(client.close)
    await asyncio.to_thread(client.close)

    assert client.next() is None
    with pytest.raises(SessionEndedError, match="was closed"):
        client.say("x = 4")


@pytest.mark.parametrize("happens", [0, 1, 5, 50])
async def test_threads_that_iterate_end_whenever_it_is_closed(server: ScriptedServer, happens: int) -> None:
    client = await opened(server)
    seen = [asyncio.create_task(asyncio.to_thread(events, client)) for _ in range(3)]
    for n in range(happens):
        server.happen("output.committed", text=str(n), len=1)
    await asyncio.to_thread(client.close)

    assert sum(map(len, await asyncio.wait_for(asyncio.gather(*seen), PATIENCE_S))) <= server.head
