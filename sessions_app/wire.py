"""Statements that go to Postgres together and are answered together, straight through libpq.

psycopg's cursors find out anew at every use what a statement's parameters are, whether it is prepared, and what state
the connection is in; in the hot path that was half of a transaction's time. Its few statements are known: here they are
prepared at their first use, take their parameters as text, and cost one write and one wait a round trip. The connection
is psycopg's (it also opens, watches and closes it), and so is what makes Python values of the answers.
"""

from __future__ import annotations

import hashlib
import select
import uuid
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer

T = TypeVar("T")

#: SQLSTATE: this server's side of the connection does not know a statement that was prepared on it.
_UNKNOWN_STATEMENT = b"26000"
_QUOTED = str.maketrans({"\\": "\\\\", '"': '\\"'})


class Asked(NamedTuple):
    """A statement with ``%s`` for each parameter. Types are what Postgres makes of them: write ``%s::text[]``."""

    sql: str
    parameters: Sequence[Any] = ()


#: A statement, and its parameters as text.
_Encoded = tuple[str, list[bytes | None]]
#: What a statement returned.
Rows = list[tuple[Any, ...]]
#: What is asked next depends on what was answered; whoever carries it on, waits (``Wire.hold``). Where nothing is asked
#: it may do something else for a moment.
Dialogue = Generator[tuple[Asked, ...], list[Rows], T]

BEGIN, COMMIT, ROLLBACK = Asked("BEGIN"), Asked("COMMIT"), Asked("ROLLBACK")


#: What is prepared on a connection stays so, whichever thread or loop has it next.
_prepared: WeakKeyDictionary[psycopg.Connection[Any], set[str]] = WeakKeyDictionary()


class Wire:
    """The way of one connection. Used by one thread at a time, as the connection is."""

    def __init__(self, pg: psycopg.Connection[Any], *, prepare: bool) -> None:
        self._pgconn = pg.pgconn
        self._transformer = Transformer(pg.adapters)
        self._prepare = prepare
        self._prepared = _prepared.setdefault(pg, set())
        #: Of the round trip under way: which results are preparations, and of what; what has come; is more to go.
        self._expected: list[str | None] = []
        self._results: list[pq.abc.PGresult] = []
        self._unsent = False

    @property
    def closed(self) -> bool:
        """Nothing can be asked any more; a transaction that was open is gone."""
        return self._pgconn.status != pq.ConnStatus.OK

    @property
    def in_transaction(self) -> bool:
        """A transaction is open, or has failed and not ended yet."""
        return not self.closed and self._pgconn.transaction_status != pq.TransactionStatus.IDLE

    def close(self) -> None:
        """Close the connection."""
        self._pgconn.finish()

    def ask(self, *asked: Asked) -> list[Rows]:
        """One round trip. Returns the rows of each statement.

        The first statement that fails keeps those behind it from running and is raised, as psycopg's error for its
        SQLSTATE; a transaction that was open before is aborted, not ended. Where the answers cannot be read to their
        end the connection is closed, for nobody could tell what belongs to what.
        """
        encoded = encoded_of(asked)
        if not encoded:
            return []
        with self._closed_unless_whole():
            self._begin(encoded)
            while not self._advance():
                # Postgres may answer before it has read everything: both ways are watched while something is to go.
                waiting = select.poll()
                waiting.register(self._pgconn.socket, select.POLLIN | (select.POLLOUT if self._unsent else 0))
                waiting.poll()
                self._read()
        return self._end()

    def hold(self, dialogue: Dialogue[T]) -> T:
        """Carry on a dialogue to its end. A transaction that it leaves open is rolled back."""
        try:
            asked = next(dialogue)
            while True:
                try:
                    rows = self.ask(*asked)
                except BaseException as error:
                    asked = dialogue.throw(error)
                else:
                    asked = dialogue.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            if self.in_transaction:
                self.ask(ROLLBACK)

    @contextmanager
    def _closed_unless_whole(self) -> Iterator[None]:
        if self.closed:
            raise psycopg.OperationalError("the connection is closed")
        whole = False
        try:
            yield
            whole = True
        finally:
            if not whole:
                self.close()

    def _begin(self, encoded: Sequence[_Encoded]) -> None:
        """Queue all statements; nothing is sent before ``_advance``."""
        pgconn, expected = self._pgconn, list[str | None]()
        pgconn.enter_pipeline_mode()
        for sql, parameters in encoded:
            text, name = _numbered(sql)
            if not self._prepare:
                pgconn.send_query_params(text, parameters)
            else:
                if sql not in self._prepared and sql not in expected:
                    pgconn.send_prepare(name, text)
                    expected.append(sql)
                pgconn.send_query_prepared(name, parameters)
            expected.append(None)
        pgconn.pipeline_sync()
        self._expected, self._results = expected, []

    def _read(self) -> None:
        """Take what has come. Raises ``psycopg.OperationalError`` where the other end is gone."""
        self._pgconn.consume_input()

    def _advance(self) -> bool:
        """Send what can be sent, look at what has come; True: the answer is complete."""
        pgconn = self._pgconn
        self._unsent = bool(pgconn.flush())
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:  # between the results of two statements
                if self.closed:
                    raise psycopg.OperationalError("the connection was lost before the answer was complete")
            elif result.status == pq.ExecStatus.PIPELINE_SYNC:
                pgconn.exit_pipeline_mode()
                return True
            else:
                self._results.append(result)
        return False

    def _end(self) -> list[Rows]:
        results, self._results = self._results, []
        return self._rows(results, self._expected)

    def _rows(self, results: Sequence[pq.abc.PGresult], expected: Sequence[str | None]) -> list[Rows]:
        rows: list[Rows] = []
        for result, prepared in zip(results, expected, strict=True):
            match result.status:
                case pq.ExecStatus.TUPLES_OK:
                    self._transformer.set_pgresult(result)
                    rows.append(self._transformer.load_rows(0, result.ntuples, tuple))
                case pq.ExecStatus.COMMAND_OK if prepared is not None:
                    self._prepared.add(prepared)
                case pq.ExecStatus.COMMAND_OK:
                    rows.append([])
                case _:
                    raise self._error(result)
        return rows

    def _error(self, result: pq.abc.PGresult) -> psycopg.Error:
        if result.error_field(pq.DiagnosticField.SQLSTATE) == _UNKNOWN_STATEMENT:
            self.close()
            return psycopg.OperationalError("the server has forgotten what was prepared: the connection was closed")
        return psycopg.errors.error_from_result(result)


@cache
def _numbered(sql: str) -> tuple[bytes, bytes]:
    """The statement as Postgres reads it, with ``$1`` for the first parameter, and its name while it is prepared."""
    first, *others = sql.split("%s")
    text = (first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))).encode()
    return text, b"tutor_" + hashlib.sha256(text).hexdigest()[:32].encode()


def encoded_of(asked: Sequence[Asked]) -> list[_Encoded]:
    return [(one.sql, [_as_text(value) for value in one.parameters]) for one in asked]


def _as_text(value: Any) -> bytes | None:
    """A parameter as Postgres reads it from text."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, list):
        return f"{{{','.join([_element(one) for one in value])}}}".encode()
    text = str(value)
    if "\0" in text:
        raise psycopg.DataError("text in Postgres cannot contain NUL characters: leave them out")
    return text.encode()


def _element(value: uuid.UUID | str) -> str:
    if isinstance(value, uuid.UUID):
        return value.hex
    if "\0" in value:
        raise psycopg.DataError("text in Postgres cannot contain NUL characters: leave them out")
    return f'"{value.translate(_QUOTED)}"'
