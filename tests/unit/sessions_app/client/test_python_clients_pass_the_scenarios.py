"""Every scenario of ``tests.client_scenarios``, by the client of coroutines and by the one that blocks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sessions_app.client import (
    BlockingTutorClient,
    CommandError,
    Connection,
    Event,
    Item,
    Output,
    Resync,
    SessionEndedError,
    TutorClient,
)
from tests.client_scenarios import PATIENCE_S, SCENARIOS, Scenario
from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.client.conftest import QUICK


class Seen:
    """What a client's user has seen."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.said: list[str] = []
        self.again = 0
        self.told: list[dict[str, Any]] = []
        self.code: int | None = None

    def see(self, item: Item) -> None:
        if isinstance(item, Resync):
            self.items.clear()
            self.again += 1
        elif isinstance(item, Connection):
            self.said.append(item.status)
        self.items.append(item)

    async def events(self) -> list[tuple[int, str, dict[str, Any]]]:
        return [(item.seq, item.t, item.d) for item in self.items if isinstance(item, Event)]

    async def streamed(self) -> str:
        return "".join(item.new for item in self.items if isinstance(item, Output))

    async def statuses(self) -> list[str]:
        return list(self.said)

    async def resyncs(self) -> int:
        return self.again

    async def answers(self) -> list[dict[str, Any]]:
        return list(self.told)

    async def end(self) -> int | None:
        return self.code


class Coroutines(Seen):
    """Drives ``TutorClient``."""

    def __init__(self, client: TutorClient) -> None:
        super().__init__()
        self._client = client
        self._tasks = [asyncio.create_task(self._watch())]

    async def _watch(self) -> None:
        try:
            async for item in self._client:
                self.see(item)
        except SessionEndedError as ended:
            self.code = ended.code

    async def send(self, command: str, d: dict[str, Any]) -> None:
        self._tasks.append(asyncio.create_task(self._send(command, d)))

    async def _send(self, command: str, d: dict[str, Any]) -> None:
        try:
            self.told.append({"duplicate": (await self._client.send(command, d)).duplicate})
        except (CommandError, SessionEndedError) as refused:
            self.told.append({"code": refused.code})

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Threads(Seen):
    """Drives ``BlockingTutorClient``: its user sits on threads of their own."""

    def __init__(self, client: BlockingTutorClient) -> None:
        super().__init__()
        self._client = client
        self.watching = self._begin(self._watch)

    @staticmethod
    def _begin(work: Any, *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    def _watch(self) -> None:
        try:
            for item in self._client:
                self.see(item)
        except SessionEndedError as ended:
            self.code = ended.code

    async def send(self, command: str, d: dict[str, Any]) -> None:
        self._begin(self._send, command, d)

    def _send(self, command: str, d: dict[str, Any]) -> None:
        try:
            self.told.append({"duplicate": self._client.send(command, d, timeout_s=PATIENCE_S).duplicate})
        except (CommandError, SessionEndedError) as refused:
            self.told.append({"code": refused.code})


@asynccontextmanager
async def coroutines(server: ScriptedServer) -> AsyncIterator[Coroutines]:
    async with TutorClient(server.url, course="algebra", pace=QUICK) as client:
        driver = Coroutines(client)
        yield driver
        await driver.leave()


@asynccontextmanager
async def threads(server: ScriptedServer) -> AsyncIterator[Threads]:
    client = BlockingTutorClient(server.url, course="algebra", pace=QUICK)
    await asyncio.to_thread(client.__enter__)
    try:
        driver = Threads(client)
        yield driver
    finally:
        await asyncio.to_thread(client.close)
        await asyncio.to_thread(driver.watching.join, PATIENCE_S)


@pytest.mark.parametrize("drive", [coroutines, threads], ids=["coroutines", "threads"])
@pytest.mark.parametrize("play", SCENARIOS.values(), ids=SCENARIOS)
async def test_scenario(server: ScriptedServer, play: Scenario, drive: Any) -> None:
    async with drive(server) as driver:
        await until(lambda: server._live, within_s=PATIENCE_S)
        await play(server, driver)


def test_without_a_loop_a_lesson_is_a_plain_loop() -> None:
    """As docs/clients.md shows it."""
    ready, over = threading.Event(), threading.Event()
    address: list[str] = []

    async def serve() -> None:
        async with ScriptedServer() as server:

            def praise(frame: dict[str, Any]) -> None:
                server.happen("output.committed", cause=frame["id"], text="Well done.", len=10)

            server.on_command = praise
            address.append(server.url)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    ready.wait(PATIENCE_S)
    try:
        with BlockingTutorClient(address[0], course="algebra", pace=QUICK) as tutor:
            reply = tutor.say("x = 4", timeout_s=PATIENCE_S)
            said = next(item.d["text"] for item in tutor if isinstance(item, Event) and item.t == "output.committed")
            with contextlib.suppress(TimeoutError):
                while tutor.next(timeout_s=0.05) is not None:
                    pass
    finally:
        over.set()
        thread.join()

    assert (reply.disposition, said) == ("started", "Well done.")
    assert tutor.view.seq == 4
