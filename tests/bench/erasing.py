"""How long it takes to export, erase and verify what is kept of learners: ``python -m tests.bench.erasing``.

A database of its own with many sessions of as many learners, and one learner with one long log.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.services_plugin import start_missing_services


@contextlib.contextmanager
def _timed(what: str, count: Callable[[], int], unit: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    spent, number = time.monotonic() - began, count()
    print(f"{what}: {number:,} {unit} in {spent:.1f} s, {number / spent:,.0f}/s")


def _measure(sessions: int, interactions: int, long: int) -> None:
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connection
    from django.db.models import Sum

    from sessions_app import verification
    from sessions_app.models import Session
    from sessions_app.personal_data import erasing, exporting
    from tests.bench import copies, population

    call_command("migrate", verbosity=0)
    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
    copies.fill(sessions, interactions, 1)
    one = population.start(1, "echo")[0]
    population.lengthen(one, long)
    learner: Any = get_user_model()._default_manager.get(tutoring_sessions=one)
    with TemporaryDirectory() as folder:
        for name in ("export.jsonl", "export.jsonl.gz"):
            file = Path(folder) / name
            with _timed(f"exported, {file.suffix}", lambda: exporting.size_of(learner.pk), "interactions"):
                exporting.write(learner, str(file))
            print(f"    {file.stat().st_size / 2**20:.1f} MB")
    tracemalloc.start()
    for _line in exporting.lines(learner):
        pass
    print(f"    peak memory of reading it {tracemalloc.get_traced_memory()[1] / 2**20:.1f} MB")
    tracemalloc.stop()

    def stored() -> int:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM FULL sessions_app_interaction")
            cursor.execute("SELECT pg_total_relation_size('sessions_app_interaction')")
            return int(cursor.fetchone()[0])

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    before = stored()
    with _timed("erased, one long session", lambda: long, "interactions"):
        erasing.erase_session(one, actor="bench")
    rest = list(Session.objects.filter(erased_at=None).values_list("pk", "head"))
    with _timed("erased, short sessions", lambda: sum(head for _, head in rest), "interactions"):
        for session, _ in rest:
            erasing.erase_session(session, actor="bench")
    print(f"    {len(rest):,} sessions")
    after, rows = stored(), Session.objects.aggregate(all=Sum("head"))["all"]
    print(f"    {before / rows:.0f} bytes an interaction before, {after / rows:.0f} after, with indexes")
    erased = divergent = 0
    for verified in verification.verify():
        erased, divergent = erased + verified.erased, divergent + bool(verified.divergences)
    print(f"verified: {erased:,} of {rows:,} texts erased, {divergent} sessions divergent")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--interactions", type=int, default=100_000)
    parser.add_argument("--long", type=int, default=50_000)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        _measure(options.sessions, options.interactions, options.long)


if __name__ == "__main__":
    main()
