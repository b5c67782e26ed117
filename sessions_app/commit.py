"""Lock and write: the two round trips of an event's transaction.

1. ``BEGIN``, lock the sessions (``FOR NO KEY UPDATE``: sessions first, always), read them and the commands that may
   have come before;
2. one statement that writes everything, and ``COMMIT``.

Between the two everything is computed in memory. Both are said as a ``Dialogue``, so that a thread may wait for the
answers, or an event loop. The write checks its own compare-and-sets inside the database (``tutor_expect``), so that the
``COMMIT`` sent along with it cannot commit a write that missed a row.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, TypeVar

import msgspec
import psycopg
from django.conf import settings
from django.db import connection

from sessions_app import crash_points, log, supervisor
from sessions_app.delivery import Row, Statement, Write
from sessions_app.exceptions import InsideTransaction, StaleWrite
from sessions_app.row import SUSPENDED, SessionRow, Unloadable, snapshot_of, timer_key
from sessions_app.wire import BEGIN, COMMIT, ROLLBACK, Asked, Dialogue, Wire

T = TypeVar("T")

#: SQLSTATE that ``tutor_expect`` raises: a compare-and-set missed.
STALE = "TU001"
#: A time-out pushed further away than this is not rewritten in its ``Timer`` row; the row just looks too early.
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

LOCK = """
SELECT id, name, live, learner_id, course, machine, machine_args::text, state, state_no, event_no, data::text,
       kernel::text, armed::text, supervision::text, head, head_hash, learner_head, teacher_head, log_id, status,
       on_busy, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
  FROM sessions_app_session
 WHERE id = ANY(%s)
 ORDER BY id
   FOR NO KEY UPDATE
"""
LOCK_FREE = f"{LOCK} SKIP LOCKED"

COMMANDS = """
SELECT c.session_id, c.command_id, c.digest, c.reply::text
  FROM sessions_app_command c JOIN unnest(%s::uuid[], %s::text[]) AS wanted(session_id, command_id)
    ON c.session_id = wanted.session_id AND c.command_id = wanted.command_id
"""

_NOW = Asked("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")

INSERT_SESSION = Statement(
    "insert_session",
    """
INSERT INTO sessions_app_session (id, name, live, learner_id, course, machine, machine_args, state, state_no, event_no,
       data, kernel, armed, supervision, head, head_hash, learner_head, teacher_head, log_id, status, on_busy,
       previous_id, parent_id, fork_seq)
SELECT id, name, live, learner_id, course, machine, machine_args, state, state_no, event_no, data, kernel, armed,
       supervision, head, head_hash, learner_head, teacher_head, log_id, status, on_busy, previous_id, parent_id,
       fork_seq
  FROM json_to_recordset(%s) AS r(id uuid, name text, live bool, learner_id bigint, course text, machine text,
       machine_args jsonb, state text, state_no bigint, event_no bigint, data jsonb, kernel jsonb, armed jsonb,
       supervision jsonb, head bigint, head_hash bytea, learner_head bigint, teacher_head bigint, log_id text,
       status text, on_busy text, previous_id uuid, parent_id uuid, fork_seq bigint)
RETURNING 1""",
)

UPDATE_SESSION = Statement(
    "update_session",
    """
UPDATE sessions_app_session s
   SET live = r.live, state = r.state, state_no = r.state_no, event_no = r.event_no, data = r.data, kernel = r.kernel,
       armed = r.armed, supervision = r.supervision, head = r.head, head_hash = r.head_hash,
       learner_head = r.learner_head, teacher_head = r.teacher_head, status = r.status,
       on_busy = r.on_busy, changed_at = clock_timestamp(),
       state_since = CASE WHEN r.state_changed THEN clock_timestamp() ELSE s.state_since END
  FROM json_to_recordset(%s) AS r(id uuid, live bool, state text, state_no bigint, event_no bigint, data jsonb,
       kernel jsonb, armed jsonb, supervision jsonb, head bigint, head_hash bytea, learner_head bigint,
       teacher_head bigint, status text, on_busy text, state_changed bool, head_read bigint)
 WHERE s.id = r.id AND s.head = r.head_read
RETURNING 1""",
)

INSERT_INTERACTION = Statement(
    "insert_interaction",
    """
INSERT INTO sessions_app_interaction (session_id, seq, kind, version, at, visibility, turn, cause, prev_hash, hash,
       commitment, payload, salt)
SELECT session_id, seq, kind, version, at, visibility, turn, cause, prev_hash, hash, commitment, payload, salt
  FROM json_to_recordset(%s) AS r(session_id uuid, seq bigint, kind text, version smallint, at timestamptz,
       visibility smallint, turn text, cause text, prev_hash bytea, hash bytea, commitment bytea, payload text,
       salt bytea)
RETURNING 1""",
)

INSERT_COMMAND = Statement(
    "insert_command",
    """
INSERT INTO sessions_app_command (session_id, command_id, digest, reply)
SELECT session_id, command_id, digest, reply
  FROM json_to_recordset(%s) AS r(session_id uuid, command_id text, digest bytea, reply jsonb)
RETURNING 1""",
)

ARM_TIMER = Statement(
    "arm_timer",
    """
INSERT INTO sessions_app_timer (session_id, type, name, due_at)
SELECT session_id, type, name, due_at
  FROM json_to_recordset(%s) AS r(session_id uuid, type text, name text, due_at timestamptz)
    ON CONFLICT (session_id, type, name) DO UPDATE SET due_at = excluded.due_at
RETURNING 1""",
)

DISARM_TIMER = Statement(
    "disarm_timer",
    """
DELETE FROM sessions_app_timer t
 USING json_to_recordset(%s) AS r(session_id uuid, type text, name text)
 WHERE t.session_id = r.session_id AND t.type = r.type AND t.name = r.name
RETURNING 1""",
    exact=False,
)

_ONE_PLAN = """
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off
"""

_encoder = msgspec.json.Encoder()
#: The connection of each thread that was prepared for the hot path.
_mine = threading.local()


def hexed(value: bytes) -> str:
    """Bytes as Postgres reads them inside JSON."""
    return "\\x" + value.hex()


def timestamp(ms: int) -> str:
    """Milliseconds since 1970 as Postgres reads them inside JSON."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat()


@cache
def _combined(statements: tuple[Statement, ...]) -> str:
    """Several writes as one statement; ``tutor_expect`` raises where one wrote fewer rows than it should."""
    parts = ", ".join(f"w{i} AS ({statement.sql})" for i, statement in enumerate(statements))
    checks = ", ".join(
        f"tutor_expect((SELECT count(*) FROM w{i}), %s, '{statement.name}')"
        for i, statement in enumerate(statements)
        if statement.exact
    )
    return f"WITH {parts} SELECT {checks or '1'}"


def _parameters(groups: Mapping[Statement, Sequence[dict[str, Any]]]) -> list[Any]:
    arrays: list[Any] = [_encoder.encode(rows) for rows in groups.values()]
    return arrays + [len(rows) for statement, rows in groups.items() if statement.exact]


def wire() -> Wire:
    """The way to Postgres of this thread's connection."""
    connection.ensure_connection()
    pg: psycopg.Connection[Any] = connection.connection
    if pg is not getattr(_mine, "pg", None):
        make_ready(pg)
        _mine.wire, _mine.pg = Wire(pg, prepare=settings.PREPARE_STATEMENTS), pg
    found: Wire = _mine.wire
    return found


def make_ready(pg: psycopg.Connection[Any]) -> None:
    """Prepare a connection for the hot path."""
    # Its few statements take arrays of any length: one plan serves them all. It may be made while the tables are small,
    # and is kept while they grow: none of these statements may ever read a whole table, nor a whole index to hash it.
    if settings.PREPARE_STATEMENTS:  # without, plans are made anew, and a pooler would hand the settings to others
        pg.execute(_ONE_PLAN)


def hold(dialogue: Dialogue[T]) -> T:
    """Carry on a transaction of the kernel on this thread's connection.

    Raises ``InsideTransaction`` within another one.
    """
    if connection.in_atomic_block:
        raise InsideTransaction("deliver to sessions outside of transactions: accepted has to mean committed")
    return wire().hold(dialogue)


def _columns_of(pairs: Sequence[tuple[uuid.UUID, str]]) -> list[Any]:
    """Pairs as the two arrays that ``unnest`` makes pairs of again."""
    return [[session for session, _ in pairs], [key for _, key in pairs]]


class Locked(NamedTuple):
    """What is known once a batch of sessions is locked."""

    #: Columns of ``LOCK`` by session; a session that is missing does not exist, or was skipped.
    sessions: dict[uuid.UUID, Row]
    #: Commands that came before, by session and id: digest and reply.
    commands: dict[tuple[uuid.UUID, str], tuple[bytes, str]]
    #: What ``LookUp`` statements found, by statement, session and key.
    looked_up: dict[tuple[str, uuid.UUID, str], Row]


def lock(
    sessions: Sequence[uuid.UUID],
    commands: Sequence[tuple[uuid.UUID, str]],
    look_ups: Mapping[str, Sequence[tuple[uuid.UUID, str]]],
    *,
    skip_locked: bool,
) -> Dialogue[Locked]:
    """Begin, lock and read. ``look_ups``: by statement, what is looked up of which session."""
    asked = [BEGIN, Asked(LOCK_FREE if skip_locked else LOCK, [sorted(sessions)])]
    # Statements after the lock: they see what was committed while the lock was awaited.
    asked += [Asked(COMMANDS, _columns_of(commands))] if commands else []
    asked += [Asked(sql, _columns_of(keys)) for sql, keys in look_ups.items()]
    _begun, rows, *others = yield tuple(asked)
    known = others.pop(0) if commands else []
    found = [(sql, row) for sql, looked in zip(look_ups, others, strict=True) for row in looked]
    return Locked(
        {row[0]: row for row in rows},
        {(row[0], row[1]): (row[2], row[3]) for row in known},
        {(sql, row[0], row[1]): row[2:] for sql, row in found},
    )


def begin() -> Dialogue[int]:
    """Begin without a lock, for sessions that do not exist yet. Returns the database's clock in microseconds."""
    _begun, [(now_us,)] = yield BEGIN, _NOW
    return int(now_us)


def write(writes: Iterable[Write]) -> Dialogue[None]:
    """Write everything in one statement and commit; nothing to write gives the locks back.

    Raises ``StaleWrite`` where a compare-and-set missed.
    """
    groups: dict[Statement, list[dict[str, Any]]] = defaultdict(list)
    for one in writes:
        groups[one.statement].append(one.row)
    if not groups:
        yield (ROLLBACK,)
        return
    # A stable order of the parts keeps the number of distinct (prepared) statements small.
    ordered = {statement: groups[statement] for statement in sorted(groups)}
    crash_points.reach("write.before_commit")
    try:
        yield Asked(_combined(tuple(ordered)), _parameters(ordered)), COMMIT
    except psycopg.Error as error:
        if error.sqlstate == STALE:
            raise StaleWrite(str(error)) from error
        raise


def row_of(columns: tuple[Any, ...], machine: Any) -> SessionRow:
    """The working copy of a locked row."""
    (
        id_, name, live, learner_id, course, machine_name, machine_args, state, state_no, event_no, data, kernel, armed,
        supervision, head, head_hash, learner_head, teacher_head, log_id, status, on_busy, now_us,
    ) = columns  # fmt: skip
    plain, written = msgspec.json.decode(kernel), msgspec.json.decode(data)
    row = SessionRow(
        id=id_,
        name=name,
        learner_id=learner_id,
        course=course,
        machine_name=machine_name,
        machine_args=msgspec.json.decode(machine_args),
        snapshot=snapshot_of(state, state_no, event_no, _loaded(machine, written), plain),
        live=live,
        armed=msgspec.json.decode(armed),
        supervision=supervisor.load(msgspec.json.decode(supervision)),
        head_read=head,
        head=head,
        head_hash=bytes(head_hash),
        learner_head=learner_head,
        teacher_head=teacher_head,
        log_id=log_id,
        status=status,
        on_busy=on_busy,
        plain=written,
        now_us=now_us,
    )
    row.take_kernel(plain)
    return row


def _loaded(machine: Any, plain: dict[str, Any]) -> Any:
    """The machine's data. What it cannot load may still be looked at, and mended (``step``)."""
    try:
        return machine.load(plain)
    except Exception as error:
        return Unloadable(plain, f"{type(error).__name__}: {error}")


def _arm(row: SessionRow) -> Iterator[Write]:
    """``Timer`` rows for the running time-outs: written only where none looks early enough already."""
    armed = dict(row.armed)
    if row.status == SUSPENDED:
        # Nothing fires while suspended, so nobody needs to look; resuming arms again whatever runs by then.
        yield from (_disarm(row, text) for text in armed)
        row.armed = {}
        return
    for key, timer in row.snapshot.timers.items():
        text = timer_key(key)
        if text in armed and armed[text] <= timer.due_ms:
            continue
        armed[text] = timer.due_ms
        due = {"type": key[0].value, "name": key[1] or "", "due_at": timestamp(timer.due_ms)}
        yield Write(ARM_TIMER, {"session_id": row.id, **due})
    row.armed = armed


def _disarm(row: SessionRow, text: str) -> Write:
    kind, _, name = text.partition(":")
    return Write(DISARM_TIMER, {"session_id": row.id, "type": kind, "name": name})


def relook(row: SessionRow) -> Iterator[Write]:
    """After a look: rows that were due move to what is running now, or go."""
    armed = dict(row.armed)
    running = {timer_key(key): timer for key, timer in row.snapshot.timers.items()}
    for text in [text for text, due in armed.items() if due <= row.now_ms and text not in running]:
        del armed[text]
        yield _disarm(row, text)
    for text in [text for text, due in armed.items() if due <= row.now_ms]:
        armed[text] = row.now_ms + 2**40  # forces ``_arm`` to move it
    row.armed = armed


def session_writes(row: SessionRow, data: dict[str, Any], kernel: dict[str, Any]) -> Iterator[Write]:
    """The row itself, its new interactions and its timers."""
    yield from _arm(row)
    snapshot = row.snapshot
    columns: dict[str, Any] = {
        "id": row.id,
        "live": row.live,
        "state": snapshot.state,
        "state_no": snapshot.state_no,
        "event_no": snapshot.event_no,
        "data": data,
        "kernel": kernel,
        "armed": row.armed,
        "supervision": supervisor.dump(row.supervision),
        "head": row.head,
        "head_hash": hexed(row.head_hash),
        "learner_head": row.learner_head,
        "teacher_head": row.teacher_head,
        "status": row.status,
        "on_busy": row.on_busy,
    }
    if row.new:
        columns |= {
            "name": row.name,
            "learner_id": row.learner_id,
            "course": row.course,
            "machine": row.machine_name,
            "machine_args": row.machine_args,
            "log_id": row.log_id,
            "previous_id": row.previous,
            "parent_id": row.parent,
            "fork_seq": row.head_read if row.parent else None,
        }
        yield Write(INSERT_SESSION, columns)
    else:
        yield Write(UPDATE_SESSION, {**columns, "state_changed": row.state_changed, "head_read": row.head_read})
    for entry in row.written:
        yield Write(INSERT_INTERACTION, _columns(entry))


def _columns(entry: log.Entry) -> dict[str, Any]:
    return {
        "session_id": entry.session,
        "seq": entry.seq,
        "kind": entry.kind,
        "version": entry.version,
        "at": log.iso(entry.at_us),
        "visibility": entry.visibility,
        "turn": entry.turn,
        "cause": entry.cause,
        "prev_hash": hexed(entry.prev_hash),
        "hash": hexed(entry.hash),
        "commitment": hexed(entry.commitment),
        "payload": entry.payload,
        "salt": None if entry.salt is None else hexed(entry.salt),
    }
