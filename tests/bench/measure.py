"""One measured run: drive a program for a while and account for every CPU second the machine spent meanwhile."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tests.bench import machine
from tests.bench.processes import ROOT, BenchError, Watched
from tests.bench.programs import Program

#: What a run may take beyond its warm-up and window.
GRACE_S = 90.0


class _Usage:
    """CPU seconds by role between two moments."""

    def __init__(self, processes: Sequence[Watched]) -> None:
        self._processes = processes
        self._before = self._now()
        self._busy = machine.busy_s()
        self._at = time.perf_counter()

    def _now(self) -> dict[str, float]:
        used: dict[str, float] = {}
        for process in self._processes:
            used[process.role] = used.get(process.role, 0.0) + process.cpu_s()
        return used

    def since(self) -> tuple[dict[str, float], float, float]:
        """CPU seconds by role, of the whole machine, and the seconds that passed."""
        used = {role: now - self._before[role] for role, now in self._now().items()}
        return used, machine.busy_s() - self._busy, time.perf_counter() - self._at


def _nothing() -> None:
    pass


def run(
    program: Program,
    services: Sequence[Watched],
    sessions: int,
    warm_up_s: float,
    duration_s: float,
    *,
    at_begin: Callable[[], None] = _nothing,
    at_end: Callable[[], None] = _nothing,
) -> dict[str, Any]:
    """The load client's figures with the servers' CPU and memory beside them.

    ``at_begin`` and ``at_end`` are called when the measured window begins and ends. Raises ``BenchError`` if there is
    nothing to measure.
    """
    times = ["--sessions", str(sessions), "--warm-up", str(warm_up_s), "--duration", str(duration_s)]
    return _drive(program, services, times, warm_up_s + duration_s + GRACE_S, at_begin=at_begin, at_end=at_end)


def run_history(program: Program, services: Sequence[Watched], turns: int, duration_s: float) -> dict[str, Any]:
    """One session for ``turns`` turns: how its p50 grows with its history."""
    arguments = ["--sessions", "1", "--warm-up", "0", "--duration", str(duration_s), "--turns", str(turns)]
    return _drive(program, services, arguments, 10 * duration_s + GRACE_S)


def _drive(
    program: Program,
    services: Sequence[Watched],
    arguments: list[str],
    timeout_s: float,
    *,
    at_begin: Callable[[], None] = _nothing,
    at_end: Callable[[], None] = _nothing,
) -> dict[str, Any]:
    for process in program.processes:
        process.check()
    processes = [*program.processes, *services]
    client = subprocess.Popen(
        program.client_command(*arguments),
        cwd=ROOT,
        env={**os.environ, **program.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(timeout_s, client.kill)
    watchdog.start()
    try:
        result, used, busy_s, seconds = _listen(client, processes, at_begin, at_end)
        _, errors = client.communicate(timeout=20)
    finally:
        watchdog.cancel()
        client.kill()
        client.wait()
    if result is None:
        raise BenchError(f"the load client of {program.name!r} gave no result: {errors[-2000:]}{_logs(program)}")
    if not result["turns"]:
        raise BenchError(f"no turn of {program.name!r} finished: {json.dumps(result)}{_logs(program)}")
    turns = result["turns"]
    cpu_s = sum(used.values())
    return {
        **result,
        "cpu_s_per_1000": cpu_s * 1000 / turns,
        "cpu_s_per_1000_by_role": {role: seconds_used * 1000 / turns for role, seconds_used in used.items()},
        # What neither the servers nor the client used: other work on this machine falsifies a run.
        "foreign_cpu_share": max(0.0, (busy_s - cpu_s - result["client_cpu_s"]) / (seconds * (os.cpu_count() or 1))),
        "rss_mb_by_role": {process.role: round(process.rss_mb(), 1) for process in program.processes},
    }


def _listen(
    client: subprocess.Popen[str],
    processes: Sequence[Watched],
    at_begin: Callable[[], None],
    at_end: Callable[[], None],
) -> tuple[dict[str, Any] | None, dict[str, float], float, float]:
    assert client.stdout is not None
    usage = _Usage(processes)
    used, busy_s, seconds = usage.since()
    result = None
    for text in client.stdout:
        line = json.loads(text)
        if line.get("mark") == "begin":
            usage = _Usage(processes)
            at_begin()
        elif line.get("mark") == "end":
            used, busy_s, seconds = usage.since()
            at_end()
        elif "error" in line:
            raise BenchError(f"the load client failed: {line['error']}")
        else:
            result = line["result"]
    return result, used, busy_s, seconds


def _logs(program: Program) -> str:
    return "".join(f"\n--- {process.role}\n{process.tail(8)}" for process in program.processes)
