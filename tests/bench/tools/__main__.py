"""What running tools costs: ``python -m tests.bench.tools`` (docs/benchmarks.md)."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from config.services import DataFolder
from tests.bench.load import percentile
from tests.bench.processes import ROOT, BenchError, Process, run_python
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

NAMES = ("slots", "short", "detection", "fairness")
_WORKER = (
    *("-m", "celery", "--app=config", "worker", "--pool=threads", "--concurrency=1", "--loglevel=WARNING"),
    *("--queues=tools,threads,cpu", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)
_WAIT_S = 120.0
_WALL = (
    "SELECT extract(epoch FROM max(ended_at) - min(started_at))::float, count(*) FILTER (WHERE ending <> 'finished')"
)


class Bench:
    """One run: a Postgres and a Valkey with full durability, a database of its own for each measurement."""

    def __init__(self, stack: ExitStack, data: DataFolder, options: argparse.Namespace, console: Console) -> None:
        self._stack, self._data, self._console = stack, data, console
        self.options = options
        self._services = Services(data)
        stack.callback(self._services.stop)
        self._services.start()
        self.durability = self._services.durability()
        self._number = 0

    def slots(self) -> dict[str, Any]:
        """So many calls of a second each on one worker, beside the floors."""
        rounds = []
        for _ in range(self.options.runs):
            env, url = self._database()
            self._play(env, "echo", self.options.slots, "wait 1")
            worker = self._worker(env)
            self._until_ended(url, worker)
            wall_s, failed = self._query(url, f"{_WALL} FROM tools_app_toolcall")[0]
            steps, group = (self._floor(store, self.options.slots, 1.0) for store in ("steps", "group"))
            rounds.append(
                {
                    "wall_s": wall_s, "failed": failed, "rss_mb": _peak_mb(worker.pid), "floor_s": steps["wall_s"],
                    "floor_mb": steps["rss_mb"], "ratio": wall_s / steps["wall_s"],
                    "group_s": group["wall_s"], "group_ratio": wall_s / group["wall_s"],
                }
            )  # fmt: skip
            worker.stop()
        return self._median(rounds)

    def short(self) -> dict[str, Any]:
        """So many calls that return at once, beside a Celery task that does nothing."""
        rounds = []
        each = 10
        for _ in range(self.options.runs):
            env, url = self._database()
            asked = self._play(env, "scripted", self.options.short // each, " ".join(["call"] * each))
            worker = self._worker(env)
            before = worker.cpu_s()
            self._until_ended(url, worker)
            wall_s, failed = self._query(url, f"{_WALL} FROM tools_app_toolcall")[0]
            cpu_s = worker.cpu_s() - before
            worker.stop()
            noop = self._noop()
            rate = self.options.short / wall_s
            rounds.append(
                {
                    "calls_per_s": rate, "failed": failed, "worker_cpu_ms": cpu_s / self.options.short * 1_000,
                    "noop_per_s": noop, "ratio": rate / noop, "asked_s": asked["asked_s"],
                }
            )  # fmt: skip
        return self._median(rounds)

    def detection(self) -> dict[str, Any]:
        """From the SIGKILL of a worker until its call is queued again."""
        env, url = self._database()
        timers = self._process("timers", ["manage.py", "timer_service"], env)
        taken = []
        for number in range(self.options.kills):
            worker = self._worker(env)
            self._play(env, "echo", 1, "wait 20")
            self._until(url, "SELECT count(*) = 1 FROM tools_app_toolcall WHERE status = 'running'", worker)
            # Not always at the same moment of a beat.
            time.sleep(number % 10 / 20)
            os.kill(worker.pid, signal.SIGKILL)
            began = time.perf_counter()
            self._until(url, "SELECT count(*) = 0 FROM tools_app_toolcall WHERE status = 'running'", timers)
            taken.append(time.perf_counter() - began)
            self._console.print(f"[dim]kill {number + 1}: noticed after {taken[-1]:.2f} s[/dim]")
            self._query(url, "UPDATE tools_app_toolcall SET status = 'ended' WHERE status <> 'ended' RETURNING 1")
        timers.stop()
        return {"kills": len(taken), "p50_s": statistics.median(taken), "p99_s": percentile(taken, 0.99), "all": taken}

    def fairness(self) -> dict[str, Any]:
        """Claims in fair order and by age, among many that wait."""
        env, _url = self._database()
        arguments = ["-m", "tests.bench.tools.claims", "--waiting", str(self.options.waiting)]
        return self._json(arguments, env)

    def _database(self) -> tuple[dict[str, str], str]:
        self._number += 1
        url = self._services.create_database(f"tools_{self._number}")
        env = {
            "DATABASE_URL": url,
            "REDIS_URL": self._services.redis_url,
            "DJANGO_SECRET_KEY": "a key for benchmarks",
            "DJANGO_SETTINGS_MODULE": "tests.bench.tools.settings",
            "LOG_LEVEL": "WARNING",
        }
        run_python(["manage.py", "migrate", "--verbosity", "0"], env)
        return env, url

    def _process(self, name: str, arguments: list[str], env: dict[str, str]) -> Process:
        process = Process(name, arguments, self._data.logs / f"{name}-{self._number}.log", env)
        self._stack.callback(process.stop)
        return process

    def _worker(self, env: dict[str, str]) -> Process:
        return self._process("worker", [*_WORKER], env)

    def _play(self, env: dict[str, str], machine: str, sessions: int, text: str) -> dict[str, Any]:
        arguments = ["--machine", machine, "--sessions", str(sessions), "--text", text]
        return self._json(["-m", "tests.bench.tools.play", *arguments], env)

    def _floor(self, store: str, calls: int, seconds: float) -> dict[str, Any]:
        self._number += 1
        env = {"FLOOR_DATABASE_URL": self._services.create_database(f"floor_{self._number}")}
        work = ["--store", store, "--calls", str(calls), "--seconds", str(seconds)]
        return self._json(["-m", "tests.bench.tools.floor", *work], env)

    def _noop(self) -> float:
        env = {"NOOP_REDIS_URL": f"{self._services.redis_url}/6"}
        celery = ["-m", "celery", "--app=tests.bench.celery_noop", "worker", "--pool=threads", "--concurrency=4"]
        celery += ["--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = self._process("noop", celery, env)
        taken = self._json(["-m", "tests.bench.celery_noop", "--sessions", "64", "--warm-up", "4"], env)
        worker.stop()
        return float(taken["result"]["turns_per_s"])

    def _json(self, arguments: list[str], env: dict[str, str]) -> dict[str, Any]:
        """The last line of what a module prints. Raises ``BenchError``."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=1_800, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BenchError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result

    def _query(self, url: str, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def _until_ended(self, url: str, worker: Process) -> None:
        self._until(url, "SELECT count(*) = 0 FROM tools_app_toolcall WHERE status <> 'ended'", worker)

    def _until(self, url: str, sql: str, process: Process) -> None:
        ends = time.monotonic() + _WAIT_S
        with psycopg.connect(url, autocommit=True) as connection:
            while (found := connection.execute(sql.encode()).fetchone()) is None or not found[0]:
                process.check()
                if time.monotonic() > ends:
                    raise BenchError(f"after {_WAIT_S:.0f} s this is still not so: {sql}\n{process.tail()}")
                time.sleep(0.01)

    def _median(self, rounds: list[dict[str, Any]]) -> dict[str, Any]:
        self._console.print(f"[dim]{json.dumps(rounds)}[/dim]", highlight=False)
        return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]} | {"rounds": rounds}


def _peak_mb(pid: int) -> float:
    """The most memory that a process has had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _verdict(met: bool) -> str:
    return "yes" if met else "no"


def show(console: Console, figures: dict[str, Any], options: argparse.Namespace) -> None:
    table = Table(title="Tools", title_justify="left")
    for heading in ("promise", "figures", "ratio", "target", "met"):
        table.add_column(heading)
    if one := figures.get("slots"):
        what = f"{one['wall_s']:.2f} s beside {one['floor_s']:.2f} s, {one['rss_mb']:.0f} MB"
        what += f"; group commit {one['group_s']:.2f} s, {one['group_ratio']:.2f}"
        met = _verdict(one["ratio"] <= 1.2 and one["rss_mb"] <= 200)
        table.add_row(f"{options.slots} calls of 1 s", what, f"{one['ratio']:.2f}", "1.2, 200 MB", met)
    if one := figures.get("short"):
        what = f"{one['calls_per_s']:,.0f} calls/s beside {one['noop_per_s']:,.0f} no-ops/s"
        table.add_row(f"{options.short} short calls", what, f"{one['ratio']:.2f}", "", "")
    if one := figures.get("detection"):
        what = f"p50 {one['p50_s']:.2f} s, p99 {one['p99_s']:.2f} s of {one['kills']}"
        table.add_row("a killed worker", what, "", "5 s", _verdict(one["p99_s"] <= 5))
    console.print(table)
    if one := figures.get("fairness"):
        for population, entry in one.items():
            if population != "plan":
                console.print(f"{population}: {json.dumps(entry)}", highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.tools", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--runs", type=int, default=3, help="rounds of slots and short")
    parser.add_argument("--slots", type=int, default=1_000, help="calls of a second each")
    parser.add_argument("--short", type=int, default=10_000, help="calls that return at once")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--waiting", type=int, default=100_000, help="queued calls among which is claimed")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-tools.json"), help="where the report goes")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        with ExitStack() as stack:
            data = stack.enter_context(temporary_data_folder())
            run = Bench(stack, data, options, console)
            figures = {name: getattr(run, name)() for name in NAMES if name in options.only}
            about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cpus": os.cpu_count()}
            report = {**about, "load": os.getloadavg(), "postgres": run.durability, "figures": figures}
    except BenchError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    show(console, figures, options)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1))
    console.print(f"report: {options.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
