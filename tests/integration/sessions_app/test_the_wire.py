"""What is asked over the wire is answered as psycopg's cursors would, in one round trip, or the connection ends."""

from __future__ import annotations

import signal
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.wire import BEGIN, COMMIT, ROLLBACK, Asked, Wire
from tests.own_connection import own_connection

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_MB = 1 << 20


@pytest.fixture
def pg(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, which a test may break."""
    with own_connection() as own:
        yield own


@pytest.fixture
def wire(pg: psycopg.Connection[Any]) -> Wire:
    return Wire(pg, prepare=True)


def _prepared(pg: psycopg.Connection[Any]) -> int:
    [(count,)] = pg.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'tutor_%%'", []).fetchall()
    return int(count)


@given(texts=st.lists(_TEXT), ids=st.lists(st.uuids()), text=_TEXT | st.none(), number=st.integers(-(2**63), 2**63 - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_arrives_as_it_was_given(
    wire: Wire, texts: list[str], ids: list[uuid.UUID], text: str | None, number: int
) -> None:
    sql = "SELECT %s::text[], %s::uuid[], %s::text, %s::bigint, %s::bool"
    assert wire.ask(Asked(sql, [texts, ids, text, number, True])) == [[(texts, ids, text, number, True)]]


@pytest.mark.parametrize("value", ["a\0b", ["a", "\0"]])
def test_text_that_postgres_cannot_hold_is_refused_and_the_connection_goes_on(wire: Wire, value: Any) -> None:
    with pytest.raises(psycopg.DataError, match="NUL"):
        wire.ask(Asked("SELECT %s", [value]))
    assert wire.ask(Asked("SELECT 1")) == [[(1,)]]


def test_rows_are_loaded_as_the_connection_s_own_cursors_load_them(pg: psycopg.Connection[Any], wire: Wire) -> None:
    sql = "SELECT now(), gen_random_uuid(), '\\x00ff'::bytea, 1.5::float, 2::smallint, NULL, '{\"a\": 1}'::jsonb::text"
    wire.ask(BEGIN)
    [[ours]] = wire.ask(Asked(sql))
    theirs = pg.execute(sql).fetchone()
    wire.ask(ROLLBACK)
    assert theirs is not None
    assert [type(one) for one in ours] == [type(one) for one in theirs]
    assert (ours[0], *ours[2:]) == (theirs[0], *theirs[2:])


def test_a_statement_is_prepared_once_however_often_it_is_asked(pg: psycopg.Connection[Any], wire: Wire) -> None:
    for number in range(5):
        one = Asked("SELECT %s::int", [number])
        assert wire.ask(one, one) == [[(number,)], [(number,)]]
    assert _prepared(pg) == 1


def test_behind_a_pooler_nothing_is_prepared(pg: psycopg.Connection[Any]) -> None:
    wire = Wire(pg, prepare=False)
    assert wire.ask(BEGIN, Asked("SELECT %s::int", [3]), COMMIT) == [[], [(3,)], []]
    assert _prepared(pg) == 0


def test_nothing_behind_a_statement_that_fails_is_run(pg: psycopg.Connection[Any], wire: Wire) -> None:
    wire.ask(Asked("CREATE TEMPORARY TABLE t (n int)"))
    with pytest.raises(psycopg.errors.DivisionByZero):
        wire.ask(BEGIN, Asked("INSERT INTO t VALUES (1)"), Asked("SELECT 1 / %s::int", [0]), COMMIT)
    assert pg.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    wire.ask(ROLLBACK)
    # What was prepared behind the one that failed was not; asking for it prepares it now.
    assert wire.ask(BEGIN, Asked("SELECT n FROM t"), COMMIT) == [[], [], []]


def test_a_statement_that_does_not_parse_is_told_as_such_and_the_connection_goes_on(wire: Wire) -> None:
    with pytest.raises(psycopg.errors.SyntaxError):
        wire.ask(Asked("SELEKT 1"), Asked("SELECT 1"))
    assert wire.ask(Asked("SELECT 1")) == [[(1,)]]


def test_much_that_goes_out_and_much_that_comes_back_do_not_wait_for_each_other(wire: Wire) -> None:
    """More than the buffers of both ends hold: Postgres answers the first before it reads the last."""
    asked = [Asked("SELECT %s::text", [letter * 8 * _MB]) for letter in "abc"]
    assert [len(rows[0][0]) for rows in wire.ask(*asked)] == [8 * _MB] * 3


def test_a_connection_that_is_cut_while_it_is_asked_is_an_operational_error(
    pg: psycopg.Connection[Any], wire: Wire
) -> None:
    with pytest.raises(psycopg.OperationalError):
        wire.ask(Asked("SELECT pg_terminate_backend(pg_backend_pid())"), Asked("SELECT 1"))
    assert wire.closed
    assert pg.closed
    with pytest.raises(psycopg.OperationalError):
        wire.ask(Asked("SELECT 1"))


def test_statements_that_the_server_forgot_end_the_connection_so_that_the_next_prepares_them(
    pg: psycopg.Connection[Any], wire: Wire
) -> None:
    wire.ask(Asked("SELECT 1"))
    pg.execute("DEALLOCATE ALL")
    with pytest.raises(psycopg.OperationalError, match="forgotten"):
        wire.ask(Asked("SELECT 1"))
    assert wire.closed


def test_who_is_interrupted_while_waiting_leaves_no_half_read_answers(pg: psycopg.Connection[Any], wire: Wire) -> None:
    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    ring = threading.Timer(0.2, signal.pthread_kill, [threading.main_thread().ident, signal.SIGUSR1])
    ring.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            wire.ask(Asked("SELECT pg_sleep(1)"), Asked("SELECT 1"))
    finally:
        ring.join()
        signal.signal(signal.SIGUSR1, before)
    assert wire.closed
