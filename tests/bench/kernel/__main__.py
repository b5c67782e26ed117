"""Measure the kernel's promises: ``python -m tests.bench.kernel`` (see ``docs/benchmarks.md``, "The kernel").

Every figure is a ratio of runs that took turns (A B, B A, …) on one Postgres; only lateness is in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.command import carry_out
from tests.bench.kernel.play import POSTGRES_PIDS
from tests.bench.processes import ROOT, BenchError, Process, run_python
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

#: A million rows that wait: time-outs of ten thousand sessions, due between one and two days from now.
_WAITING = """
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
VALUES ('waiting', '', false, false, true, '', '', '', now());
INSERT INTO sessions_app_session (id, name, live, learner_id, course, machine, machine_args, state, state_no, event_no,
       data, kernel, armed, supervision, head, head_hash, learner_head, teacher_head, log_id, status, on_busy)
SELECT gen_random_uuid(), 'waiting ' || n, true, u.id, 'waiting', 'echo', '{{}}', 'idle', 0, 0, '{{}}', '{{}}', '{{}}',
       '{{}}', 0, '', 0, 0, '', 'running', 'reject'
  FROM generate_series(1, {sessions}) n, auth_user u WHERE u.username = 'waiting';
INSERT INTO sessions_app_timer (session_id, type, name, due_at)
SELECT s.id, 'named_timeout', 'n' || n, now() + interval '1 day' + random() * interval '1 day'
  FROM sessions_app_session s, generate_series(1, {each}) n WHERE s.course = 'waiting';
"""
TARGETS = {"timers": 0.97, "poison": 0.95, "history": 1.2, "late_ms": 1_000.0}


class Bench:
    """One Postgres with an empty and a full database, and runs that take turns."""

    def __init__(self, stack: ExitStack, options: argparse.Namespace, console: Console) -> None:
        self._stack, self._options, self._console = stack, options, console
        self._data = stack.enter_context(temporary_data_folder())
        self._services = Services(self._data)
        stack.callback(self._services.stop)
        self._services.start()
        self.durability = self._services.durability()

    def database(self, name: str, timers: int = 0) -> dict[str, str]:
        """A migrated database with so many waiting timers, as an environment."""
        url = self._services.create_database(name)
        env = {
            "DATABASE_URL": url,
            "REDIS_URL": self._services.redis_url,
            "DJANGO_SECRET_KEY": "a key for benchmarks",
            "LOG_LEVEL": "CRITICAL",
            "DJANGO_SETTINGS_MODULE": "tests.bench.kernel.settings",
            POSTGRES_PIDS: ",".join(str(process.pid) for process in self._services.processes),
        }
        run_python(["manage.py", "migrate", "--verbosity", "0"], env)
        if timers:
            self._services.execute(url, _WAITING.format(sessions=max(1, timers // 100), each=min(100, timers)))
            # Afterwards Postgres would tidy up in the middle of a run.
            for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
                self._services.execute(url, statement)
        return env

    def serve_timers(self, env: dict[str, str], name: str) -> None:
        """The real timer service."""
        process = Process(name, ["manage.py", "timer_service"], self._data.logs / f"{name}.log", env)
        self._stack.callback(process.stop)

    def play(self, env: dict[str, str], *arguments: str) -> dict[str, Any]:
        """One run. Raises ``BenchError``."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.kernel.play", *arguments],
            cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=1_800, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BenchError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        self._console.print(f"[dim]{' '.join(arguments)}: {json.dumps(result)}[/dim]", highlight=False)
        return result

    def compared(self, name: str, base: tuple[str, ...], other: tuple[str, ...], envs: Any) -> dict[str, Any]:
        """Events per second of two kinds of runs that take turns, and the median of the ratios within the rounds."""
        seconds = ("--seconds", str(self._options.seconds))
        rounds = []
        for number in range(self._options.runs):
            sides = [("base", base, envs[0]), ("other", other, envs[1])]
            taken = {
                side: self.play(env, *arguments, *seconds) for side, arguments, env in sides[:: 1 if number % 2 else -1]
            }
            rounds.append(taken)
        rate = {side: [one[side]["events_per_s"] for one in rounds] for side in ("base", "other")}
        ratios = [other_ / base_ for base_, other_ in zip(rate["base"], rate["other"], strict=True)]
        # What an event costs the processors does not depend on what else the machine does.
        cpu = [
            sum(one["base"][part] for part in ("cpu_ms", "postgres_ms"))
            / sum(one["other"][part] for part in ("cpu_ms", "postgres_ms"))
            for one in rounds
        ]
        return {
            "base_per_s": statistics.median(rate["base"]),
            "other_per_s": statistics.median(rate["other"]),
            "ratio": statistics.median(ratios),
            "ratios": ratios,
            "cpu_ratio": statistics.median(cpu),
            "target": TARGETS[name],
            "met": statistics.median(ratios) >= TARGETS[name],
            "rounds": rounds,
        }


def bench(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    with ExitStack() as stack:
        run = Bench(stack, options, console)
        empty, full = run.database("empty"), run.database("full", options.timers)
        figures: dict[str, Any] = {}
        if "timers" in options.only:
            figures["timers"] = run.compared("timers", ("events",), ("events",), (empty, full))
        if "poison" in options.only:
            healthy, poison = ("poison", "--neighbour", "healthy"), ("poison", "--neighbour", "poison")
            figures["poison"] = run.compared("poison", healthy, poison, (empty, empty))
        if "history" in options.only:
            rounds, lengths = ("--rounds", str(options.rounds)), [str(length) for length in options.lengths]
            taken = run.play(empty, "history", *rounds, "--lengths", *lengths)
            event_ms = list(taken["event_ms"].values())
            ratio = max(event_ms) / event_ms[0]
            figures["history"] = {**taken, "ratio": ratio, "target": TARGETS["history"], "met": ratio <= 1.2}
            for name, times in taken["reading_ms"].items():
                # Of logs that fill what is shown: the longest against the one before it, and against a fresh one where
                # nothing is shown (resuming at the head).
                compared = list(times.values())[0 if name == "resuming" else 1 :]
                ratio = max(compared) / compared[0]
                figures[f"history, {name}"] = {
                    "event_ms": times, "ratio": ratio, "target": TARGETS["history"], "met": ratio <= 1.2,
                }  # fmt: skip
        if "lateness" in options.only:
            for name, env in (("idle", empty), ("among the waiting", full)):
                run.serve_timers(env, f"timers-{'idle' if env is empty else 'full'}")
                taken = run.play(env, "lateness", "--seconds", str(3 * options.seconds))
                figures[f"lateness, {name}"] = {**taken, "target": 1_000, "met": taken["p99_ms"] < TARGETS["late_ms"]}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "cpus": os.cpu_count(), "load": os.getloadavg(),
        "postgres": run.durability, "waiting timers": options.timers, "figures": figures,
    }  # fmt: skip


def show(console: Console, report: dict[str, Any]) -> None:
    table = Table(title="The kernel", title_justify="left")
    for heading in ("promise", "figures", "ratio", "target", "met"):
        table.add_column(heading)
    for name, entry in report["figures"].items():
        if "base_per_s" in entry:
            figures = f"{entry['base_per_s']:,.0f} → {entry['other_per_s']:,.0f} events/s"
        elif "event_ms" in entry:
            figures = ", ".join(f"{length}: {ms:.2f} ms" for length, ms in entry["event_ms"].items())
        else:
            figures = f"p50 {entry['p50_ms']:.0f} ms, p99 {entry['p99_ms']:.0f} ms of {entry['fired']}"
        ratio = f"{entry['ratio']:.3f}" if "ratio" in entry else ""
        if "cpu_ratio" in entry:
            ratio += f" ({min(entry['ratios']):.2f}-{max(entry['ratios']):.2f}), by CPU {entry['cpu_ratio']:.3f}"
        table.add_row(name, figures, ratio, str(entry["target"]), "yes" if entry["met"] else "no")
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.kernel", description=__doc__)
    names = ["timers", "poison", "history", "lateness"]
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--runs", type=int, default=5, help="rounds of each comparison")
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run")
    parser.add_argument("--timers", type=int, default=1_000_000, help="rows that wait")
    parser.add_argument("--rounds", type=int, default=300, help="turns measured at each length of a log")
    parser.add_argument("--lengths", type=int, nargs="+", default=[10, 10_000, 50_000])
    parser.add_argument("--json", type=Path, default=Path(".data/bench-kernel.json"), help="where the report goes")
    options = parser.parse_args()
    return carry_out(options, lambda console: bench(options, console), show)


if __name__ == "__main__":
    sys.exit(main())
