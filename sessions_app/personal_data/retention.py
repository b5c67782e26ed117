"""How long what learners wrote is kept: so many days after their session has ended, by course.

A session whose days are over is *erased*, not deleted (``erasing``): log, row and all that was made from it in one
transaction. Its skeleton stays, because the log is append-only with one door only, because a proof with holes is none,
and because an id that is gone could be used again and would find an old result.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.conf import settings
from django.db import connection

from sessions_app import conf, system
from sessions_app.personal_data import erasing

logger = logging.getLogger(__name__)

ACTOR = "retention"
#: Sessions that a dry run lists in one query.
_PLANNED_AT_ONCE = 10_000

#: Ended, and nothing has changed for so long; the last fork of a family goes first, and then what it goes on from.
_DUE = """
SELECT s.id, s.course, s.head
  FROM sessions_app_session s LEFT JOIN tutor_course c ON c.slug = s.course
 WHERE s.erased_at IS NULL AND NOT s.live AND coalesce(c.retention_days, %(days)s) > 0
   AND s.changed_at < (SELECT clock_timestamp()) - make_interval(days => coalesce(c.retention_days, %(days)s))
   AND NOT EXISTS (SELECT 1 FROM sessions_app_session f WHERE f.parent_id = s.id AND f.erased_at IS NULL
                      AND NOT f.id = ANY(%(but)s))
   AND NOT s.id = ANY(%(but)s)
 ORDER BY s.created_at DESC
 LIMIT %(limit)s
"""
#: Neither the learner nor anybody else has been there for so long, and no time-out.
_ABANDONED = """
SELECT id FROM sessions_app_session
 WHERE live AND erased_at IS NULL AND changed_at < (SELECT clock_timestamp()) - make_interval(days => %s)
   AND NOT id = ANY(%s)
 ORDER BY created_at LIMIT %s
"""
_DAYS = """
SELECT s.course, coalesce(c.retention_days, %s), count(*), count(*) FILTER (WHERE s.live)
  FROM sessions_app_session s LEFT JOIN tutor_course c ON c.slug = s.course
 WHERE s.erased_at IS NULL GROUP BY 1, 2 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A session whose days are over."""

    session: uuid.UUID
    course: str
    #: About how many interactions have text.
    interactions: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a course's sessions."""

    course: str
    #: Days after the end of a session; 0: for ever.
    days: int
    #: Sessions with text, and those of them that have not ended: they are kept however old they are.
    sessions: int
    live: int


def kept() -> list[Kept]:
    """What is kept, and how long, by course."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, [settings.TUTOR_RETENTION_DAYS])
        return [Kept(*row) for row in cursor.fetchall()]


def due(limit: int = conf.RETENTION_SESSIONS, *, but: frozenset[uuid.UUID] = frozenset()) -> list[Due]:
    """Sessions whose days are over, at most ``limit`` of them and none of ``but``."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"days": settings.TUTOR_RETENTION_DAYS, "limit": limit, "but": list(but)})
        return [Due(*row) for row in cursor.fetchall()]


def end_abandoned() -> Iterator[uuid.UUID]:
    """End sessions that nobody has come back to for ``TUTOR_ABANDONED_DAYS``, and tell after each; 0: none."""
    days, failed = settings.TUTOR_ABANDONED_DAYS, list[uuid.UUID]()
    while days and (found := _abandoned(days, failed)):
        for session in found:
            try:
                system.end(session, "abandoned", actor=ACTOR)
            except Exception:
                logger.exception("action=retention.not_ended session=%s", session)
                failed.append(session)
            else:
                yield session


def _abandoned(days: int, but: list[uuid.UUID]) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_ABANDONED, [days, but, conf.RETENTION_SESSIONS])
        return [session for (session,) in cursor.fetchall()]


def planned() -> Iterator[Due]:
    """All sessions whose days are over, as ``erase`` would take them. Changes nothing."""
    seen: frozenset[uuid.UUID] = frozenset()
    while found := due(_PLANNED_AT_ONCE, but=seen):
        yield from found
        seen |= {one.session for one in found}


def erase() -> Iterator[Due]:
    """Erase all sessions whose days are over, and tell after each. One that cannot be erased is told to the log."""
    failed: frozenset[uuid.UUID] = frozenset()
    while found := due(but=failed):
        for one in found:
            try:
                erasing.erase_session(one.session, actor=ACTOR, why=ACTOR)
            except Exception:
                logger.exception("action=retention.failed session=%s", one.session)
                failed |= {one.session}
            else:
                yield one


def sweep() -> int:
    """End some that were abandoned, erase some whose days are over; the next sweep takes more. Returns how many."""
    deque(islice(end_abandoned(), conf.RETENTION_SESSIONS), maxlen=0)
    return sum(1 for _ in islice(erase(), conf.RETENTION_SESSIONS))
