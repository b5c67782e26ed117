"""What observers cost the turn: ``python -m tests.bench.observers`` (see ``docs/benchmarks.md``, "Observers").

Two whole systems on one Postgres and one Valkey, one without observers and one with the four that are shipped. One live
session on each, a closed loop of turns of the demo course; the two take turns (A B, B A, …).
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import measure
from tests.bench.command import carry_out
from tests.bench.processes import BenchError
from tests.bench.programs import Launcher
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

NONE, FOUR = "without", "with four"
#: p99 with observers, in terms of p99 without.
TARGET = 1.10
#: They share a Valkey; each has two databases of it.
_APART = {"REDIS_BROKER_DB": "2", "REDIS_LAYER_DB": "3"}
#: What the observers of the second system did meanwhile.
_DONE = """
SELECT (SELECT count(DISTINCT observer) FROM tools_app_observerview), (SELECT sum(looks) FROM tools_app_observerview),
       (SELECT count(*) FROM sessions_app_interaction WHERE kind LIKE 'observer.%'),
       (SELECT coalesce(sum(failures), 0) FROM tools_app_observerview)
"""


def bench(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Start both systems once, then let them take turns."""
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        launcher = Launcher(stack, services, data.logs)
        programs = {
            NONE: launcher.tutoring("none", {"TUTOR_OBSERVERS": "none"}),
            FOUR: launcher.tutoring("four", {"TUTOR_OBSERVERS": "", **_APART}),
        }
        rounds: list[dict[str, Any]] = []
        for number in range(options.runs):
            taken = {}
            for name in (NONE, FOUR)[:: 1 if number % 2 else -1]:
                taken[name] = measure.run(
                    programs[name], services.processes, options.sessions, options.warm_up, options.duration
                )
                console.print(f"[dim]{number + 1}/{options.runs} {name}: {_line(taken[name])}[/dim]", highlight=False)
            rounds.append(taken)
        row = services.ask("four", _DONE)
        done = dict(zip(("observers", "looks", "remarks", "failures"), map(int, row), strict=True))
        if done["observers"] != 4 or not done["remarks"] or done["failures"]:
            raise BenchError(f"the observers did not do their work, so nothing was measured: {done}")
    figures = {
        figure: statistics.median(one[FOUR][figure] / one[NONE][figure] for one in rounds)
        for figure in ("p99_ms", "p50_ms", "turns_per_s", "cpu_s_per_1000")
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "cpus": os.cpu_count(), "load": os.getloadavg(),
        "ratios": figures, "target": TARGET, "met": figures["p99_ms"] <= TARGET, "observers": done, "rounds": rounds,
    }  # fmt: skip


def _line(taken: dict[str, Any]) -> str:
    return (
        f"{taken['turns']} turns, p50 {taken['p50_ms']:.1f} ms, p99 {taken['p99_ms']:.1f} ms, "
        f"CPU {taken['cpu_s_per_1000']:.2f} s / 1,000, other work {taken['foreign_cpu_share']:.0%}"
    )


def show(console: Console, report: dict[str, Any]) -> None:
    """The medians, and the ratios within the rounds."""
    table = Table(title="Observers", title_justify="left")
    for heading in ("figure", NONE, FOUR, "ratio", "in rounds"):
        table.add_column(heading)
    for figure, ratio in report["ratios"].items():
        sides = [[one[name][figure] for one in report["rounds"]] for name in (NONE, FOUR)]
        ratios = sorted(four / none for none, four in zip(*sides, strict=True))
        medians = [f"{statistics.median(side):.2f}" for side in sides]
        table.add_row(figure, *medians, f"{ratio:.3f}", f"{ratios[0]:.2f}-{ratios[-1]:.2f}")
    console.print(table)
    console.print(f"p99 at most {report['target']} times: {'yes' if report['met'] else 'no'}; {report['observers']}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.observers", description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="rounds")
    parser.add_argument("--duration", type=float, default=10.0, help="seconds of one run")
    parser.add_argument("--warm-up", type=float, default=3.0, help="seconds before each run")
    parser.add_argument("--sessions", type=int, default=1, help="live sessions")
    parser.add_argument("--json", type=Path, default=Path(".data/bench-observers.json"), help="where the report goes")
    options = parser.parse_args()
    return carry_out(options, lambda console: bench(options, console), show)


if __name__ == "__main__":
    sys.exit(main())
