"""Fills a database with many sessions fast: a few are played, the others are copies whose logs are chained anew.

A copy has an id, a name, a learner and hashes of its own, and verifies like what it was copied from: its rows,
time-outs and calls are there, too. A million interactions take about a minute, by ``COPY``.
"""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction

from sessions_app import log
from sessions_app.models import Session
from sessions_app.models.session import new_log_id
from tests.bench import population

#: Sessions that are really played.
PLAYED = 100
#: Copies written in one transaction.
_AT_ONCE = 100

_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position"
_LOG = """
SELECT seq, kind, version, at, (extract(epoch FROM at) * 1000000)::bigint, visibility, turn, cause, commitment, payload,
       salt
  FROM sessions_app_interaction WHERE session_id = %s ORDER BY seq
"""
_COPY = """
COPY sessions_app_interaction (session_id, seq, kind, version, at, visibility, turn, cause, prev_hash, hash, commitment,
     payload, salt) FROM STDIN
"""
_MAPPING = """
CREATE TEMPORARY TABLE copies (source uuid, session uuid, name text, learner bigint, head_hash bytea, log_id text)
    ON COMMIT DROP
"""
#: What is a copy's own in the session's row.
_OF_A_SESSION = {
    "id": "c.session",
    "name": "c.name",
    "learner_id": "c.learner",
    "head_hash": "c.head_hash",
    "log_id": "c.log_id",
}
#: What belongs to a session and has no key of its own.
_TABLES = ("sessions_app_timer", "sessions_app_command", "tools_app_toolcall")


def fill(sessions: int, interactions: int, seed: int, told: Callable[[int], object] = lambda _: None) -> None:
    """About that many sessions and at least that many interactions. ``told`` hears how many there are."""
    random_ = random.Random(seed)
    played = population.start(min(sessions, PLAYED))
    each = -(-interactions // sessions)
    while _interactions(played) < each * len(played):
        population.play(played, random_, 1)
    copies = sessions - len(played)
    keys = _learners(copies)
    written = _interactions(played)
    for start in range(0, copies, _AT_ONCE):
        written += _copy(played, keys[start : start + _AT_ONCE], start)
        told(written)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _interactions(sessions: Sequence[uuid.UUID]) -> int:
    return sum(Session.objects.filter(pk__in=sessions).values_list("head", flat=True))


def _learners(count: int) -> list[int]:
    users: Any = get_user_model()._default_manager
    run = uuid.uuid4().hex[:8]
    users.bulk_create((users.model(username=f"copy-{run}-{number}") for number in range(count)), batch_size=5_000)
    return list(users.filter(username__startswith=f"copy-{run}-").order_by("pk").values_list("pk", flat=True))


def _copy(played: Sequence[uuid.UUID], learners: Sequence[int], offset: int) -> int:
    sources = itertools.islice(itertools.cycle(played), offset % len(played), None)
    made = [(source, uuid.uuid4(), learner) for source, learner in zip(sources, learners, strict=False)]
    logs: dict[uuid.UUID, list[tuple[Any, ...]]] = {}
    count = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(_MAPPING)
        for source in {source for source, _, _ in made}:
            cursor.execute(_LOG, [source])
            logs[source] = cursor.fetchall()
        heads = []
        with cursor.copy(_COPY) as copy:
            for source, session, _ in made:
                head = b""
                for seq, kind, version, at, at_us, visibility, turn, cause, committed, payload, salt in logs[source]:
                    header = log.header(session, seq, kind, version, at_us, visibility, turn, cause)
                    before, head = head, log.chained(head, header, bytes(committed))
                    columns = (session, seq, kind, version, at, visibility, turn, cause, before, head, committed)
                    copy.write_row((*columns, payload, salt))
                heads.append(head)
                count += len(logs[source])
        cursor.executemany(
            "INSERT INTO copies VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (source, session, f"{learner}:scripted", learner, head, new_log_id())
                for (source, session, learner), head in zip(made, heads, strict=True)
            ],
        )
        own = {
            "id": "c.session",
            "name": "c.name",
            "learner_id": "c.learner",
            "head_hash": "c.head_hash",
            "log_id": "c.log_id",
        }
        _copy_rows(cursor, "sessions_app_session", own, "id")
        for table in _TABLES:
            _copy_rows(cursor, table, {"session_id": "c.session"}, "session_id")
    return count


def _copy_rows(cursor: Any, table: str, own: dict[str, str], key: str) -> None:
    cursor.execute(_COLUMNS, [table])
    # A row's own number is given by the database.
    columns = [name for (name,) in cursor.fetchall() if name in own or name != "id"]
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(own.get(name, f't."{name}"') for name in columns)
    cursor.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM copies c JOIN {table} t ON t.{key} = c.source")
