"""For scale: Celery doing nothing. The client keeps N tasks on their way; each task reports by one Redis push.

Worker: ``celery -A tests.bench.celery_noop worker``; client: ``python -m tests.bench.celery_noop --sessions 64``.
"""

from __future__ import annotations

import argparse
import os
import time

import redis
from celery import Celery

from tests.bench.load import percentile, tell

DONE = "bench:noop:done"
_url = os.environ.get("NOOP_REDIS_URL", "redis://127.0.0.1:6379")

app = Celery("bench", broker=_url)
app.conf.update(
    task_ignore_result=True, worker_prefetch_multiplier=1, broker_transport_options={"max_connections": 200}
)
_redis = redis.Redis.from_url(_url, socket_timeout=None)


@app.task(name="bench.noop")  # type: ignore[untyped-decorator]
def noop(number: int) -> None:
    _redis.rpush(DONE, number)


def drive(sessions: int, warm_up_s: float, duration_s: float) -> dict[str, object]:
    _redis.delete(DONE)
    sent: dict[int, float] = {}
    number = 0

    def send() -> None:
        nonlocal number
        number += 1
        sent[number] = time.perf_counter()
        noop.delay(number)

    for _ in range(sessions):
        send()
    taken: list[float] = []
    begin = time.perf_counter() + warm_up_s
    measuring = False
    cpu = 0.0
    while (now := time.perf_counter()) < begin + duration_s:
        if not measuring and now >= begin:
            measuring = True
            cpu = time.process_time()
            tell(mark="begin")
        popped = _redis.blpop([DONE], timeout=5)
        if popped is None:
            raise TimeoutError("no task came back within 5 s: is the Celery worker running?")
        if measuring:
            taken.append((time.perf_counter() - sent.pop(int(popped[1]))) * 1000)
        send()
    ended = time.perf_counter()
    cpu = time.process_time() - cpu
    tell(mark="end")
    return {
        "sessions": sessions,
        "seconds": ended - begin,
        "turns": len(taken),
        "turns_per_s": len(taken) / (ended - begin),
        "p50_ms": percentile(taken, 0.50),
        "p99_ms": percentile(taken, 0.99),
        "client_cpu_s": cpu,
        "client_cpu_share": cpu / (ended - begin),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds")
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    arguments = parser.parse_args()
    tell(result=drive(arguments.sessions, arguments.warm_up, arguments.duration))
