from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from sessions_app.client import Event, Item, Output, Pace, Resync, SessionEndedError, TutorClient
from tests.scripted_server import ScriptedServer

#: Waits short enough for a test, long enough to be seen.
QUICK = Pace(first_s=0.02, longest_s=0.05, opening_s=2.0, silence_s=0.3, behind_s=0.05)


class Witness:
    """Iterates over a client and keeps what a learner would have seen."""

    def __init__(self, client: TutorClient) -> None:
        self.client = client
        self.items: list[Item] = []
        self.end: SessionEndedError | None = None
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            async for item in self.client:
                if isinstance(item, Resync):
                    self.items.clear()
                self.items.append(item)
        except SessionEndedError as end:
            self.end = end

    @property
    def seqs(self) -> list[int]:
        return [item.seq for item in self.items if isinstance(item, Event)]

    @property
    def streamed(self) -> str:
        """All pieces of text as they came, put together."""
        return "".join(item.new for item in self.items if isinstance(item, Output))

    async def leave(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[TutorClient]:
    async with TutorClient(server.url, course="algebra", pace=QUICK) as running:
        yield running


@pytest.fixture
async def witness(client: TutorClient) -> AsyncIterator[Witness]:
    watching = Witness(client)
    yield watching
    await watching.leave()
