"""The floor's worker process: pops calls, claims them, does nothing at all, settles them, publishes the replies.

``python -m tests.bench.floor.worker --store steps``
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from collections.abc import Sequence
from typing import cast

import msgspec
import redis.asyncio as redis

from tests.bench.floor.store import CONNECTIONS, STORES, Store, open_pool

_encode = msgspec.json.Encoder().encode


class Worker:
    """One worker process: as many calls at once as it has database connections."""

    def __init__(self, store: Store, client: redis.Redis, name: str) -> None:
        self._store = store
        self._redis = client
        self._queue = f"floor:{name}:calls"
        self._replies = f"floor:{name}:replies"
        self._slots = asyncio.Semaphore(CONNECTIONS if store.batch == 1 else 1)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            await self._slots.acquire()
            refs = await self._pop()
            task = asyncio.create_task(self._turn(refs))
            self._tasks.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _pop(self) -> list[str]:
        """The next call; for a store that takes batches, all that wait."""
        first = await self._redis.blpop([self._queue], timeout=0)
        assert first is not None  # it waits for ever
        refs = [str(first[1])]
        if self._store.batch > 1:
            refs += cast("list[str] | None", await self._redis.lpop(self._queue, self._store.batch - 1)) or []
        return refs

    async def _turn(self, refs: Sequence[str]) -> None:
        calls = await self._store.claim(refs)
        settled = await self._store.settle(calls)
        await self._redis.publish(self._replies, _encode(settled))


async def work(store_name: str) -> None:
    pool = await open_pool(os.environ["FLOOR_DATABASE_URL"])
    client = redis.Redis.from_url(os.environ["FLOOR_REDIS_URL"], socket_timeout=None, decode_responses=True)
    worker = Worker(STORES[store_name](pool, f"worker-{os.getpid()}"), client, store_name)
    running = asyncio.ensure_future(worker.run())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        return
    finally:
        await pool.close()
        await client.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=sorted(STORES), required=True)
    import uvloop

    uvloop.run(work(parser.parse_args().store))
