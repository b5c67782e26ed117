"""``make crash-points``: every passage of every crash point, on a database of its own."""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.services_plugin import start_missing_services

if TYPE_CHECKING:
    from tests.crash_points.campaign import Case


@contextlib.contextmanager
def _own_database() -> Iterator[str]:
    """A new database on the server of DATABASE_URL, which is started where none is named."""
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        parts = urlsplit(os.environ["DATABASE_URL"])
        name = f"crash_points_{os.getpid()}"
        until_the_end.callback(_execute, os.environ["DATABASE_URL"], f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        _execute(os.environ["DATABASE_URL"], f'CREATE DATABASE "{name}"')
        yield urlunsplit(parts._replace(path=f"/{name}"))


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _prepare() -> None:
    """Settings of a run: quick pauses, no pool (a child lives for milliseconds), machines and tools of the tests."""
    import django

    django.setup()
    from django.conf import settings

    from tools_app import retry

    cast("dict[str, Any]", settings.DATABASES["default"]["OPTIONS"]).pop("pool")
    settings.TUTOR_MACHINES["scripted"] = "tests.crash_points.machine.load"
    setattr(retry, "BACKOFF_S", 0.01)  # noqa: B010 — for mypy, it is no export
    from tests.crash_points import machine  # noqa: F401 — registers its tools


def _fill() -> None:
    from tests.crash_points import forked

    def job(_tell: forked.Tell) -> None:
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        with contextlib.redirect_stdout(None):
            call_command("course", "load", "linear-equations", stdout=open(os.devnull, "w"))  # noqa: SIM115

    forked.run(job)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, help="only so many kills, by the dice (all)")
    parser.add_argument("--twice", type=int, default=0, help="and so many runs that are killed twice, by the dice")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scripts", type=int, help="only so many scripts, by the dice (all)")
    parser.add_argument("--script", help="only scripts whose name contains this")
    parser.add_argument("--kill", action="append", metavar="POINT:N", help="only this; twice for two deaths")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    began = time.monotonic()
    with _own_database() as url, tempfile.TemporaryDirectory() as notes:
        os.environ["DATABASE_URL"] = url
        os.environ["TUTOR_CRASH_POINT_NOTES"] = notes
        _prepare()
        _fill()
        from sessions_app import crash_points
        from tests.crash_points import campaign, scripts

        chosen = [one for one in scripts.ALL if not options.script or options.script in one.name]
        if options.scripts is not None:
            chosen = random.Random(options.seed).sample(chosen, min(options.scripts, len(chosen)))
        alive = [campaign.lived(script) for script in chosen]
        if options.kill:
            kills = [(point, int(n)) for point, _, n in (one.partition(":") for one in options.kill)]
            cases = [(one, kills) for one in alive]
        elif options.cases is None:
            cases = list(campaign.every_passage(alive))
            never = crash_points.POINTS.keys() - {kills[0][0] for _, kills in cases}
            if never and len(chosen) == len(scripts.ALL):
                raise AssertionError(f"no script passes {', '.join(sorted(never))}: add one that does")
        else:
            cases = campaign.some_passages(alive, options.cases, options.seed)
        cases += list(campaign.killed_twice(alive, options.twice, options.seed))
        return _report([functools.partial(campaign.case, one, kills) for one, kills in cases], len(alive), began)


def _report(cases: list[Callable[[], Case]], scripts: int, began: float) -> int:
    points: Counter[str] = Counter()
    different, too_late = [], 0
    for number, run in enumerate(cases, 1):
        done = run()
        points[done.kills[0][0]] += 1
        too_late += done.killed == 0
        if done.difference is not None:
            different.append(done)
            print(f"DIFFERENT {done}\n    {done.difference}", flush=True)
        if sys.stderr.isatty() or number % 100 == 0:
            print(f"\r{number} of {len(cases)}, {len(different)} different", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for point, times in sorted(points.items()):
        print(f"{times:6} {point}")
    print(
        f"{len(cases)} cases of {scripts} scripts at {len(points)} points in {time.monotonic() - began:.0f} s: "
        f"{len(cases) - len(different)} equal, {len(different)} different; "
        f"in {too_late} the run was over before its kill"
    )
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
