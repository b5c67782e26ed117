"""Whose rows make up a session's log: its own, and before them those that a fork shares with its parent.

A session's lineage never changes, so it is read once per process.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import lru_cache, reduce
from operator import or_
from typing import NamedTuple

from django.db import connection
from django.db.models import Q

#: Lineages kept per process; one takes some hundred bytes.
_CACHED = 20_000
#: No log is longer.
MOST = 2**62

_ANCESTORS = """
WITH RECURSIVE line(id, parent_id, fork_seq, generation) AS (
    SELECT id, parent_id, fork_seq, 0 FROM sessions_app_session WHERE id = %s
     UNION ALL
    SELECT s.id, s.parent_id, s.fork_seq, line.generation + 1
      FROM line JOIN sessions_app_session s ON s.id = line.parent_id
)
SELECT id, fork_seq FROM line ORDER BY generation
"""


class Segment(NamedTuple):
    """The rows ``after < seq <= upto`` of one session."""

    session: uuid.UUID
    after: int
    upto: int


class _NotThere(Exception):
    """There is no such session: nothing that could be kept."""


@lru_cache(maxsize=_CACHED)
def _lineage(session: uuid.UUID) -> tuple[Segment, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_ANCESTORS, [session])
        line = cursor.fetchall()
    if not line:
        raise _NotThere
    segments: list[Segment] = []
    upto = MOST
    for id_, fork_seq in line:
        after = fork_seq or 0
        if after < upto:
            segments.insert(0, Segment(id_, after, upto))
        # A fork of a fork may begin before its parent's own rows do.
        upto = min(upto, after)
    return tuple(segments)


def lineage(session: uuid.UUID) -> tuple[Segment, ...]:
    """The segments of a session's log, oldest first. One for a session that is no fork, or not there."""
    try:
        return _lineage(session)
    except _NotThere:
        return (Segment(session, 0, MOST),)


def within(session: uuid.UUID, after: int, before: int) -> Iterator[Segment]:
    """The parts of a log with ``after < seq < before``, oldest first."""
    for one in lineage(session):
        low, high = max(one.after, after), min(one.upto, before - 1)
        if low < high:
            yield Segment(one.session, low, high)


def windows(part: Segment, size: int, *, newest: bool) -> Iterator[Segment]:
    """A part in pieces that follow one another, the first of ``size`` rows, each next one four times as long.

    For whoever wants the first or the newest rows of a log. A query bounded by ``seq`` reads no more than its piece,
    whatever plan the database takes; with a ``LIMIT`` alone it may read and sort the whole log of a session that is
    longer than its statistics know.
    """
    low, high = part.after, part.upto
    while low < high:
        cut = max(low, high - size) if newest else min(high, low + size)
        yield Segment(part.session, cut, high) if newest else Segment(part.session, low, cut)
        low, high = (low, cut) if newest else (cut, high)
        size *= 4


def rows(session: uuid.UUID) -> Q:
    """The rows of a session's log, as a condition on ``Interaction``."""
    parts = lineage(session)
    own = Q(session_id=session)
    return reduce(or_, (Q(session_id=part.session, seq__gt=part.after, seq__lte=part.upto) for part in parts[:-1]), own)


def owner(session: uuid.UUID, seq: int) -> uuid.UUID:
    """The session whose row a seq of this log is."""
    return next((one.session for one in lineage(session) if one.after < seq <= one.upto), session)
