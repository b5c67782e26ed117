"""The load client: a process of its own that drives N learners and says whether it was itself the bottleneck.

``python -m tests.bench.load --url ws://127.0.0.1:8000/ws/session/ --sessions 64`` prints JSON lines: ``{"mark": …}``
when the measured window begins and ends, then ``{"result": …}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from typing import Any

import httpx
import uvloop

from tests.bench.learner import SPEECH, Learner, Tally

#: Sessions opened at the same time.
OPENING = 8
STUCK_S = 5.0
LAG_PERIOD_S = 0.02


def percentile(values: list[float], share: float) -> float:
    """0.0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def tell(**line: object) -> None:
    print(json.dumps(line), flush=True)


async def _watch_lag(lags: list[float]) -> None:
    """How late this process's own event loop is: what it adds to every latency it reports."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(LAG_PERIOD_S)
        lags.append(time.perf_counter() - began - LAG_PERIOD_S)


async def _open_all(arguments: argparse.Namespace, tally: Tally) -> list[Learner]:
    opening = json.loads(arguments.opening)
    slots = asyncio.Semaphore(OPENING)
    http_url = arguments.url.replace("ws", "http", 1).split("/ws/")[0]
    async with httpx.AsyncClient(base_url=http_url, timeout=30) as http:

        async def open_one() -> Learner:
            async with slots:
                answer = await http.post("/api/guests")
                answer.raise_for_status()
                learner = Learner(arguments.url, answer.json()["token"], opening, arguments.speech, tally)
                await learner.open()
                return learner

        return list(await asyncio.gather(*(open_one() for _ in range(arguments.sessions))))


async def drive(arguments: argparse.Namespace) -> dict[str, Any]:
    tally = Tally()
    learners = await _open_all(arguments, tally)
    lags: list[float] = []
    watching = asyncio.create_task(_watch_lag(lags))
    for learner in learners:
        learner.go()
    await asyncio.sleep(arguments.warm_up)
    lags.clear()
    frames, calls = tally.frames, tally.tool_calls
    cpu, began = time.process_time(), time.perf_counter()
    tell(mark="begin")
    await _until_over(arguments, tally, began)
    ended = time.perf_counter()
    client_cpu_s = time.process_time() - cpu
    tell(mark="end")
    stuck = sum(learner.waiting_s > STUCK_S for learner in learners)
    watching.cancel()
    for learner in learners:
        learner.stop()
    taken = [seconds * 1000 for end, seconds in tally.turns if began <= end <= ended]
    turns = max(1, len(taken))
    result = {
        "sessions": arguments.sessions,
        "seconds": ended - began,
        "turns": len(taken),
        "turns_per_s": len(taken) / (ended - began),
        "p50_ms": percentile(taken, 0.50),
        "p99_ms": percentile(taken, 0.99),
        "frames_per_turn": (tally.frames - frames) / turns,
        "tool_calls_per_turn": (tally.tool_calls - calls) / turns,
        "client_cpu_s": client_cpu_s,
        "client_cpu_share": client_cpu_s / (ended - began),
        "client_lag_p99_ms": percentile(lags, 0.99) * 1000,
        "stuck": stuck,
        "refusals": dict(tally.refusals),
        "outcomes": dict(tally.outcomes),
        "lost": dict(tally.lost),
    }
    if arguments.turns:
        result["growth_ms"] = growth([seconds * 1000 for _, seconds in tally.turns], arguments.turns)
    return result


def growth(taken: list[float], upto: int) -> dict[str, float]:
    """p50 of the ten turns before and after turn 10, 100, 1,000 … of one session."""
    marks = [mark for mark in (10, 100, 1_000, 10_000, 100_000) if mark <= upto and mark <= len(taken)]
    return {str(mark): statistics.median(taken[max(0, mark - 10) : mark + 10]) for mark in marks}


async def _until_over(arguments: argparse.Namespace, tally: Tally, began: float) -> None:
    """The window's time; or, with ``--turns``, until so many turns are done, at most ten times the window's time."""
    if not arguments.turns:
        await asyncio.sleep(arguments.duration)
        return
    while len(tally.turns) < arguments.turns + 10 and time.perf_counter() < began + 10 * arguments.duration:
        await asyncio.sleep(0.05)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--sessions", type=int, default=1)
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds")
    parser.add_argument("--duration", type=float, default=5.0, help="seconds")
    parser.add_argument("--turns", type=int, default=0, help="measure growth with history: run until so many turns")
    parser.add_argument("--opening", default='{"machine": "echo"}', help="d of the hello frame, JSON")
    parser.add_argument("--speech", choices=sorted(SPEECH), default="echo")
    arguments = parser.parse_args()
    try:
        tell(result=uvloop.run(drive(arguments)))
    except (OSError, TimeoutError, httpx.HTTPError) as error:
        tell(error=f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
