"""Whether a change has made the turn slower than it may become: ``python -m tests.bench.check`` (docs/benchmarks.md).

A few minutes of ratios with generous bounds, for a change to run before it is merged; no test of the suite, because
a busy machine would fail it. What a bound is compared with is the best of the rounds: other work on the machine makes
rounds worse, never better.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table

from tests.bench import everything
from tests.bench.programs import ECHO_TURN, FLOORS, TUTORING_TURN

PARTS = ("check", "tools", "idle")


class Bound(NamedTuple):
    """A ratio that may not be crossed."""

    what: str
    bound: Literal["at least", "at most"]
    ratio: float
    values: Callable[[dict[str, Any]], list[float]]

    def best(self, reports: dict[str, Any]) -> float:
        """Of the rounds."""
        return (max if self.bound == "at least" else min)(self.values(reports))

    def holds(self, reports: dict[str, Any]) -> bool:
        """Whether at least one round was as it should be."""
        best = self.best(reports)
        return best >= self.ratio if self.bound == "at least" else best <= self.ratio


def _turns(program: str, base: str, figure: str, sessions: int) -> Callable[[dict[str, Any]], list[float]]:
    def values(reports: dict[str, Any]) -> list[float]:
        of: dict[tuple[str, int], float] = {
            (run["program"], run["round"]): run[figure]
            for run in reports["check"]["runs"]
            if run["sessions"] == sessions
        }
        rounds = {number for name, number in of if name == program}
        return [of[program, number] / of[base, number] for number in sorted(rounds)]

    return values


#: Each leaves about half as much room again as was measured (docs/benchmarks.md).
BOUNDS = (
    Bound("CPU of an echo turn, 64 sessions, of the steps floor", "at most", 1.0,
          _turns(ECHO_TURN, FLOORS["steps"], "cpu_s_per_1000", 64)),
    Bound("echo turns/s, 64 sessions, of the steps floor", "at least", 1.0,
          _turns(ECHO_TURN, FLOORS["steps"], "turns_per_s", 64)),
    Bound("p50 of a single echo turn, of the steps floor", "at most", 4.0,
          _turns(ECHO_TURN, FLOORS["steps"], "p50_ms", 1)),
    Bound("tutoring turns/s, 64 sessions, of the echo turn", "at least", 0.35,
          _turns(TUTORING_TURN, ECHO_TURN, "turns_per_s", 64)),
    Bound("1,000 calls of a second on one worker, of the floor", "at most", 2.0,
          lambda reports: [one["ratio"] for one in reports["tools"]["figures"]["slots"]["rounds"]]),
    Bound("memory of that worker, of 200 MB", "at most", 1.0,
          lambda reports: [one["rss_mb"] / 200 for one in reports["tools"]["figures"]["slots"]["rounds"]]),
    Bound("memory of an idle socket, of 40 KB", "at most", 1.5,
          lambda reports: [reports["idle"]["kb_each"] / 40]),
)  # fmt: skip


def judge(reports: dict[str, Any]) -> Iterator[tuple[Bound, float, bool]]:
    """Each bound, the best of its rounds, whether it holds."""
    for bound in BOUNDS:
        yield bound, bound.best(reports), bound.holds(reports)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.check", description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(".data/bench-check.json"), help="where the report goes")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    found = everything.collect(list(PARTS), options.json.parent, console, quick=True)
    options.json.write_text(json.dumps(found, indent=1))
    reports = {name: one["report"] for name, one in found["parts"].items()}
    if None in reports.values():
        console.print("a part failed; its output says why", style="red")
        return 1
    table = Table(title="No slower than it may become", title_justify="left")
    for heading in ("what", "best round", "bound", "holds"):
        table.add_column(heading)
    judged = list(judge(reports))
    for bound, best, holds in judged:
        table.add_row(bound.what, f"{best:.2f}", f"{bound.bound} {bound.ratio}", "yes" if holds else "[red]no[/red]")
    console.print(table)
    return 0 if all(holds for _, _, holds in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
