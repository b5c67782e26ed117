"""Record the logs of this release: ``python -m tests.stored_logs.record`` (its own Postgres and Valkey).

Plays lessons, scripted sessions, crashes, cancels, forks, rewinds and compactions, verifies them, and writes
``tests/stored_logs/<release>.jsonl.xz``. What is there already is never overwritten: it is what that release wrote.
"""

from __future__ import annotations

import contextlib
import lzma
import os
import random
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from tests.services_plugin import start_missing_services

ROOT = Path(__file__).resolve().parents[2]


def release() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def _play() -> None:
    from django.contrib.auth import get_user_model

    from sessions_app import branching, compacting, sessions
    from sessions_app.delivery import Delivery
    from sessions_app.models import Session
    from sessions_app.server import deliver
    from tests.bench import population
    from tests.integration.tools_app.model_lesson import started
    from tutor import events

    lesson = started(get_user_model()._default_manager.create_user("ada"))
    for number in range(9):
        lesson.say(f"why is step {number} allowed? ünïcödé")
    compacting.request(lesson.session, actor="record")
    lesson.work()
    lesson.to_a_question()
    asked = lesson.head
    lesson.command(events.HintRequested())
    for answer in ("hello?", "99", "1/0", "I give up"):
        lesson.say(answer)
    fork = branching.fork(lesson.session, asked, actor="record", by="learner").session
    sessions.handle_user_message(fork, "why?")
    lesson.work()
    branching.rewind(lesson.session, asked, actor="record", by="learner")
    lesson.say("why?")
    sessions.shutdown(fork)
    random_ = random.Random(1)
    ids = population.start(12)
    population.play(ids, random_, rounds=8)
    crashed, cancelled = population.start(2)
    sessions.handle_user_message(crashed, "crash")
    sessions.handle_user_message(cancelled, "slow")
    deliver(Delivery(cancelled, events.CancelRequested(), by="learner", cancels="", opens_turn=False))
    for session in ids[:2]:
        one = Session.objects.get(pk=session)
        branching.fork(session, random_.randint(1, one.head), actor="record", by="operator")


def _stored(row: Any) -> Any:
    from sessions_app import history, log
    from tests.stored_logs.stored import StoredRow, StoredSession, digest
    from tutor import projections

    return StoredSession(
        session=row.pk,
        parent=row.parent_id,
        fork_seq=row.fork_seq,
        machine=row.machine,
        row={
            "state": row.state, "state_no": row.state_no, "event_no": row.event_no, "data": row.data,
            "kernel": row.kernel, "on_busy": row.on_busy, "head": row.head,
        },
        projections={
            f"{one.name} {one.version}": digest(history.project(row.pk, one.name, version=one.version))
            for one in projections.PROJECTIONS
        },
        log=[
            StoredRow(
                seq=e.seq, kind=e.kind, version=e.version, at_us=e.at_us, visibility=e.visibility, turn=e.turn,
                cause=e.cause, payload=e.payload, hash=e.hash.hex(), commitment=e.commitment.hex(),
                salt=None if e.salt is None else e.salt.hex(),
            )
            for e in log.read(row.pk, after=row.fork_seq or 0)
        ],
    )  # fmt: skip


def record(path: Path) -> None:
    """Play, verify, write. Raises ``FileExistsError``, or ``SystemExit`` where what was played does not verify."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from sessions_app.group_commit import group_commit
    from sessions_app.models import Session

    call_command("migrate", verbosity=0)
    settings.TUTOR_MACHINES["scripted"] = "tests.scripted_machine.load"
    _play()
    group_commit.stop()
    call_command("verify_sessions")
    with lzma.open(path, "xb") as file:
        # Parents before their forks.
        for row in Session.objects.order_by("created_at"):
            file.write(msgspec.json.encode(_stored(row)) + b"\n")
    print(f"{path.relative_to(ROOT)}: {Session.objects.count()} sessions, {path.stat().st_size:,} bytes")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    path = Path(__file__).parent / f"{release()}.jsonl.xz"
    if path.exists():
        raise SystemExit(f"{path.name} is there already; a release is recorded once")
    with contextlib.ExitStack() as until_the_end:
        start_missing_services(until_the_end)
        record(path)


if __name__ == "__main__":
    main()
