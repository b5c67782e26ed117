"""``python -m tests.variants``: the variant bars of the answer checker at length, with a table per format and class."""

from __future__ import annotations

import argparse
import os
import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from tests.variants.report import Report, by_format, run, typed
from tests.variants.trials import FORMATS

#: What the checker promises.
ACCEPTED, LOWEST_CLASS, P95_S = 0.985, 0.95, 0.005


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=250, help="questions of each format")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--classes", action="store_true", help="a line for every form class")
    options = parser.parse_args()
    console = Console()
    console.print("Written down by hand (tests/variants/typed):")
    by_hand = typed()
    console.print(_table(by_hand))
    kept = _verdict(console, by_hand)
    console.print("Drawn and written by the generators:")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("questions", total=options.rounds * len(FORMATS))
        report = run(options.rounds, seed=options.seed, progress=lambda done: bar.update(task, completed=done))
    console.print(_table(report))
    if options.classes:
        console.print(_classes(report))
    return max(kept, _verdict(console, report))


def _table(report: Report) -> Table:
    table = Table("format", "variants", "accepted", "lowest class", "wrong variants", "wrong accepts")
    for name, (judged, accepted, lowest, wrong, accepts) in by_format(report).items():
        table.add_row(name, f"{judged:,}", f"{accepted / judged:.2%}", f"{lowest:.1%}", f"{wrong:,}", str(accepts))
    judged, wrong = sum(report.judged.values()), sum(report.wrong.values())
    lowest = min(report.shares().values())
    table.add_row(
        "all", f"{judged:,}", f"{report.share():.2%}", f"{lowest:.1%}", f"{wrong:,}", str(len(report.wrong_accepts))
    )
    return table


def _classes(report: Report) -> Table:
    table = Table("format", "form class", "variants", "accepted")
    for (name, form), share in report.shares().items():
        table.add_row(name, form, str(report.judged[name, form]), f"{share:.1%}")
    return table


def _verdict(console: Console, report: Report) -> int:
    console.print(
        f"p50 {report.percentile(0.5) * 1e3:.2f} ms, p95 {report.percentile(0.95) * 1e3:.2f} ms, "
        f"worst {max(report.times) * 1e3:.1f} ms of CPU"
    )
    for what, gold, text, verdict in report.refused[:12]:
        console.print(f"refused  {what}: {text!r} for {gold!r} is {verdict}", markup=False)
    for what, gold, text in report.wrong_accepts[:12]:
        console.print(f"ACCEPTED {what}: {text!r} for {gold!r}", markup=False)
    kept = (
        report.share() >= ACCEPTED
        and min(report.shares().values()) >= LOWEST_CLASS
        and not report.wrong_accepts
        and report.percentile(0.95) <= P95_S
    )
    console.print("all bars kept" if kept else "a bar is not kept")
    return 0 if kept else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.exit(main())
