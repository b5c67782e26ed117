"""Waiting work in batches: what arrives while one is being done goes together in the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Done = TypeVar("Done")


class Batcher(Generic[Item, Done]):
    """``submit`` waits for the item's own answer. At a batch of one it is a plain call without a queue."""

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Done]]], size: int) -> None:
        self._work = work
        self._size = size
        self._waiting: list[tuple[Item, asyncio.Future[Done]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Done:
        if self._size == 1:
            return (await self._work([item]))[0]
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
            try:
                done = await self._work([item for item, _ in batch])
            except Exception as error:
                for _, answer in batch:
                    answer.set_exception(error)
                continue
            for (_, answer), result in zip(batch, done, strict=True):
                answer.set_result(result)
        self._running = None
