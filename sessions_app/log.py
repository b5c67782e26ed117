"""The append-only log: how a fact becomes a row, how rows are read, and that they fold to the session's state.

A row's ``hash`` covers the hash before it and a commitment to its payload, not the payload itself: text can be erased
and the chain still proves that nothing was inserted, dropped or reordered.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connection

from sessions_app import lineage
from sessions_app.exceptions import LogDiverged
from sessions_app.models import Interaction as Row
from sessions_app.models import Session
from tutor import interactions
from tutor.interactions import Interaction, Visibility

_SALT_BYTES = 16
#: Salts are drawn so many at once: each question to the system lets go of the interpreter, which others then take.
_SALTS = 256
_salts: list[bytes] = []
os.register_at_fork(after_in_child=_salts.clear)  # parent and child must not use the same


@lru_cache(maxsize=256)  # the rows of one commit have one time, and each tells it twice
def iso(at_us: int) -> str:
    """Microseconds since 1970 as ISO 8601 in UTC."""
    seconds, micros = divmod(at_us, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{micros:06d}Z"


def microseconds(at: datetime) -> int:
    """The opposite of ``iso``, of a moment."""
    whole = int(at.replace(microsecond=0).timestamp())
    return whole * 1_000_000 + at.microsecond


@dataclass(frozen=True, slots=True)
class Entry:
    """One interaction as it stands in the log."""

    session: uuid.UUID
    seq: int
    kind: str
    version: int
    at_us: int
    visibility: int
    turn: str | None
    cause: str | None
    payload: str | None
    prev_hash: bytes
    hash: bytes
    commitment: bytes
    salt: bytes | None

    @property
    def fact(self) -> Interaction:
        """The typed fact. Raises ``LogDiverged`` where the text was erased."""
        if self.payload is None:
            raise LogDiverged(f"interaction {self.seq} was erased; its text cannot be read any more")
        return interactions.decode(self.kind, self.version, self.payload)


def commitment(salt: bytes, payload: str) -> bytes:
    """``sha256(salt ‖ payload)``: proves a text without containing it."""
    return hashlib.sha256(salt + payload.encode()).digest()


def chained(prev_hash: bytes, entry_header: str, committed: bytes) -> bytes:
    """The hash of a row: over the row before it, all its columns, and the commitment to its payload."""
    return hashlib.sha256(prev_hash + committed + entry_header.encode()).digest()


def header(
    session: uuid.UUID,
    seq: int,
    kind: str,
    version: int,
    at_us: int,
    visibility: int,
    turn: str | None,
    cause: str | None,
) -> str:
    """A row's columns as one string, for its hash. The separator cannot occur in any of them."""
    return "\x1f".join(
        (str(session), str(seq), kind, str(version), str(at_us), str(visibility), turn or "", cause or "")
    )


def _salt() -> bytes:
    """Random bytes that were used for nothing else, by whichever thread."""
    try:
        return _salts.pop()
    except IndexError:
        drawn = secrets.token_bytes(_SALT_BYTES * _SALTS)
        _salts.extend(drawn[at : at + _SALT_BYTES] for at in range(_SALT_BYTES, len(drawn), _SALT_BYTES))
        return drawn[:_SALT_BYTES]


def entry(
    session: uuid.UUID, seq: int, prev_hash: bytes, fact: Interaction, at_us: int, turn: str | None, cause: str | None
) -> Entry:
    """The row for a fact, chained to the one before."""
    payload = interactions.encode(fact)
    salt = _salt()
    committed = commitment(salt, payload)
    visibility = int(fact.visibility)
    head = header(session, seq, fact.kind, fact.version, at_us, visibility, turn, cause)
    return Entry(
        session, seq, fact.kind, fact.version, at_us, visibility, turn, cause, payload, prev_hash,
        chained(prev_hash, head, committed), committed, salt,
    )  # fmt: skip


def _entry_of(row: Row) -> Entry:
    return Entry(
        row.session_id, row.seq, row.kind, row.version, microseconds(row.at), row.visibility, row.turn, row.cause,
        row.payload, bytes(row.prev_hash), bytes(row.hash), bytes(row.commitment),
        None if row.salt is None else bytes(row.salt),
    )  # fmt: skip


def read(session: uuid.UUID, *, after: int = 0, upto: int | None = None, limit: int | None = None) -> Iterator[Entry]:
    """The log of a session with ``after < seq <= upto``, in order, without loading more than a page at a time.

    What a fork shares with its parent is part of it.
    """
    return itertools.islice(_read(session, after, lineage.MOST if upto is None else upto), limit)


def _read(session: uuid.UUID, after: int, upto: int) -> Iterator[Entry]:
    for part in lineage.within(session, after, upto + 1):
        rows = Row.objects.filter(session_id=part.session, seq__gt=part.after, seq__lte=part.upto).order_by("seq")
        yield from (_entry_of(row) for row in rows.iterator(chunk_size=500))


@dataclass(frozen=True, slots=True)
class Line:
    """What a socket needs of a row: enough for a frame, nothing to verify with."""

    seq: int
    kind: str
    at: str
    turn: str | None
    cause: str | None
    visibility: int
    payload: str


_LINES = """
    SELECT seq, kind, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), turn, cause, visibility,
           coalesce(payload, '{"erased":true}')
      FROM sessions_app_interaction
     WHERE session_id = %s AND seq > %s AND seq < %s AND visibility <= %s
"""


#: Rows among which so many visible ones are looked for first: a learner sees two thirds of a lesson's log.
_SPREAD = 2


def lines(
    session: uuid.UUID, visibility: Visibility, *, after: int = 0, before: int = 2**62, limit: int, newest: bool = False
) -> list[Line]:
    """Visible rows with ``after < seq < before`` in order: the first ``limit`` of them, or the ``newest``."""
    direction = "DESC" if newest else "ASC"
    if before > lineage.MOST - 1:
        before = (Session.objects.filter(pk=session).values_list("head", flat=True).first() or 0) + 1
    parts = list(lineage.within(session, after, before))
    found: list[Line] = []
    with connection.cursor() as cursor:
        for part in parts[::-1] if newest else parts:
            for piece in lineage.windows(part, _SPREAD * limit, newest=newest):
                if len(found) == limit:
                    break
                wanted: list[Any] = [piece.session, piece.after, piece.upto + 1, int(visibility), limit - len(found)]
                cursor.execute(f"{_LINES} ORDER BY seq {direction} LIMIT %s", wanted)
                found += [Line(*row) for row in cursor.fetchall()]
    return found[::-1] if newest else found


def line(written: Entry) -> Line:
    """The same of a row that was just written."""
    at = iso(written.at_us)
    return Line(
        written.seq,
        written.kind,
        f"{at[:23]}Z",
        written.turn,
        written.cause,
        written.visibility,
        written.payload or "{}",
    )


# --- the log proves the state ------------------------------------------------------------------------------------


@dataclass(slots=True)
class Folded:
    """A session's state as its log tells it."""

    state: str | None = None
    state_no: int = 0
    event_no: int = 0
    data: dict[str, Any] | None = None
    kernel: dict[str, Any] | None = None
    on_busy: str = "reject"
    head: int = 0
    head_hash: bytes = b""
    #: Rows whose text was erased; the state cannot be told any more once a step is among them.
    erased: int = 0


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The patch from one JSON object to another, by top-level keys: ``{"set": {…}, "unset": […]}``, no empty parts."""
    changed = {key: value for key, value in after.items() if key not in before or before[key] != value}
    gone = sorted(key for key in before if key not in after)
    patch: dict[str, Any] = {}
    if changed:
        patch["set"] = changed
    if gone:
        patch["unset"] = gone
    return patch


def patched(value: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The object with a patch applied."""
    result = {**value, **patch.get("set", {})}
    for key in patch.get("unset", ()):
        result.pop(key, None)
    return result


def state_at(session: uuid.UUID, seq: int) -> Folded:
    """What a session was at a seq: its steps alone are read, the chain is not checked (``fold`` does)."""
    folded = Folded(data={}, kernel={})
    for part in lineage.within(session, 0, seq + 1):
        rows = Row.objects.filter(session_id=part.session, seq__gt=part.after, seq__lte=part.upto)
        steps = rows.filter(kind="step", payload__isnull=False).order_by("seq")
        for payload in steps.values_list("payload", flat=True).iterator(chunk_size=500):
            _apply(folded, msgspec.json.decode(payload or "{}"))
    return folded


def _apply(folded: Folded, step: dict[str, Any]) -> None:
    folded.state, folded.state_no, folded.event_no = step["to"], step["state_no"], step["event_no"]
    folded.data = patched(folded.data or {}, step["patch"])
    folded.kernel = patched(folded.kernel or {}, step["kernel"])


def fold(entries: Iterator[Entry] | Sequence[Entry]) -> Folded:
    """Apply the steps of a log, never a machine. Raises ``LogDiverged`` at a gap or a broken hash."""
    folded = Folded(data={}, kernel={})
    for one in entries:
        if one.seq != folded.head + 1:
            raise LogDiverged(f"after interaction {folded.head} comes {one.seq}: the log has a gap")
        if one.prev_hash != folded.head_hash:
            raise LogDiverged(f"interaction {one.seq} does not follow the hash of the one before it")
        expected = chained(
            one.prev_hash,
            header(one.session, one.seq, one.kind, one.version, one.at_us, one.visibility, one.turn, one.cause),
            one.commitment,
        )
        if expected != one.hash:
            raise LogDiverged(f"interaction {one.seq} was changed: its hash does not fit its columns")
        folded.head, folded.head_hash = one.seq, one.hash
        if one.payload is None or one.salt is None:
            folded.erased += 1
            continue
        if commitment(one.salt, one.payload) != one.commitment:
            raise LogDiverged(f"interaction {one.seq} was changed: its text does not fit its commitment")
        if one.kind == "step":
            _apply(folded, msgspec.json.decode(one.payload))
        elif one.kind == "policy.changed":
            folded.on_busy = msgspec.json.decode(one.payload)["on_busy"]
    return folded
