"""What is read of a log to open, resume or page it does not grow with the log, whatever the database believes of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from sessions_app import history, lineage, log
from sessions_app.lineage import Segment
from sessions_app.models import Session
from tests.bench import population
from tutor.interactions import Visibility

LENGTH = 3_000
#: Rows that may be read where so many are wanted.
MOST = {"opening": 1_100, "newest page": 250, "resuming": 250, "first page": 250, "chain": 250}


@pytest.fixture
def old_session(echo_session: uuid.UUID) -> uuid.UUID:
    """Much longer than the database's statistics say: they are of a time when logs were short."""
    population.lengthen(population.start(1, "echo")[0], 40)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sessions_app_interaction")
    population.lengthen(echo_session, LENGTH)
    return echo_session


def rows_read(read: Callable[[], object]) -> int:
    """How many rows of the log's table the queries of a call read, by the database's own count."""
    statements: list[tuple[str, Any]] = []

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noted):
        read()
    return sum(_rows(sql, params) for sql, params in statements if "sessions_app_interaction" in sql)


def _rows(sql: str, params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF, COSTS OFF) {sql}", params)
        (plan,) = cursor.fetchone()[0]
    return sum(_scanned(plan["Plan"]))


def _scanned(node: dict[str, Any]) -> Iterator[int]:
    if node.get("Relation Name") == "sessions_app_interaction":
        yield int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
    for child in node.get("Plans", []):
        yield from _scanned(child)


@pytest.mark.parametrize("way", MOST)
def test_only_what_is_shown_is_read(old_session: uuid.UUID, way: str) -> None:
    head = Session.objects.get(pk=old_session).head

    def chain() -> list[object]:
        facts = history.newest_first(old_session, head)
        return [next(facts) for _ in range(150)]

    ways: dict[str, Callable[[], object]] = {
        "opening": lambda: log.lines(old_session, Visibility.LEARNER, before=head + 1, limit=500, newest=True),
        "newest page": lambda: log.lines(old_session, Visibility.LEARNER, limit=101, newest=True),
        "first page": lambda: log.lines(old_session, Visibility.LEARNER, before=200, limit=101, newest=True),
        "resuming": lambda: log.lines(old_session, Visibility.LEARNER, after=100, limit=101),
        "chain": chain,
    }

    assert rows_read(ways[way]) <= MOST[way]


def test_where_little_is_visible_it_is_found_all_the_same(old_session: uuid.UUID) -> None:
    """The pieces widen: the first and the last of a log, with nothing for the reader in between."""
    every = log.lines(old_session, Visibility.OPERATOR, limit=2 * LENGTH)
    learners = [line.seq for line in every if line.visibility == Visibility.LEARNER]

    assert [line.seq for line in log.lines(old_session, Visibility.LEARNER, limit=2 * LENGTH)] == learners
    assert [line.seq for line in log.lines(old_session, Visibility.LEARNER, limit=7, newest=True)] == learners[-7:]
    assert [line.seq for line in log.lines(old_session, Visibility.LEARNER, limit=7)] == learners[:7]
    started = list(history.newest_first(old_session, LENGTH, kinds={"session.started"}))
    assert [fact.seq for fact in started] == [1]


@pytest.mark.parametrize("newest", [True, False])
def test_pieces_cover_a_part_once_and_in_order(newest: bool) -> None:
    part = Segment(uuid.uuid4(), 10, 1_000)

    pieces = list(lineage.windows(part, 50, newest=newest))

    seqs = [seq for one in (pieces[::-1] if newest else pieces) for seq in range(one.after + 1, one.upto + 1)]
    assert seqs == list(range(11, 1_001))
    assert pieces[0].upto - pieces[0].after == 50
