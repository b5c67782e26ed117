"""How long ``make run`` takes to a learner's first lesson: ``python -m tests.bench.startup`` (docs/benchmarks.md).

The first start makes the database; the second is what one waits for every morning. The clock stops when a learner who
came with the first request reads the lesson's first words on the socket. What ``make`` itself does before (comparing
the time of two files) is not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console

from config.services.ports import free_port
from tests.bench.command import carry_out
from tests.bench.processes import BenchError, Process, wait_for_http
from tests.bench.programs import COURSE
from tests.bench.sockets import Socket
from tests.temporary_data import temporary_data_folder

TARGET_S = 5.0
_LESSON_S = 30.0


class _Frame(msgspec.Struct):
    t: str


_frame = msgspec.json.Decoder(_Frame).decode


async def _first_words(url: str) -> None:
    """Until a new guest has been told something."""
    told = asyncio.get_running_loop().create_future()

    def receive(data: bytes) -> None:
        if _frame(data).t == "output.committed" and not told.done():
            told.set_result(None)

    def lose(why: str) -> None:
        if not told.done():
            told.set_exception(BenchError(f"the lesson's socket was closed: {why}"))

    async with httpx.AsyncClient(base_url=url, timeout=_LESSON_S) as http:
        answer = await http.post("/api/guests")
        answer.raise_for_status()
    token = answer.json()["token"]
    socket = await Socket.open(f"{url.replace('http', 'ws', 1)}/ws/session/", token, receive, lose)
    socket.send(msgspec.json.encode({"t": "hello", "id": "h1", "d": {"course": COURSE, "resume": None}}))
    async with asyncio.timeout(_LESSON_S):
        await told
    socket.close()


def _start(number: int, folder: Path, logs: Path) -> dict[str, Any]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {"TUTOR_DATA": str(folder), "PORT": str(port), "TUTOR_DEMO": "1"}
    began = time.perf_counter()
    system = Process("run", ["manage.py", "run"], logs / f"run-{number}.log", env)
    try:
        wait_for_http(f"{url}/api/readyz", system)
        ready_s = time.perf_counter() - began
        asyncio.run(_first_words(url))
        lesson_s = time.perf_counter() - began
        rss_mb = system.rss_mb()
    finally:
        system.stop()
    return {"ready_s": ready_s, "lesson_s": lesson_s, "rss_mb": rss_mb}


def measure(runs: int) -> dict[str, Any]:
    """One first start and so many second ones. Raises ``BenchError``."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        logs = stack.enter_context(temporary_data_folder()).logs
        first = _start(0, data.path, logs)
        again = [_start(number, data.path, logs) for number in range(1, runs + 1)]
    second = {name: statistics.median(one[name] for one in again) for name in first}
    return {
        "cpus": os.cpu_count(), "load": os.getloadavg(),
        "first": first, "second": second, "runs": again, "target_s": TARGET_S, "met": second["lesson_s"] <= TARGET_S,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="second starts")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-startup.json"), help="where the report goes")
    options = parser.parse_args()

    def measured(_console: Console) -> dict[str, Any]:
        try:
            return measure(options.runs)
        except (TimeoutError, httpx.HTTPError) as error:
            raise BenchError(str(error)) from error

    return carry_out(options, measured, show)


def show(console: Console, taken: dict[str, Any]) -> None:
    times = [one["lesson_s"] for one in taken["runs"]]
    console.print(
        f"first start to the first words of a lesson: {taken['first']['lesson_s']:.1f} s; second: "
        f"{taken['second']['lesson_s']:.1f} s ({min(times):.1f}-{max(times):.1f}, target {TARGET_S:.0f}), "
        f"ready after {taken['second']['ready_s']:.1f} s; {taken['second']['rss_mb']:.0f} MB of all processes"
    )


if __name__ == "__main__":
    sys.exit(main())
