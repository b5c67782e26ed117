"""The floor of a worker: bare asyncio and psycopg, one process, claims and results each many to a statement.

``python -m tests.bench.tools.floor --calls 1000 --seconds 1`` on the database ``FLOOR_DATABASE_URL``; prints JSON. It
decides nothing and keeps no promise but durability.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import time

import psycopg
import uvloop

_BATCH = 100
_SCHEMA = """
CREATE TABLE call (id bigserial PRIMARY KEY, status text NOT NULL, result text);
CREATE INDEX call_queued ON call (id) WHERE status = 'queued';
CREATE TABLE log (id bigserial PRIMARY KEY, call bigint NOT NULL, payload text NOT NULL);
"""
_CLAIM = """
UPDATE call SET status = 'running' WHERE id IN
    (SELECT id FROM call WHERE status = 'queued' ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) RETURNING id
"""
#: As many log rows of the same size as the echo machine's turn adds at its end.
_SETTLE = """
WITH ended AS (UPDATE call SET status = 'ended', result = 'x' WHERE id = ANY(%s) RETURNING id)
INSERT INTO log (call, payload) SELECT id, repeat('x', 300) FROM ended, generate_series(1, 4)
"""


async def run(url: str, calls: int, seconds: float) -> float:
    """Seconds from the first claim to the last commit."""
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    settling = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection, settling:
        await connection.execute(_SCHEMA)
        await connection.execute("INSERT INTO call (status) SELECT 'queued' FROM generate_series(1, %s)", [calls])
        results: asyncio.Queue[int] = asyncio.Queue()

        async def one(call: int) -> None:
            await asyncio.sleep(seconds)
            results.put_nowait(call)

        async def settle() -> None:
            left = calls
            while left:
                batch = [await results.get()]
                while not results.empty() and len(batch) < _BATCH:
                    batch.append(results.get_nowait())
                await settling.execute(_SETTLE, [batch])
                left -= len(batch)

        began = time.perf_counter()
        settler = asyncio.create_task(settle())
        tasks = set()
        while claimed := await (await connection.execute(_CLAIM, [_BATCH])).fetchall():
            tasks |= {asyncio.create_task(one(call)) for (call,) in claimed}
        await settler
        return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args()
    took = uvloop.run(run(os.environ["FLOOR_DATABASE_URL"], arguments.calls, arguments.seconds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall_s": took, "rss_mb": peak}))
