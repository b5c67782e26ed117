"""The turn's SQL in the three ways of ``docs/benchmarks.md``. All commit the same rows with the same durability.

A store has three operations, each of which takes a batch; only ``GroupStore`` is ever given more than one:
``accept`` (the message in the log, the call, the session), ``claim`` (the call is this worker's) and ``settle`` (the
result in the log, the call, the session).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from tests.bench.floor.rows import (
    ACCEPTED_KINDS,
    DATA,
    HASH,
    ROWS,
    SALT,
    SCOPE,
    SETTLED_KINDS,
    Claimed,
    Message,
    Settled,
    accepted_payloads,
    settled_payloads,
)

CONNECTIONS = 16

Pool = AsyncConnectionPool[AsyncConnection[TupleRow]]

_START = "INSERT INTO session (id, state, state_no, head, hash, data) VALUES (%s, 'ready', 0, 0, %s, %s)"
_CLAIM = """
UPDATE call SET status = 'running', attempt = attempt + 1, owner = %s, started_at = now()
WHERE ref = ANY(%s) AND status = 'queued'
RETURNING ref, session, arguments
"""


async def open_pool(database_url: str) -> Pool:
    pool: Pool = AsyncConnectionPool(
        database_url,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        # Plans are made once: the arrays' lengths would otherwise have each statement planned again.
        kwargs={"autocommit": True, "prepare_threshold": 0, "options": "-c plan_cache_mode=force_generic_plan"},
        open=False,
    )
    await pool.open(wait=True)
    return pool


class Store:
    """What the ways have in common."""

    #: Sessions that may share one transaction.
    batch = 1

    def __init__(self, pool: Pool, owner: str) -> None:
        self.pool = pool
        self.owner = owner

    async def start(self, session: str) -> None:
        async with self.pool.connection() as connection:
            await connection.execute(_START, (session, HASH, DATA))

    async def accept(self, messages: Sequence[Message]) -> list[int]:
        """The new head of each session, in order."""
        raise NotImplementedError

    async def claim(self, refs: Sequence[str]) -> list[Claimed]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(_CLAIM, (self.owner, list(refs)))
            return [Claimed(*row) for row in await cursor.fetchall()]

    async def settle(self, calls: Sequence[Claimed]) -> list[Settled]:
        raise NotImplementedError


class StepsStore(Store):
    """One statement per step: lock, insert the rows, the call, update the session; begin and commit around them."""

    _lock = "SELECT head FROM session WHERE id = %s FOR NO KEY UPDATE"
    _log = (
        "INSERT INTO log (session, seq, kind, hash, commitment, salt, payload) VALUES "
        + ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * ROWS)
    )  # fmt: skip
    _call = "INSERT INTO call (ref, session, name, status, scope, arguments) VALUES (%s, %s, 'noop', 'queued', %s, %s)"
    _result = (
        "UPDATE call SET status = 'finished', result = %s, settled_at = now() WHERE ref = %s AND status = 'running'"
    )
    _update = """UPDATE session SET state = %s, state_no = state_no + 1, head = %s, hash = %s, data = %s,
        changed_at = now() WHERE id = %s"""

    async def accept(self, messages: Sequence[Message]) -> list[int]:
        (message,) = messages
        async with self.pool.connection() as connection, connection.transaction():
            head = await self._append(connection, message.session, ACCEPTED_KINDS, accepted_payloads(message.text))
            await connection.execute(self._call, (message.ref, message.session, SCOPE, message.text))
            await connection.execute(self._update, ("awaiting_tool_result", head, HASH, DATA, message.session))
        return [head]

    async def settle(self, calls: Sequence[Claimed]) -> list[Settled]:
        (call,) = calls
        async with self.pool.connection() as connection, connection.transaction():
            head = await self._append(connection, call.session, SETTLED_KINDS, settled_payloads(call.arguments))
            await connection.execute(self._result, (call.arguments, call.ref))
            await connection.execute(self._update, ("ready", head, HASH, DATA, call.session))
        return [Settled(call.session, call.ref, head, call.arguments)]

    async def _append(
        self, connection: AsyncConnection[TupleRow], session: str, kinds: list[str], payloads: list[str]
    ) -> int:
        row = await (await connection.execute(self._lock, (session,))).fetchone()
        assert row is not None
        head: int = row[0]
        rows = ((session, head + n, kinds[n - 1], HASH, HASH, SALT, payloads[n - 1]) for n in range(1, ROWS + 1))
        await connection.execute(self._log, tuple(chain.from_iterable(rows)))
        return head + ROWS


_STATEMENT = f"""
WITH updated AS (
    UPDATE session
    SET state = %s, state_no = state_no + 1, head = head + {ROWS}, hash = %s, data = %s, changed_at = now()
    WHERE id = %s RETURNING id, head
), logged AS (
    INSERT INTO log (session, seq, kind, hash, commitment, salt, payload)
    SELECT updated.id, updated.head - {ROWS} + r.n, r.kind, %s, %s, %s, r.payload
    FROM updated, (VALUES {", ".join(f"({n}, %s, %s)" for n in range(1, ROWS + 1))}) AS r(n, kind, payload)
), called AS (
    {{call}}
)
SELECT head FROM updated
"""


class StatementStore(Store):
    """Each transaction is one statement (CTE); its update is the session's lock."""

    _accept = _STATEMENT.format(
        call="""INSERT INTO call (session, ref, name, status, scope, arguments)
        SELECT id, %s, 'noop', 'queued', %s, %s FROM updated"""
    )
    _settle = _STATEMENT.format(
        call="""UPDATE call SET status = 'finished', result = %s, settled_at = now()
        WHERE ref = %s AND status = 'running'"""
    )

    async def accept(self, messages: Sequence[Message]) -> list[int]:
        (message,) = messages
        rows = zip(ACCEPTED_KINDS, accepted_payloads(message.text), strict=True)
        call = (message.ref, SCOPE, message.text)
        return [await self._write(self._accept, "awaiting_tool_result", message.session, rows, call)]

    async def settle(self, calls: Sequence[Claimed]) -> list[Settled]:
        (call,) = calls
        rows = zip(SETTLED_KINDS, settled_payloads(call.arguments), strict=True)
        head = await self._write(self._settle, "ready", call.session, rows, (call.arguments, call.ref))
        return [Settled(call.session, call.ref, head, call.arguments)]

    async def _write(
        self, statement: str, state: str, session: str, rows: Iterable[tuple[str, str]], call: tuple[str, ...]
    ) -> int:
        arguments = (state, HASH, DATA, session, HASH, HASH, SALT, *chain.from_iterable(rows), *call)
        async with self.pool.connection() as connection:
            row = await (await connection.execute(statement, arguments)).fetchone()
        assert row is not None
        head: int = row[0]
        return head


# Sessions and their rows come as flat arrays: row n of session s is element (s, n).
_APPENDED = f"""
WITH locked AS MATERIALIZED (
    SELECT id, head FROM session WHERE id = ANY(%(sessions)s) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
), logged AS (
    INSERT INTO log (session, seq, kind, hash, commitment, salt, payload)
    SELECT locked.id, locked.head + r.n, r.kind, %(hash)s, %(hash)s, %(salt)s, r.payload
    FROM unnest(%(owners)s::text[], %(numbers)s::int[], %(kinds)s::text[], %(payloads)s::text[])
        AS r(session, n, kind, payload)
    JOIN locked ON locked.id = r.session
), called AS (
    {{call}}
)
UPDATE session SET state = %(state)s, state_no = state_no + 1, head = session.head + {ROWS}, hash = %(hash)s,
    data = %(data)s, changed_at = now()
FROM locked WHERE session.id = locked.id
RETURNING session.id, session.head
"""
_ACCEPT = _APPENDED.format(
    call="""INSERT INTO call (ref, session, name, status, scope, arguments)
    SELECT m.ref, locked.id, 'noop', 'queued', %(scope)s, m.text
    FROM unnest(%(sessions)s::text[], %(refs)s::text[], %(texts)s::text[]) AS m(session, ref, text)
    JOIN locked ON locked.id = m.session"""
)
_SETTLE = _APPENDED.format(
    call="""UPDATE call SET status = 'finished', result = m.text, settled_at = now()
    FROM unnest(%(sessions)s::text[], %(refs)s::text[], %(texts)s::text[]) AS m(session, ref, text)
    JOIN locked ON locked.id = m.session
    WHERE call.ref = m.ref AND call.status = 'running'"""
)
_NUMBERS = list(range(1, ROWS + 1))


class GroupStore(Store):
    """Group commit: events of different sessions that wait at the same moment share one statement."""

    batch = 256

    async def accept(self, messages: Sequence[Message]) -> list[int]:
        payloads = [accepted_payloads(message.text) for message in messages]
        items = [(message.session, message.ref, message.text) for message in messages]
        heads = await self._write(_ACCEPT, "awaiting_tool_result", ACCEPTED_KINDS, payloads, items)
        return [heads[message.session] for message in messages]

    async def settle(self, calls: Sequence[Claimed]) -> list[Settled]:
        payloads = [settled_payloads(call.arguments) for call in calls]
        items = [(call.session, call.ref, call.arguments) for call in calls]
        heads = await self._write(_SETTLE, "ready", SETTLED_KINDS, payloads, items)
        return [Settled(call.session, call.ref, heads[call.session], call.arguments) for call in calls]

    async def _write(
        self,
        statement: str,
        state: str,
        kinds: list[str],
        payloads: list[list[str]],
        items: list[tuple[str, str, str]],
    ) -> dict[str, int]:
        sessions = [session for session, _, _ in items]
        arguments = {
            "sessions": sessions,
            "refs": [ref for _, ref, _ in items],
            "texts": [text for _, _, text in items],
            "owners": [session for session in sessions for _ in range(ROWS)],
            "numbers": _NUMBERS * len(items),
            "kinds": kinds * len(items),
            "payloads": list(chain.from_iterable(payloads)),
            "state": state,
            "hash": HASH,
            "salt": SALT,
            "data": DATA,
            "scope": SCOPE,
        }
        async with self.pool.connection() as connection:
            cursor = await connection.execute(statement, arguments)
            return dict(await cursor.fetchall())


STORES: dict[str, type[Store]] = {"steps": StepsStore, "statement": StatementStore, "group": GroupStore}
