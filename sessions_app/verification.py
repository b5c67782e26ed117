"""Proof that every session's row is what its log says, and repair of a row that is not (DESIGN rule 7).

``verify`` folds the steps of each log, never a machine, and compares with the row. Each batch is read in one
``REPEATABLE READ READ ONLY`` transaction: row, log, timers and calls are of one moment, nobody is locked out, and the
system may go on. Logs are streamed through a server-side cursor, so memory does not depend on a log's length.

``repair`` rebuilds one row from its log under the row's lock, never a log from its row. A log that is itself broken is
nobody's witness: it is refused.

The kernel knows no tools: whoever keeps the work behind pending calls registers a ``Ledger`` (``tools_app`` does).
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

import msgspec
from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from sessions_app import commit, lineage, log
from sessions_app.exceptions import InsideTransaction, LogDiverged, SessionError, UnknownSession
from sessions_app.log import Entry
from sessions_app.models import Session
from tutor.interactions import Visibility

Part = Literal["log", "row", "timer", "call", "caller"]

#: Rows of the log fetched at once: about a megabyte.
_FETCH_ROWS = 1_000
#: Interactions of one batch, so that no snapshot is held for long; a session with more is a batch of its own.
_BATCH_INTERACTIONS = 20_000
#: A batch may take this long, in milliseconds; the connections' own limit is made for events.
_STATEMENT_MS = 600_000
#: Shown of a value that differs, in characters.
_SHOWN_CHARS = 60


class NotRepairable(SessionError):
    """A row cannot be rebuilt; the message says why and what is left to do."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """One thing that does not agree with the log, or one thing wrong with the log itself."""

    session: uuid.UUID
    #: The interaction at which it shows: the broken one, or the newest one for what a row says.
    seq: int
    part: Part
    what: str

    def __str__(self) -> str:
        return f"session {self.session}, interaction {self.seq}: {self.what}"


@dataclass(slots=True)
class Verified:
    """What came of one session."""

    session: uuid.UUID
    interactions: int = 0
    #: Interactions whose text was erased. Not a divergence: the chain still proves order and completeness.
    erased: int = 0
    divergences: list[Divergence] = field(default_factory=list)


class Ledger(Protocol):
    """Whoever keeps the work behind the calls that a session waits for."""

    def open_calls(self, sessions: Sequence[uuid.UUID]) -> Iterable[tuple[uuid.UUID, str]]:
        """(session, ref) of all work of these sessions that has not ended, read in the caller's transaction."""

    def close(self, session: uuid.UUID, ref: str) -> None:
        """End work that no session waits for."""

    def end(self, session: uuid.UUID, ref: str, tool: str) -> None:
        """Tell a session that a call it waits for will never end. Called outside of transactions."""


_ledgers: list[Ledger] = []


def register(ledger: Ledger) -> None:
    """Have a ledger compared with the sessions' pending calls."""
    _ledgers.append(ledger)


# --- what is read ------------------------------------------------------------------------------------------------

_ROWS = """
SELECT id, live, state, state_no, event_no, data::text, kernel::text, armed::text, head, head_hash, learner_head,
       teacher_head, status, on_busy
  FROM sessions_app_session WHERE id = ANY(%s) ORDER BY id
"""
_TIMERS = """
SELECT session_id, type || ':' || name, (extract(epoch FROM due_at) * 1000)::bigint
  FROM sessions_app_timer WHERE session_id = ANY(%s)
"""
_CALLERS = "SELECT session_id, caller, status FROM sessions_app_call WHERE session_id = ANY(%s)"
_LOG = """
SELECT session_id, seq, kind, version, (extract(epoch FROM at) * 1000000)::bigint, visibility, turn, cause, payload,
       prev_hash, hash, commitment, salt
  FROM sessions_app_interaction WHERE session_id = ANY(%s) ORDER BY session_id, seq
"""
_SHARED = _LOG.replace("session_id = ANY(%s) ORDER", "session_id = %s AND seq > %s AND seq <= %s ORDER")


@dataclass(slots=True)
class _Stored:
    """A session as its rows say; ``columns`` are those that its log proves."""

    columns: dict[str, Any]
    armed: dict[str, int]
    timers: dict[str, int] = field(default_factory=dict)
    open_calls: set[str] = field(default_factory=set)
    #: Waiting callers, and those that the row names, with their status.
    callers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Told:
    """A session as its log says. What was erased cannot be told: its columns are missing."""

    columns: dict[str, Any] = field(default_factory=dict)
    head: int = 0
    head_hash: bytes = b""
    erased: int = 0
    #: Why the log itself cannot be believed, and at which interaction.
    broken: tuple[int, str] | None = None


def _stored(cursor: CursorWrapper, sessions: Sequence[uuid.UUID]) -> dict[uuid.UUID, _Stored]:
    ids = list(sessions)
    cursor.execute(_ROWS, [ids])
    found: dict[uuid.UUID, _Stored] = {}
    for row in cursor.fetchall():
        id_, live, state, state_no, event_no, data, kernel, armed, head, head_hash, learner, teacher, *rest = row
        status, on_busy = rest
        columns = {
            "head": head,
            "head_hash": bytes(head_hash),
            "learner_head": learner,
            "teacher_head": teacher,
            "live": live,
            "status": status,
            "on_busy": on_busy,
            "state": state,
            "state_no": state_no,
            "event_no": event_no,
            "data": msgspec.json.decode(data),
            "kernel": msgspec.json.decode(kernel),
        }
        found[id_] = _Stored(columns, msgspec.json.decode(armed))
    cursor.execute(_TIMERS, [ids])
    for session, key, due_ms in cursor.fetchall():
        if session in found:
            found[session].timers[key] = due_ms
    named = [caller for one in found.values() for caller in one.columns["kernel"].get("callers", ())]
    cursor.execute(f"{_CALLERS} AND (status = 'waiting' OR caller = ANY(%s))", [ids, named])
    for session, caller, status in cursor.fetchall():
        if session in found:
            found[session].callers[caller] = status
    for ledger in _ledgers:
        for session, ref in ledger.open_calls(ids):
            if session in found:
                found[session].open_calls.add(ref)
    return found


def _shared(session: uuid.UUID) -> Iterator[Entry]:
    """What a fork's log shares with its ancestors, oldest first; nothing for other sessions."""
    for part in lineage.lineage(session)[:-1]:
        with connection.chunked_cursor() as stream:
            stream.execute(_SHARED, list(part))
            yield from _entries(stream)


def _entries(cursor: Any) -> Iterator[Entry]:
    while rows := cursor.fetchmany(_FETCH_ROWS):
        for row in rows:
            session, seq, kind, version, at_us, visibility, turn, cause, payload, prev_hash, hash_, committed, salt = (
                row
            )
            yield Entry(
                session, seq, kind, version, at_us, visibility, turn, cause, payload,
                bytes(prev_hash), bytes(hash_), bytes(committed), None if salt is None else bytes(salt),
            )  # fmt: skip


#: Facts that say whether a session is suspended.
_STATUS = {"session.suspended": "suspended", "session.unsuspended": "running", "session.forked": "running"}


def _told(entries: Iterable[Entry]) -> _Told:
    """Fold a log and note what the fold itself does not: heads as learner and teacher see them, closing, erasure."""
    told = _Told()
    seen = {"seq": 0, "learner_head": 0, "teacher_head": 0}
    live, status = True, "running"
    gone: set[str] = set()
    last_step_erased = False

    def watched() -> Iterator[Entry]:
        nonlocal live, status, last_step_erased
        for one in entries:
            seen["seq"] = one.seq
            if one.visibility <= Visibility.LEARNER:
                seen["learner_head"] = one.seq
            if one.visibility <= Visibility.TEACHER:
                seen["teacher_head"] = one.seq
            # A fork lives, whatever had become of the session whose log it shares.
            live = one.kind == "session.forked" or (live and one.kind != "session.closed")
            status = _STATUS.get(one.kind, status)
            if one.payload is None:
                gone.add(one.kind)
            if one.kind == "step":
                last_step_erased = one.payload is None
            yield one

    try:
        folded = log.fold(watched())
    except LogDiverged as broken:
        told.broken = seen["seq"], str(broken)
        return told
    except (msgspec.DecodeError, KeyError, TypeError) as unreadable:
        # The chain fits, so this was written: by another release, or by a machine whose step is no step.
        told.broken = seen["seq"], f"interaction {seen['seq']} cannot be read ({unreadable})"
        return told
    told.head, told.head_hash, told.erased = folded.head, folded.head_hash, folded.erased
    told.columns = {
        "head": folded.head,
        "head_hash": folded.head_hash,
        "learner_head": seen["learner_head"],
        "teacher_head": seen["teacher_head"],
        "live": live,
        "status": status,
    }
    if "policy.changed" not in gone:
        told.columns["on_busy"] = folded.on_busy
    if not last_step_erased:
        told.columns |= {"state": folded.state, "state_no": folded.state_no, "event_no": folded.event_no}
    if "step" not in gone:
        told.columns |= {"data": folded.data, "kernel": folded.kernel}
    return told


# --- comparing ---------------------------------------------------------------------------------------------------


def _shown(value: Any) -> str:
    text = value.hex() if isinstance(value, bytes) else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


#: Parts of the kernel column, as a person calls them.
_KERNEL_WORDS = {
    "turn": "the running turn",
    "calls": "the pending calls",
    "postponed": "the postponed events",
    "timers": "the running time-outs",
    "callers": "who waits for a reply",
    "suspended": "the events that wait until the session is resumed",
    "trace": "until when it is traced",
    "era": "how often it went back to an earlier state",
    "timer_no": "the number of time-outs ever set",
}


def _objects(name: str, row: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    for key in sorted(row.keys() | told.keys()):
        here, there = (_shown(side[key]) if key in side else "missing" for side in (row, told))
        # Compared as values: what is shown may be cut short.
        if key not in row or key not in told or row[key] != told[key]:
            word = _KERNEL_WORDS.get(key, f"{name}.{key}") if name == "kernel" else f"{name}.{key}"
            yield f"{word}: the row says {here}, the log says {there}"


def _rows(stored: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    for name, said in told.items():
        if isinstance(said, dict):
            yield from _objects(name, stored[name], said)
        elif stored[name] != said:
            yield f"{name}: the row says {_shown(stored[name])}, the log says {_shown(said)}"


def _running(kernel: dict[str, Any]) -> dict[str, int]:
    """When a timer row has to look at the latest, in milliseconds. Nothing fires while a session is suspended."""
    return {} if "suspended" in kernel else {key: timer["due"] for key, timer in kernel.get("timers", {}).items()}


def _pending(kernel: dict[str, Any]) -> dict[str, str]:
    """Ref and tool of the calls whose ending has not come; while suspended, an ending that came waits in the row."""
    contents = [held["event"]["content"] for held in kernel.get("suspended", ())]
    ended = {content.get("ref") for content in contents if content.get("kind") in {"tool_succeeded", "tool_failed"}}
    return {ref: call["tool"] for ref, call in kernel.get("calls", {}).items() if ref not in ended}


def _timers(kernel: dict[str, Any], stored: _Stored) -> Iterator[str]:
    for key, due_ms in _running(kernel).items():
        looks = stored.timers.get(key)
        if looks is None:
            yield f"the time-out {key!r} is running, but no timer row looks for it: it would never fire"
        elif looks > due_ms:
            yield f"the timer row of {key!r} looks {looks - due_ms} ms after it is due"
    for key in sorted(stored.armed.keys() | stored.timers.keys()):
        if key not in stored.timers:
            yield f"the row believes that a timer row {key!r} stands, but there is none: it would not be armed again"
        elif key not in stored.armed:
            yield f"a timer row {key!r} stands that the row does not know: it would be looked at for ever"
        elif stored.timers[key] > stored.armed[key]:
            yield f"the timer row {key!r} looks {stored.timers[key] - stored.armed[key]} ms later than the row believes"


def _calls(kernel: dict[str, Any], stored: _Stored) -> Iterator[str]:
    if not _ledgers:
        return
    pending = _pending(kernel)
    for ref in sorted(pending.keys() - stored.open_calls):
        yield f"the session waits for the call {ref} ({pending[ref]}), but that work is not open: it never ends"
    for ref in sorted(stored.open_calls - pending.keys()):
        yield f"the call {ref} is open, but the session does not wait for it"


def _callers(kernel: dict[str, Any], stored: _Stored) -> Iterator[str]:
    known = kernel.get("callers", ())
    for caller in known:
        if caller not in stored.callers:
            yield f"the caller {caller} has no row: its reply could not be written, nor anything with it"
    for caller, status in sorted(stored.callers.items()):
        if status == "waiting" and caller not in known:
            yield f"the caller {caller} waits, but the session knows nothing of it: it would get no reply"


def _compared(session: uuid.UUID, stored: _Stored, told: _Told) -> Verified:
    verified = Verified(session, told.head, told.erased)

    def found(part: Part, what: Iterable[str], seq: int = told.head) -> None:
        verified.divergences += [Divergence(session, seq, part, one) for one in what]

    if told.broken is None and _end_is_missing(stored, told):
        row_head = stored.columns["head"]
        told.broken = told.head, f"the log ends here, but the row knows of {row_head} interactions: its end is missing"
    if told.broken is not None:
        found("log", [told.broken[1]], told.broken[0])
        return verified
    found("row", _rows(stored.columns, told.columns))
    # Where the steps were erased, the row is the only one who still knows what runs.
    kernel = told.columns.get("kernel", stored.columns["kernel"])
    found("timer", _timers(kernel, stored))
    found("call", _calls(kernel, stored))
    found("caller", _callers(kernel, stored))
    return verified


def _end_is_missing(stored: _Stored, told: _Told) -> bool:
    """Number and hash both speak of an interaction that is not there. A wrong number alone is the row's fault."""
    return bool(stored.columns["head"] > told.head and stored.columns["head_hash"] != told.head_hash)


# --- verifying ---------------------------------------------------------------------------------------------------


@contextmanager
def _snapshot() -> Iterator[CursorWrapper]:
    """One moment of the database, for reading. Raises ``InsideTransaction``."""
    if connection.in_atomic_block:
        raise InsideTransaction("verify outside of transactions: it reads a snapshot of its own")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
        yield cursor


def _batches(
    sessions: Sequence[uuid.UUID] | None, since: datetime | None, batch: int
) -> Iterator[tuple[list[uuid.UUID], int]]:
    """Ids in order and how many interactions they have together, found page by page."""
    rows = selected(sessions, since).order_by("id")
    last = uuid.UUID(int=0)
    while page := list(rows.filter(id__gt=last).values_list("id", "head")[:batch]):
        last = page[-1][0]
        ids: list[uuid.UUID] = []
        size = 0
        for id_, head in page:
            if ids and size + head > _BATCH_INTERACTIONS:
                yield ids, size
                ids, size = [], 0
            ids.append(id_)
            size += head
        yield ids, size


def selected(sessions: Sequence[uuid.UUID] | None = None, since: datetime | None = None) -> Any:
    """The sessions of these ids that changed since then; all by default."""
    rows = Session.objects.all()
    if sessions is not None:
        rows = rows.filter(id__in=sessions)
    return rows if since is None else rows.filter(changed_at__gte=since)


def verify(
    sessions: Sequence[uuid.UUID] | None = None, *, since: datetime | None = None, batch: int = 100
) -> Iterator[Verified]:
    """Compare sessions with their logs, in the order of their ids, at most ``batch`` of them in one snapshot.

    Raises ``InsideTransaction``.
    """
    for ids, _size in _batches(sessions, since, batch):
        yield from _verify_batch(ids)


def _verify_batch(ids: list[uuid.UUID]) -> list[Verified]:
    results: list[Verified] = []
    with _snapshot() as cursor, connection.chunked_cursor() as stream:
        stored = _stored(cursor, ids)
        stream.execute(_LOG, [ids])
        logs = itertools.groupby(_entries(stream), key=lambda one: one.session)
        told = next(logs, None)
        for session in sorted(stored):
            # Postgres and Python order UUIDs alike, so the two walk side by side.
            if told is not None and told[0] == session:
                results.append(_compared(session, stored[session], _told(itertools.chain(_shared(session), told[1]))))
                told = next(logs, None)
            else:
                results.append(_compared(session, stored[session], _Told(broken=(0, "the session has no log"))))
    return results


# --- repairing ---------------------------------------------------------------------------------------------------


def repair(session: uuid.UUID) -> list[str]:
    """Rebuild a session's row, timer rows and calls from its log. Returns what was changed, in words.

    Raises ``UnknownSession``, ``InsideTransaction``, and ``NotRepairable`` where the log itself is broken or another
    live session has taken the name.
    """
    if connection.in_atomic_block:
        raise InsideTransaction("repair outside of transactions: a repaired row has to be a committed one")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            changed, lost = _repair_locked(cursor, session)
    except IntegrityError as error:
        raise NotRepairable(
            f"session {session} is live by its log, but another live session has its name; close that one first"
        ) from error
    for ref, tool in lost:
        for ledger in _ledgers:
            ledger.end(session, ref, tool)
        changed.append(f"told the session that its call {ref} was lost")
    return changed


def _repair_locked(cursor: CursorWrapper, session: uuid.UUID) -> tuple[list[str], list[tuple[str, str]]]:
    cursor.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
    cursor.execute("SELECT 1 FROM sessions_app_session WHERE id = %s FOR NO KEY UPDATE", [session])
    if cursor.fetchone() is None:
        raise UnknownSession(f"there is no session {session}")
    # Statements after the lock: they see all that was committed while it was awaited, and nothing comes after.
    stored = _stored(cursor, [session])[session]
    with connection.chunked_cursor() as stream:
        stream.execute(_LOG, [[session]])
        told = _told(itertools.chain(_shared(session), _entries(stream)))
    verified = _compared(session, stored, told)
    broken = next((one for one in verified.divergences if one.part == "log"), None)
    if broken is not None:
        raise NotRepairable(f"{broken}. A row is only rebuilt from a sound log; restore the log from a backup")
    changed = [one.what for one in verified.divergences if one.part == "row"]
    if changed:
        _write_row(cursor, session, told.columns)
    kernel = told.columns.get("kernel", stored.columns["kernel"])
    if any(one.part == "timer" for one in verified.divergences):
        changed += _arm(cursor, session, kernel)
    if any(one.part == "caller" for one in verified.divergences):
        changed += _tell_callers(cursor, session, kernel, stored)
    pending = _pending(kernel)
    for ref in sorted(stored.open_calls - pending.keys()):
        for ledger in _ledgers:
            ledger.close(session, ref)
        changed.append(f"ended the call {ref}, which the session does not wait for")
    lost = [(ref, pending[ref]) for ref in sorted(pending.keys() - stored.open_calls)] if _ledgers else []
    return changed, lost


def _write_row(cursor: CursorWrapper, session: uuid.UUID, columns: dict[str, Any]) -> None:
    values = {
        name: msgspec.json.encode(value).decode() if isinstance(value, dict) else value
        for name, value in columns.items()
    }
    assignments = ", ".join(
        f"{name} = %s::jsonb" if isinstance(columns[name], dict) else f"{name} = %s" for name in values
    )
    cursor.execute(f"UPDATE sessions_app_session SET {assignments} WHERE id = %s", [*values.values(), session])


def _arm(cursor: CursorWrapper, session: uuid.UUID, kernel: dict[str, Any]) -> list[str]:
    """Exactly one timer row for each running time-out."""
    running = _running(kernel)
    cursor.execute("DELETE FROM sessions_app_timer WHERE session_id = %s", [session])
    for key, due_ms in running.items():
        kind, _, name = key.partition(":")
        cursor.execute(
            "INSERT INTO sessions_app_timer (session_id, type, name, due_at) VALUES (%s, %s, %s, %s)",
            [session, kind, name, commit.timestamp(due_ms)],
        )
    cursor.execute(
        "UPDATE sessions_app_session SET armed = %s::jsonb WHERE id = %s",
        [msgspec.json.encode(running).decode(), session],
    )
    return [f"armed {len(running)} time-out{'' if len(running) == 1 else 's'} again"]


def _tell_callers(cursor: CursorWrapper, session: uuid.UUID, kernel: dict[str, Any], stored: _Stored) -> list[str]:
    """Callers without a row count as gone; those the session does not know are told so."""
    changed = []
    for caller in kernel.get("callers", ()):
        if caller not in stored.callers:
            cursor.execute(
                "INSERT INTO sessions_app_call (caller, session_id, status, reason) VALUES (%s, %s, 'timed_out', '')",
                [caller, session],
            )
            changed.append(f"noted that the caller {caller} is gone")
    for caller, status in sorted(stored.callers.items()):
        if status == "waiting" and caller not in kernel.get("callers", ()):
            cursor.execute(
                "UPDATE sessions_app_call SET status = 'exited', reason = %s WHERE caller = %s AND status = 'waiting'",
                ["the session did not know of this call", caller],
            )
            changed.append(f"told the caller {caller} that there will be no reply")
    return changed
