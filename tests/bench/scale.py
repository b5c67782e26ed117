"""Two web and two worker processes against one of each: ``python -m tests.bench.scale`` (docs/sizing.md).

The same sessions, closed loops of the echo machine, spread over the web processes; both ways take turns on one machine,
each with a database of its own. Told is what was reached, and how much of the machine each kind of process took: what
saturates first.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import measure
from tests.bench.command import carry_out
from tests.bench.processes import BenchError, Watched
from tests.bench.programs import Launcher, Program
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

#: Web and worker processes, in the order in which they are compared.
WAYS = (1, 2)


class _Way:
    """One installation with so many processes of each kind, on a Postgres and a Valkey of its own."""

    def __init__(self, stack: ExitStack, processes: int) -> None:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        self.processes = processes
        self._services: Sequence[Watched] = services.processes
        self._programs: list[Program] = Launcher(stack, services, data.logs).several(processes)

    def run(self, sessions: int, duration_s: float) -> dict[str, Any]:
        """All web processes are driven at once, each by a load client of its own. Raises ``BenchError``."""
        share = sessions // len(self._programs)
        found: list[dict[str, Any] | BenchError] = []

        def drive(program: Program) -> None:
            try:
                found.append(measure.run(program, self._services, share, 1.5, duration_s))
            except BenchError as error:
                found.append(error)

        clients = [threading.Thread(target=drive, args=[program]) for program in self._programs]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        taken: list[dict[str, Any]] = []
        for one in found:
            if isinstance(one, BenchError):
                raise one
            taken.append(one)
        turns = sum(one["turns"] for one in taken)
        # Each client saw all processes while it measured: what they used is told by any of them.
        seen = taken[0]
        cores = {
            role: used * seen["turns"] / 1_000 / seen["seconds"]
            for role, used in seen["cpu_s_per_1000_by_role"].items()
        }
        return {
            "turns_per_s": sum(one["turns_per_s"] for one in taken),
            "p50_ms": statistics.median(one["p50_ms"] for one in taken),
            "turns": turns,
            "cores": cores,
            "clients": sum(one["client_cpu_share"] for one in taken),
            "foreign": seen["foreign_cpu_share"],
        }


def compare(runs: int, duration_s: float, counts: Sequence[int], console: Console) -> dict[str, Any]:
    """Both ways in turns, with each number of sessions. Raises ``BenchError``."""
    taken: dict[tuple[int, int], list[dict[str, Any]]] = {}
    with ExitStack() as stack:
        ways = [_Way(stack, processes) for processes in WAYS]
        for number in range(runs):
            for sessions in counts:
                for way in ways[:: 1 if number % 2 else -1]:
                    one = way.run(sessions, duration_s)
                    taken.setdefault((sessions, way.processes), []).append(one)
                    console.print(
                        f"[dim]{sessions} sessions, {way.processes} of each: {one['turns_per_s']:,.0f}/s[/dim]"
                    )
    figures = []
    for (sessions, processes), runs_of in sorted(taken.items()):
        base = taken[sessions, WAYS[0]]
        ratios = [one["turns_per_s"] / first["turns_per_s"] for one, first in zip(runs_of, base, strict=True)]
        figures.append(
            {
                "sessions": sessions, "processes": processes,
                "turns_per_s": statistics.median(one["turns_per_s"] for one in runs_of),
                "ratio": statistics.median(ratios),
                "p50_ms": statistics.median(one["p50_ms"] for one in runs_of),
                "cores": {
                    role: round(statistics.median(one["cores"][role] for one in runs_of), 2)
                    for role in runs_of[0]["cores"]
                },
                "clients": round(statistics.median(one["clients"] for one in runs_of), 2),
                "runs": runs_of,
            }
        )  # fmt: skip
    return {"cpus": os.cpu_count(), "load": os.getloadavg(), "figures": figures}


def show(console: Console, taken: dict[str, Any]) -> None:
    """Turns a second, and the cores that each kind of process took."""
    table = Table(title=f"One or two of each process, {taken['cpus']} CPUs", title_justify="left")
    for heading in ("sessions", "processes", "turns/s", "ratio", "p50 ms", "cores"):
        table.add_column(heading)
    for one in taken["figures"]:
        cores = ", ".join(f"{role} {share:.2f}" for role, share in one["cores"].items())
        table.add_row(
            str(one["sessions"]), f"{one['processes']} web, {one['processes']} worker", f"{one['turns_per_s']:,.0f}",
            f"{one['ratio']:.2f}", f"{one['p50_ms']:.1f}", f"{cores}, load clients {one['clients']:.2f}",
        )  # fmt: skip
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--duration", type=float, default=3.0, help="seconds of one run")
    parser.add_argument("--sessions", type=int, nargs="+", default=[64, 256], help="closed loops at once")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-scale.json"), help="where the report goes")
    options = parser.parse_args()
    return carry_out(options, lambda console: compare(options.runs, options.duration, options.sessions, console), show)


if __name__ == "__main__":
    sys.exit(main())
