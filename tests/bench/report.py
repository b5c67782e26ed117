"""The report: medians with their extremes and the ratio to the floor, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

#: Figure of a run -> (heading, digits).
FIGURES = {
    "turns_per_s": ("turns/s", 0),
    "p50_ms": ("p50 ms", 1),
    "p99_ms": ("p99 ms", 1),
    "cpu_s_per_1000": ("CPU s / 1,000", 2),
}
#: Above this share of one CPU the load client itself may be what is measured.
CLIENT_SHARE_LIMIT = 0.7
#: Above this share of the machine, other work has been measured too.
FOREIGN_SHARE_LIMIT = 0.1

Run = dict[str, Any]


def summarise(runs: Iterable[Run], reference: str) -> list[dict[str, Any]]:
    """One entry per program and number of sessions.

    A ratio is the median of the ratios within each round, so that a slow phase of the machine touches both sides.
    """
    taken: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        taken.setdefault((run["program"], run["sessions"]), []).append(run)
    entries = []
    for (program, sessions), own in taken.items():
        floor = {run["round"]: run for run in taken.get((reference, sessions), [])}
        pairs = [(run, floor[run["round"]]) for run in own if run["round"] in floor]
        entry: dict[str, Any] = {"program": program, "sessions": sessions, "runs": len(own)}
        for figure in FIGURES:
            values = [run[figure] for run in own]
            ratios = [run[figure] / base[figure] for run, base in pairs if base[figure]]
            entry[figure] = {
                "median": statistics.median(values),
                "min": min(values),
                "max": max(values),
                "ratio": statistics.median(ratios) if ratios else None,
            }
        roles = own[0]["cpu_s_per_1000_by_role"]
        entry["cpu_s_per_1000_by_role"] = {
            role: round(statistics.median(run["cpu_s_per_1000_by_role"][role] for run in own), 3) for role in roles
        }
        entry["rss_mb_by_role"] = own[-1]["rss_mb_by_role"]
        entry["warnings"] = _warnings(own)
        entries.append(entry)
    return entries


def _warnings(runs: list[Run]) -> list[str]:
    found = []
    if max(run["client_cpu_share"] for run in runs) > CLIENT_SHARE_LIMIT:
        found.append("load client near its limit")
    if statistics.median(run["foreign_cpu_share"] for run in runs) > FOREIGN_SHARE_LIMIT:
        found.append("other work on the machine")
    for name in ("refusals", "lost"):
        if any(run.get(name) for run in runs):
            found.append(f"{name}: {_sum(run.get(name, {}) for run in runs)}")
    if any(run.get("stuck") for run in runs):
        found.append(f"stuck turns: {sum(run.get('stuck', 0) for run in runs)}")
    bad = {name: n for name, n in _sum(run.get("outcomes", {}) for run in runs).items() if name != "completed"}
    if bad:
        found.append(f"turns that did not complete: {bad}")
    return found


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return total


def show(console: Console, report: dict[str, Any]) -> None:
    probes = report["probes"]
    commits = [probe["commits_per_s"] for probe in probes]
    operations = [probe["redis_ops_per_s"] for probe in probes]
    postgres = report["postgres"]
    console.print(
        f"{report['cpus']} CPUs · Postgres {postgres['server_version']}, fsync {postgres['fsync']}, "
        f"synchronous_commit {postgres['synchronous_commit']} · one client: "
        f"{statistics.median(commits):,.0f} commits/s ({min(commits):,.0f}-{max(commits):,.0f}), "
        f"{statistics.median(operations):,.0f} Redis operations/s ({min(operations):,.0f}-{max(operations):,.0f})"
    )
    figures = report["figures"]
    counts = sorted({entry["sessions"] for entry in figures})
    for sessions in counts:
        console.print(_table(sessions, [entry for entry in figures if entry["sessions"] == sessions]))
    console.print(_roles(counts[-1], [entry for entry in figures if entry["sessions"] == counts[-1]]))
    for entry in report["figures"]:
        for warning in entry["warnings"]:
            console.print(f"[yellow]{entry['program']}, {entry['sessions']} sessions: {warning}[/yellow]")
    for target in report["targets"]:
        verdict = "[green]met[/green]" if target["met"] else "[red]not met[/red]"
        console.print(f"target {verdict}: {target['target']} (now {target['ratio']:.2f})")
    for entry in report["history"]:
        marks = ", ".join(f"turn {mark}: {value:.2f}" for mark, value in entry["growth_ms"].items())
        console.print(f"history, {entry['program']}: p50 ms at {marks}")


def _table(sessions: int, entries: list[dict[str, Any]]) -> Table:
    runs = max(entry["runs"] for entry in entries)
    title = f"Sessions: {sessions} · median of {runs} runs (min-max) × ratio to the floor"
    table = Table(title=title, title_justify="left")
    table.add_column("program", no_wrap=True)
    for heading, _ in FIGURES.values():
        table.add_column(heading, justify="right")
    for entry in entries:
        table.add_row(entry["program"], *(_cell(entry[name], digits) for name, (_, digits) in FIGURES.items()))
    return table


def _roles(sessions: int, entries: list[dict[str, Any]]) -> Table:
    """Which processes the CPU seconds belong to."""
    roles = list(dict.fromkeys(role for entry in entries for role in entry["cpu_s_per_1000_by_role"]))
    table = Table(
        title=f"Sessions: {sessions} · CPU s / 1,000 turns by process, its memory in MB", title_justify="left"
    )
    for heading in ("program", *roles):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    for entry in entries:
        cells = []
        for role in roles:
            seconds, memory = entry["cpu_s_per_1000_by_role"].get(role), entry["rss_mb_by_role"].get(role)
            cells.append("" if seconds is None else f"{seconds:.2f}" + ("" if memory is None else f" · {memory:,.0f}"))
        table.add_row(entry["program"], *cells)
    return table


def _cell(figure: dict[str, Any], digits: int) -> str:
    ratio = "" if figure["ratio"] is None else f" × {figure['ratio']:.2f}"
    return f"{figure['median']:,.{digits}f} ({figure['min']:,.{digits}f}-{figure['max']:,.{digits}f}){ratio}"
