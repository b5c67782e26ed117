"""How fast ``verify_sessions`` is, and how much memory it takes, on sessions that were played, and copies of them.

``python -m tests.bench.verification --sessions 1000 --interactions 100000 --long 10000`` starts its own Postgres and
Valkey where DATABASE_URL and REDIS_URL name none, fills the database, and verifies it in a process of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from tests.services_plugin import start_missing_services

ROOT = Path(__file__).resolve().parents[2]
#: The command, and then its own peak memory in KiB (rusage would give the larger one of its parent).
_COMMAND = """
import pathlib, sys
from django.core.management import execute_from_command_line
try:
    execute_from_command_line(["manage.py", "verify_sessions", "--json", *sys.argv[1:]])
finally:
    peak = next(line for line in pathlib.Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(peak.split()[1], file=sys.stderr)
"""


def _fill(sessions: int, interactions: int, long: int, seed: int) -> list[str]:
    """Returns the options that name the long session, if one is wanted."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tests.bench import copies, population

    call_command("migrate", verbosity=0)
    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Filling", total=interactions)
        copies.fill(sessions, interactions, seed, lambda filled: progress.update(task, completed=filled))
    if not long:
        return []
    one: uuid.UUID = population.start(1, "echo")[0]
    population.lengthen(one, long)
    return ["--session", str(one)]


def _verify(name: str, options: list[str]) -> None:
    command = [sys.executable, "-c", _COMMAND, *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{name}: {found['sessions']:,} sessions, {found['interactions']:,} interactions in {found['seconds']:.1f} s, "
        f"{found['interactions_per_s']:,}/s, peak memory {int(done.stderr.split()[-1]) / 1024:.0f} MB, "
        f"{found['divergent']} divergent"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--interactions", type=int, default=100_000, help="at least this many")
    parser.add_argument("--long", type=int, default=0, help="and one session with at least this many")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        began = time.monotonic()
        long = _fill(options.sessions, options.interactions, options.long, options.seed)
        print(f"filled in {time.monotonic() - began:.0f} s")
        _verify("all", [])
        _verify("all, one session a batch", ["--batch", "1"])
        if long:
            _verify("the long one", long)


if __name__ == "__main__":
    main()
