"""Measure the turn beside its floors: ``python -m tests.bench`` (see ``docs/benchmarks.md``)."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import machine, measure, report, targets
from tests.bench.processes import BenchError
from tests.bench.programs import FLOORS, NAMES, Launcher, Program
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 runs of 2 s instead of 5 of 5 s")
    parser.add_argument("--runs", type=int, help="measured runs of each figure")
    parser.add_argument("--duration", type=float, help="seconds of one run")
    parser.add_argument("--warm-up", type=float, default=1.0, help="seconds before each run")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 16, 64], help="closed loops at once")
    parser.add_argument(
        "--programs", nargs="+", choices=NAMES, default=list(NAMES), metavar="NAME", help=" ".join(NAMES)
    )
    parser.add_argument(
        "--history", type=int, default=0, metavar="TURNS", help="also: growth of one session up to TURNS"
    )
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"), help="where the report goes")
    arguments = parser.parse_args()
    arguments.runs = arguments.runs or (3 if arguments.quick else 5)
    arguments.duration = arguments.duration or (2.0 if arguments.quick else 5.0)
    return arguments


def bench(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Start everything once, then take turns: A B C A B C …, for the machine drifts."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        durability = services.durability()
        programs = list(Launcher(stack, services, data.logs).start(arguments.programs))
        probed = services.create_database("probe")
        runs: list[dict[str, Any]] = []
        probes = []
        for number in range(arguments.runs):
            for sessions in arguments.sessions:
                probes.append(machine.probe(probed, services.redis_url).as_dict())
                for program in _rotated(programs, number):
                    taken = measure.run(program, services.processes, sessions, arguments.warm_up, arguments.duration)
                    runs.append({"program": program.name, "round": number, **taken})
                    console.print(
                        f"[dim]run {number + 1}/{arguments.runs} · {sessions} · {program.name}: "
                        f"{taken['turns_per_s']:,.0f}/s, p50 {taken['p50_ms']:.1f} ms, "
                        f"CPU {taken['cpu_s_per_1000']:.2f}[/dim]"
                    )
        history = [
            {"program": program.name, **measure.run_history(program, services.processes, arguments.history, 30)}
            for program in (programs if arguments.history else [])
            if "--opening" in program.client
        ]
    order = [program.name for program in programs]
    figures = report.summarise(sorted(runs, key=lambda run: order.index(run["program"])), FLOORS["steps"])
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpus": os.cpu_count(),
        "postgres": durability,
        "reference": FLOORS["steps"],
        "figures": figures,
        "targets": targets.judge(figures),
        "history": history,
        "probes": probes,
        "runs": runs,
    }


def _rotated(programs: Sequence[Program], number: int) -> list[Program]:
    """Another program goes first in each round: nobody always runs after the same neighbour."""
    at = number % len(programs)
    return [*programs[at:], *programs[:at]]


def _end(signum: int, frame: object) -> None:
    """Ctrl-C and SIGTERM end a run alike; once is enough, and cleaning up is not interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    arguments = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 160)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    try:
        taken = bench(arguments, console)
    except BenchError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("stopped; everything the run had started is gone")
        return 130
    report.show(console, taken)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(taken, indent=1))
    console.print(f"report: {arguments.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
