"""One stored session: its log as written, and what its row and its projections were then."""

from __future__ import annotations

import hashlib
import lzma
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from sessions_app import log
from sessions_app.log import Entry
from tutor.projections.fact import Fact

FOLDER = Path(__file__).parent


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """An interaction; hashes and salt in hexadecimal."""

    seq: int
    kind: str
    version: int
    at_us: int
    visibility: int
    turn: str | None
    cause: str | None
    payload: str | None
    hash: str
    commitment: str
    salt: str | None


class StoredSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session with its own rows; a fork's shared ones stand with its parent, which comes before it."""

    session: uuid.UUID
    parent: uuid.UUID | None
    fork_seq: int | None
    machine: str
    #: state, state_no, event_no, data, kernel, on_busy, head, as the row had them.
    row: dict[str, Any]
    #: ``name version`` -> SHA-256 of the projection's bytes.
    projections: dict[str, str]
    log: list[StoredRow]


def releases() -> list[Path]:
    """The files, oldest release first."""
    return sorted(FOLDER.glob("*.jsonl.xz"), key=lambda path: [int(part) for part in path.name.split(".")[:3]])


def read(path: Path) -> Iterator[StoredSession]:
    """The sessions of a release."""
    with lzma.open(path, "rt") as file:
        for line in file:
            yield msgspec.json.decode(line, type=StoredSession)


def digest(view: bytes) -> str:
    """How a projection is remembered."""
    return hashlib.sha256(view).hexdigest()


def entries(stored: StoredSession, prev_hash: bytes) -> list[Entry]:
    """Its own rows as entries, behind a row with that hash."""
    found: list[Entry] = []
    for one in stored.log:
        salt = None if one.salt is None else bytes.fromhex(one.salt)
        made = Entry(
            stored.session, one.seq, one.kind, one.version, one.at_us, one.visibility, one.turn, one.cause,
            one.payload, prev_hash, bytes.fromhex(one.hash), bytes.fromhex(one.commitment), salt,
        )  # fmt: skip
        found.append(made)
        prev_hash = made.hash
    return found


def facts(whole: list[Entry]) -> list[Fact]:
    """A whole log as projections take it."""
    return [Fact(e.seq, e.kind, e.version, log.iso(e.at_us), e.visibility, e.turn, e.cause, e.payload) for e in whole]
