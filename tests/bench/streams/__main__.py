"""Measure a token's way from the model to the socket: ``python -m tests.bench.streams`` (``docs/benchmarks.md``).

The whole system as it is deployed (web process, Celery worker, timer service), a model's endpoint whose tokens say when
they were written, and readers in a process of their own. No gate is in the way: no question is open.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from config.services.ports import free_port
from tests.bench.command import carry_out
from tests.bench.processes import ROOT, BenchError, Process, run_python, wait_for_http
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

TARGETS_MS = {"p50_ms": 60.0, "p99_ms": 150.0}
_WORKER = (
    *("-m", "celery", "--app=config", "worker", "--pool=threads", "--concurrency=4", "--loglevel=WARNING"),
    *("--queues=tools,threads,cpu", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)


def measure(stack: ExitStack, options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Start everything, let them read as often as asked."""
    data = stack.enter_context(temporary_data_folder())
    services = Services(data)
    stack.callback(services.stop)
    services.start()

    def process(role: str, arguments: list[str], env: dict[str, str]) -> Process:
        started = Process(role, arguments, data.logs / f"{role}.log", env)
        stack.callback(started.stop)
        return started

    upstream, port = free_port(), free_port()
    env = {
        "DATABASE_URL": services.create_database("streams"),
        "REDIS_URL": services.redis_url,
        "TUTOR_DEMO": "1",
        "TUTOR_RATE_FACTOR": "1000",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "LLM_BASE_URL": f"http://127.0.0.1:{upstream}/v1",
        "LLM_MODEL": "clock",
        "LLM_TOTAL_S": "60",
    }
    run_python(["manage.py", "migrate", "--verbosity", "0"], env)
    run_python(["manage.py", "course", "load", "--demo"], env)
    tokens = ["--tokens", str(options.tokens), "--every-ms", str(options.every_ms)]
    processes = {
        "upstream": process("upstream", ["-m", "tests.bench.streams.upstream", "--port", str(upstream), *tokens], {}),
        "web": process("web", ["-m", "config.web"], env),
        "worker": process("worker", list(_WORKER), env),
        "timers": process("timers", ["manage.py", "timer_service"], env),
    }
    wait_for_http(f"http://127.0.0.1:{upstream}/", processes["upstream"])
    wait_for_http(f"http://127.0.0.1:{port}/api/readyz", *processes.values())
    runs: list[dict[str, Any]] = []
    for number in range(options.runs):
        before = {name: one.cpu_s() for name, one in processes.items()}
        run = _read(f"http://127.0.0.1:{port}", options.streams)
        run["cpu_share"] = {name: (one.cpu_s() - before[name]) / run["seconds"] for name, one in processes.items()}
        runs.append(run)
        console.print(f"[dim]run {number + 1}: p50 {run['p50_ms']:.0f} ms, p99 {run['p99_ms']:.0f} ms[/dim]")
    return {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "every_ms": options.every_ms, "runs": runs}


def _read(url: str, streams: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.streams.readers", "--url", url, "--streams", str(streams)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"the readers failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["outcomes"] != ["completed"]:
        raise BenchError(f"not every stream was completed: {found['outcomes']}")
    return found


def show(console: Console, taken: dict[str, Any]) -> None:
    """The figures of each run, and how the median stands to the targets."""
    table = Table("streams", "tokens", "deltas", "p50 ms", "p99 ms", "max ms", "CPU shares of one core")
    for run in taken["runs"]:
        shares = ", ".join(f"{name} {share:.2f}" for name, share in run["cpu_share"].items())
        figures = (f"{run[name]:.0f}" for name in ("p50_ms", "p99_ms", "max_ms"))
        readers = f"readers {run['client_cpu_share']:.2f}"
        table.add_row(str(run["streams"]), str(run["tokens"]), str(run["deltas"]), *figures, f"{shares}, {readers}")
    console.print(table)
    for name, target in TARGETS_MS.items():
        median = statistics.median(run[name] for run in taken["runs"])
        verdict = "reached" if median <= target else "missed"
        console.print(f"{name}: median {median:.0f} ms, target {target:.0f} ms: {verdict}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--tokens", type=int, default=400, help="of one answer")
    parser.add_argument("--every-ms", type=float, default=50, help="pause between two tokens")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path(".data/bench-streams.json"), help="where the report goes")
    options = parser.parse_args()

    def measured(console: Console) -> dict[str, Any]:
        with ExitStack() as stack:
            return measure(stack, options, console)

    return carry_out(options, measured, show)


if __name__ == "__main__":
    sys.exit(main())
