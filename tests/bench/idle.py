"""What sockets cost that only wait: ``python -m tests.bench.idle --sockets 5000`` (docs/benchmarks.md).

One web process. Each socket is another learner's, live on a session of its own, and shows its beat as clients do. Told
is the memory of the web process per socket, its share of a CPU while nothing happens, and how long a turn takes beside
them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from tests.bench.command import carry_out
from tests.bench.learner import Learner, Tally
from tests.bench.processes import BenchError, Process
from tests.bench.programs import Launcher
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

TARGET_KB = 40.0
#: As ``settings.TUTOR_BEAT_S`` has it, in seconds.
BEAT_S = 20.0
#: Sockets that are open before memory is measured for the first time: pools and caches are filled by them.
WARM = 100
#: Sockets opened at the same time.
OPENING = 16
TURNS = 50


class _Sockets:
    """Learners who listen."""

    def __init__(self, url: str) -> None:
        self._ws_url = f"{url.replace('http', 'ws', 1)}/ws/session/"
        self._http = httpx.AsyncClient(base_url=url, timeout=60)
        self._opening = asyncio.Semaphore(OPENING)
        self._tally = Tally()
        self._open: list[tuple[float, Learner]] = []
        self._beating = asyncio.get_running_loop().create_task(self._beat())

    async def open(self, number: int) -> None:
        """So many more. Raises ``BenchError`` where a server refuses."""
        try:
            await asyncio.gather(*(self._one() for _ in range(number)))
        except (OSError, TimeoutError, httpx.HTTPError) as error:
            raise BenchError(f"after {len(self._open)} sockets one could not be opened: {error!r}") from error

    async def _one(self) -> None:
        async with self._opening:
            answer = await self._http.post("/api/guests")
            answer.raise_for_status()
            learner = Learner(self._ws_url, answer.json()["token"], {"machine": "echo"}, "echo", self._tally)
            await learner.open()
            self._open.append((time.monotonic(), learner))

    async def _beat(self) -> None:
        """Each shows that it lives in its own time, so that nothing comes in waves."""
        while True:
            for _ in range(len(self._open)):
                opened, learner = self._open.pop(0)
                learner.beat()
                self._open.append((opened, learner))
                await asyncio.sleep(BEAT_S / max(1, len(self._open)))
            await asyncio.sleep(0.01)

    async def turns(self, number: int) -> list[float]:
        """Seconds of so many turns of one learner, one after the other."""
        _, learner = self._open[0]
        before = len(self._tally.turns)
        learner.go()
        async with asyncio.timeout(60):
            while len(self._tally.turns) < before + number:
                await asyncio.sleep(0.02)
        learner.stop()
        return [seconds for _, seconds in self._tally.turns[before:]]

    async def close(self) -> list[str]:
        """End all; what was lost meanwhile."""
        self._beating.cancel()
        lost = [f"{why}: {number}" for why, number in self._tally.lost.items()]
        for _, learner in self._open:
            learner.stop()
        await self._http.aclose()
        return lost


async def _measure(url: str, web: Process, options: argparse.Namespace) -> dict[str, Any]:
    sockets = _Sockets(url)
    await sockets.open(WARM)
    before_mb = web.rss_mb()
    began = time.perf_counter()
    await sockets.open(options.sockets)
    opened_s = time.perf_counter() - began
    await asyncio.sleep(2)
    after_mb = web.rss_mb()
    cpu_s = web.cpu_s()
    await asyncio.sleep(options.rest)
    share = (web.cpu_s() - cpu_s) / options.rest
    turns = await sockets.turns(TURNS)
    lost = await sockets.close()
    kb = (after_mb - before_mb) * 1024 / options.sockets
    return {
        "sockets": options.sockets,
        "kb_each": kb,
        "rss_mb": after_mb,
        "opened_per_s": options.sockets / opened_s,
        "cpu_share_idle": share,
        "turn_p50_ms": statistics.median(turns) * 1_000,
        "lost": lost,
        "target_kb": TARGET_KB,
        "met": kb <= TARGET_KB and not lost,
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Start the system, open the sockets. Raises ``BenchError``."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        (program,) = Launcher(stack, services, data.logs).start(["echo"])
        web = next(process for process in program.processes if process.role == "web")
        taken = asyncio.run(_measure(program.url, web, options))
    return {"cpus": os.cpu_count(), "load": os.getloadavg(), **taken}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.idle", description=__doc__)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--rest", type=float, default=10.0, help="seconds in which nothing happens but beats")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-idle.json"), help="where the report goes")
    options = parser.parse_args(arguments)
    return carry_out(options, lambda _console: measure(options), show)


def show(console: Console, taken: dict[str, Any]) -> None:
    console.print(
        f"{taken['sockets']:,} idle sockets on one web process: {taken['kb_each']:.1f} KB each "
        f"(target {TARGET_KB:.0f}), {taken['rss_mb']:.0f} MB in all, {taken['cpu_share_idle']:.2f} of a CPU; "
        f"opened {taken['opened_per_s']:.0f}/s; a turn beside them p50 {taken['turn_p50_ms']:.1f} ms; "
        f"lost: {', '.join(taken['lost']) or 'none'}"
    )


if __name__ == "__main__":
    sys.exit(main())
