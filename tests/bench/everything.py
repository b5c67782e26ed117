"""All that is promised about speed, in one report: ``python -m tests.bench.everything`` (docs/benchmarks.md).

Each part is a benchmark of its own, in processes of its own, one after the other; this one starts them, collects what
they wrote and tells what of it was promised. A part that fails is told as such, and the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.processes import ROOT
from tests.bench.targets import NAIVE_OF_STEPS

Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One promise: what was measured, what was wanted, whether it was met (None: nothing was wanted)."""

    what: str
    figure: str
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark: its arguments for so many runs, in full and short, and what its report promises."""

    module: str
    full: tuple[str, ...]
    short: tuple[str, ...]
    lines: Callable[[Report], Iterator[Line]]


def _turns(report: Report) -> Iterator[Line]:
    for target in report["targets"]:
        yield Line(target["target"], f"{target['ratio']:.2f}", target["bound"], target["met"])
    for entry in report["figures"]:
        for warning in entry["warnings"]:
            yield Line(f"{entry['program']}, {entry['sessions']}", warning)


def _kernel(report: Report) -> Iterator[Line]:
    figures = report["figures"]
    if one := figures.get("timers"):
        low, high = min(one["ratios"]), max(one["ratios"])
        yield Line(
            f"events/s beside {report['waiting timers']:,} waiting timers, against none",
            f"{one['ratio']:.2f} ({low:.2f}-{high:.2f}), by CPU {one['cpu_ratio']:.3f}",
            f"at least {one['target']}", one["met"],
        )  # fmt: skip
    for name, one in figures.items():
        if name.startswith("history"):
            times = ", ".join(f"{length}: {ms:.2f} ms" for length, ms in one["event_ms"].items())
            yield Line(f"{name} at length {times}", f"{one['ratio']:.2f}", f"at most {one['target']}", one["met"])


def _tools(report: Report) -> Iterator[Line]:
    figures = report["figures"]
    if one := figures.get("slots"):
        ratios = [taken["ratio"] for taken in one["rounds"]]
        yield Line(
            f"1,000 calls of 1 s on one worker: {one['wall_s']:.2f} s beside {one['floor_s']:.2f} s",
            f"{one['ratio']:.2f} ({min(ratios):.2f}-{max(ratios):.2f})", "at most 1.2", one["ratio"] <= 1.2,
        )  # fmt: skip
        yield Line(f"the same beside the group-commit floor: {one['group_s']:.2f} s", f"{one['group_ratio']:.2f}")
        yield Line("memory of that worker", f"{one['rss_mb']:.0f} MB", "at most 200 MB", one["rss_mb"] <= 200)
    if one := figures.get("short"):
        ratios = [taken["ratio"] for taken in one["rounds"]]
        yield Line(
            f"short calls: {one['calls_per_s']:,.0f}/s beside {one['noop_per_s']:,.0f} bare Celery no-ops/s",
            f"{one['ratio']:.2f} ({min(ratios):.2f}-{max(ratios):.2f})",
        )  # fmt: skip


def _streams(report: Report) -> Iterator[Line]:
    runs = report["runs"]
    for name, target in (("p50_ms", 60), ("p99_ms", 150)):
        values = [one[name] for one in runs]
        median = statistics.median(values)
        yield Line(
            f"a token from the model to the socket, {runs[0]['streams']} streams: {name[:3]}",
            f"{median:.0f} ms ({min(values):.0f}-{max(values):.0f})", f"at most {target} ms", median <= target,
        )  # fmt: skip
    rates = [one["characters_per_s"] for one in runs]
    yield Line("streamed characters", f"{statistics.median(rates):,.0f}/s ({min(rates):,.0f}-{max(rates):,.0f})")


def _idle(report: Report) -> Iterator[Line]:
    yield Line(
        f"{report['sockets']:,} idle sockets on one web process",
        f"{report['kb_each']:.1f} KB each, {report['cpu_share_idle']:.2f} of a CPU",
        f"at most {report['target_kb']:.0f} KB, none lost", report["met"],
    )  # fmt: skip


def _startup(report: Report) -> Iterator[Line]:
    times = [one["lesson_s"] for one in report["runs"]]
    yield Line(
        f"a second start to a lesson's first words (the first one: {report['first']['lesson_s']:.1f} s)",
        f"{report['second']['lesson_s']:.1f} s ({min(times):.1f}-{max(times):.1f})",
        f"at most {report['target_s']:.0f} s", report["met"],
    )  # fmt: skip


def _scale(report: Report) -> Iterator[Line]:
    for one in report["figures"]:
        cores = ", ".join(f"{role} {share:.2f}" for role, share in one["cores"].items())
        what = f"{one['processes']} web and {one['processes']} worker, {one['sessions']} sessions"
        yield Line(f"{what}; cores: {cores}", f"{one['turns_per_s']:,.0f}/s × {one['ratio']:.2f}")


PARTS: dict[str, Part] = {
    "turns": Part(
        "tests.bench",
        ("--sessions", "1", "16", "64", "256", "--runs", "5", "--duration", "1.5", "--warm-up", "0.7"),
        ("--sessions", "1", "64", "--runs", "3", "--duration", "1.5", "--warm-up", "0.7"),
        _turns,
    ),
    # What a change is held to (``tests.bench.check``).
    "check": Part(
        "tests.bench",
        (),
        (
            *("--programs", "steps", "echo", "tutoring", "--sessions", "1", "64"),
            *("--runs", "4", "--duration", "1.5", "--warm-up", "0.7"),
        ),
        _turns,
    ),
    "kernel": Part(
        "tests.bench.kernel",
        ("--only", "timers", "history", "--runs", "5", "--seconds", "2"),
        ("--only", "timers", "--runs", "3", "--seconds", "1.5", "--timers", "100000"),
        _kernel,
    ),
    "tools": Part(
        "tests.bench.tools",
        ("--only", "slots", "short", "--runs", "5"),
        ("--only", "slots", "--runs", "3"),
        _tools,
    ),
    "streams": Part("tests.bench.streams", ("--runs", "5", "--tokens", "200"), ("--runs", "1"), _streams),
    "idle": Part("tests.bench.idle", (), ("--sockets", "500", "--rest", "3"), _idle),
    "startup": Part("tests.bench.startup", ("--runs", "5"), ("--runs", "1"), _startup),
    "scale": Part("tests.bench.scale", ("--runs", "5", "--duration", "2"), ("--runs", "1", "--duration", "2"), _scale),
}
#: The parts of the whole report.
WHOLE = [name for name in PARTS if name != "check"]


def collect(parts: list[str], folder: Path, console: Console, *, quick: bool) -> Report:
    """Run the parts and read their reports."""
    folder.mkdir(parents=True, exist_ok=True)
    found: Report = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "cpus": os.cpu_count(), "parts": {}}
    for name in parts:
        part, written = PARTS[name], folder / f"bench-{name}.json"
        written.unlink(missing_ok=True)
        arguments = [*(part.short if quick else part.full), "--json", str(written)]
        console.rule(f"{name}: python -m {part.module} {' '.join(arguments)}")
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-m", part.module, *arguments], cwd=ROOT, check=False)
        took_s = round(time.monotonic() - began, 1)
        taken = json.loads(written.read_text()) if written.exists() else None
        found["parts"][name] = {"arguments": arguments, "code": done.returncode, "took_s": took_s, "report": taken}
    return found


def lines(found: Report) -> Iterator[tuple[str, Line]]:
    """What the parts promise, with the part's name."""
    for name, one in found["parts"].items():
        if one["report"] is None:
            yield name, Line("this part failed; its output says why", f"code {one['code']}", "", met=False)
            continue
        for line in PARTS[name].lines(one["report"]):
            yield name, line


def show(console: Console, found: Report) -> bool:
    """The whole as one table. True: every target was met."""
    table = Table(title=f"Everything, {found['cpus']} CPUs, {found['at']}", title_justify="left")
    for heading in ("part", "what", "figure", "target", "met"):
        table.add_column(heading)
    missed = 0
    for name, line in lines(found):
        missed += line.met is False
        verdict = {None: "", True: "[green]yes[/green]", False: "[red]no[/red]"}[line.met]
        table.add_row(name, line.what, line.figure, line.target, verdict)
    console.print(table)
    console.print(f"naive stack: {NAIVE_OF_STEPS:.3f} of the steps floor, measured once (docs/benchmarks.md)")
    return not missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.everything", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short runs, about 4 minutes: to look, not to quote")
    parser.add_argument("--only", nargs="+", choices=WHOLE, default=WHOLE, metavar="PART", help=" ".join(WHOLE))
    parser.add_argument("--json", type=Path, default=Path(".data/bench.json"), help="where the report goes")
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    found = collect(options.only, options.json.parent, console, quick=options.quick)
    found["lines"] = [{"part": name, **_plain(line)} for name, line in lines(found)]
    options.json.write_text(json.dumps(found, indent=1))
    show(console, found)
    console.print(f"report: {options.json}")
    return 0 if all(one["report"] is not None for one in found["parts"].values()) else 1


def _plain(line: Line) -> dict[str, Any]:
    return {"what": line.what, "figure": line.figure, "target": line.target, "met": line.met}


if __name__ == "__main__":
    sys.exit(main())
