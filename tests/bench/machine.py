"""How fast this machine is right now: it drifts, so every round says what it ran on."""

from __future__ import annotations

import os
import time
from dataclasses import asdict, dataclass

import psutil
import psycopg
import redis

PROBE_S = 0.4


@dataclass(frozen=True, slots=True)
class Probe:
    commits_per_s: float
    redis_ops_per_s: float
    load_1min: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def probe(database_url: str, redis_url: str) -> Probe:
    """One client, one small durable commit after the other; one client, one Redis operation after the other."""
    with psycopg.connect(database_url, autocommit=True, prepare_threshold=0) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS probe (n bigint)")
        commits = _rate(lambda: connection.execute("INSERT INTO probe VALUES (1)"))
        connection.execute("TRUNCATE probe")
    client = redis.Redis.from_url(redis_url)
    operations = _rate(lambda: client.incr("bench:probe"))
    client.close()
    return Probe(commits, operations, os.getloadavg()[0])


def _rate(operation: object) -> float:
    assert callable(operation)
    count = 0
    began = time.perf_counter()
    while (spent := time.perf_counter() - began) < PROBE_S:
        operation()
        count += 1
    return count / spent


def busy_s() -> float:
    """CPU seconds all processes of the machine have used, ours and others'."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)
