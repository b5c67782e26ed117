"""The floor of a worker: bare asyncio and psycopg, one process, calls that only wait, the rows of the turn's floors.

``python -m tests.bench.tools.floor --store steps --calls 1000 --seconds 1`` on the database ``FLOOR_DATABASE_URL``;
prints JSON. Its calls are claimed a hundred at a time and settled as the store does it (``tests.bench.floor.store``).
It decides nothing and keeps no promise but durability.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import time
from pathlib import Path

import psycopg
import uvloop

from tests.bench.floor import store as stores
from tests.bench.floor.batcher import Batcher
from tests.bench.floor.rows import Claimed, Message, Settled

_CLAIMED_AT_ONCE = 100
_SCHEMA = Path(stores.__file__).parent / "schema.sql"


async def run(url: str, calls: int, seconds: float, store_name: str) -> float:
    """Seconds from the first claim to the last commit."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_SCHEMA.read_bytes())
    pool = await stores.open_pool(url)
    store = stores.STORES[store_name](pool, "floor")
    settling: Batcher[Claimed, Settled] = Batcher(store.settle, store.batch)

    async def one(call: Claimed) -> None:
        await asyncio.sleep(seconds)
        await settling.submit(call)

    async def ask(number: int) -> str:
        session, ref = f"s{number}", f"c{number}"
        await store.start(session)
        await store.accept([Message(session, ref, "wait 1")])
        return ref

    async with pool:
        refs = await asyncio.gather(*(ask(number) for number in range(calls)))
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for some in (refs[n : n + _CLAIMED_AT_ONCE] for n in range(0, calls, _CLAIMED_AT_ONCE)):
                for call in await store.claim(some):
                    tasks.create_task(one(call))
        return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=sorted(stores.STORES), required=True)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    took = uvloop.run(run(os.environ["FLOOR_DATABASE_URL"], arguments.calls, arguments.seconds, arguments.store))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall_s": took, "rss_mb": peak}))
