"""What an idle socket costs the web process, in bytes and CPU: ``python -m tests.bench.idle`` (docs/benchmarks.md).

The real web process on a Postgres and a Valkey of its own; each socket has a view of a session, and nothing happens.
First nobody says anything, then every client beats as the protocol asks.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from config.services.ports import free_port
from tests.bench.processes import BenchError, Process, run_python, wait_for_http
from tests.bench.services import Services
from tests.bench.sockets import Socket
from tests.temporary_data import temporary_data_folder

TARGET_KB = 40.0
#: Sockets of one user: the server's limit.
PER_USER = 20
#: Handshakes under way at once.
TOGETHER = 50
BEAT_S = 20.0


class Crowd:
    """Sockets that are live and say nothing."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.sockets: list[Socket] = []
        self.lost = 0

    async def tokens(self, number: int) -> list[str]:
        async with httpx.AsyncClient(base_url=self._url, timeout=60) as http:
            found = []
            for _ in range(number):
                found.append(str((await http.post("/api/guests")).json()["token"]))
            return found

    async def open(self, number: int) -> None:
        tokens = await self.tokens(-(-number // PER_USER))
        places = asyncio.Semaphore(TOGETHER)

        async def one(token: str) -> None:
            async with places:
                await self._open(token)

        # The first of each user makes the session; the others find it.
        await asyncio.gather(*(one(token) for token in tokens))
        rest = [token for token in tokens for _ in range(PER_USER - 1)][: number - len(tokens)]
        await asyncio.gather(*(one(token) for token in rest))

    async def _open(self, token: str) -> None:
        live: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def take(data: bytes) -> None:
            if data.startswith(b'{"t":"live"') and not live.done():
                live.set_result(None)

        socket = await Socket.open(f"{self._url.replace('http', 'ws')}/ws/session/", token, take, self._closed)
        hello = {"t": "hello", "id": secrets.token_hex(8), "d": {"course": "", "machine": "echo"}}
        socket.send(json.dumps(hello).encode())
        async with asyncio.timeout(60):
            await live
        self.sockets.append(socket)

    def _closed(self, _reason: str) -> None:
        self.lost += 1

    async def beat(self, seconds: float) -> None:
        """Everybody pings once in BEAT_S, spread evenly."""
        ends = asyncio.get_running_loop().time() + seconds
        pause, number = BEAT_S / len(self.sockets), 0
        began = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < ends:
            self.sockets[number % len(self.sockets)].send(b'{"t":"ping","id":"%d","d":{}}' % number)
            number += 1
            await asyncio.sleep(max(0.0, began + number * pause - asyncio.get_running_loop().time()))


async def _measured(url: str, web: Process, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    crowd = Crowd(url)
    await crowd.open(PER_USER)
    await asyncio.sleep(2)
    before_mb, began, cpu = web.rss_mb(), time.monotonic(), web.cpu_s()
    await crowd.open(options.sockets)
    opening = time.monotonic() - began
    opening_cpu = web.cpu_s() - cpu
    await asyncio.sleep(5)
    after_mb = web.rss_mb()
    console.print(f"[dim]{options.sockets} sockets live after {opening:.0f} s[/dim]")
    shares = {}
    for name, wait in (("silent", asyncio.sleep), ("beating", crowd.beat)):
        cpu = web.cpu_s()
        await wait(options.seconds)
        shares[name] = (web.cpu_s() - cpu) / options.seconds
    if crowd.lost:
        raise BenchError(f"{crowd.lost} sockets were lost while they were idle")
    return {
        "sockets": options.sockets,
        "kb_a_socket": (after_mb - before_mb) * 1024 / options.sockets,
        "opened_per_s": options.sockets / opening,
        "opening_cpu_ms": opening_cpu * 1000 / options.sockets,
        "cpu_share_silent": shares["silent"],
        "cpu_share_beating": shares["beating"],
        "load": os.getloadavg()[0],
    }


def measure(stack: ExitStack, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Start a web process, let them come."""
    data = stack.enter_context(temporary_data_folder())
    services = Services(data)
    stack.callback(services.stop)
    services.start()
    port = free_port()
    env = {
        "DATABASE_URL": services.create_database("idle"),
        "REDIS_URL": services.redis_url,
        "TUTOR_DEMO": "1",
        "TUTOR_BENCH": "1",
        "TUTOR_RATE_FACTOR": "0",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    run_python(["manage.py", "migrate", "--verbosity", "0"], env)
    run_python(["manage.py", "course", "load", "--demo"], env)
    web = Process("web", ["-m", "config.web"], data.logs / "web.log", env)
    stack.callback(web.stop)
    wait_for_http(f"http://127.0.0.1:{port}/api/healthz", web)
    return asyncio.run(_measured(f"http://127.0.0.1:{port}", web, options, console))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.idle", description=__doc__)
    parser.add_argument("--sockets", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=30, help="of silence, and of beats")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-idle.json"), help="where the report goes")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        with ExitStack() as stack:
            taken = measure(stack, options, console)
    except BenchError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    table = Table("sockets", "KB a socket", "opened/s", "CPU ms an opening", "CPU share silent", "CPU share beating")
    table.add_row(
        str(taken["sockets"]), *(f"{taken[key]:.2f}" for key in ("kb_a_socket", "opened_per_s", "opening_cpu_ms")),
        *(f"{taken[key]:.4f}" for key in ("cpu_share_silent", "cpu_share_beating")),
    )  # fmt: skip
    console.print(table)
    reached = taken["kb_a_socket"] <= TARGET_KB
    console.print(f"target {TARGET_KB:.0f} KB a socket: {'reached' if reached else 'missed'}; load {taken['load']:.1f}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(taken, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
