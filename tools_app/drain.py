"""Asking workers to drain: take no new calls, finish or hand back what runs, end with status 0.

The wish stands in the worker's row; the worker reads it with its next beat, wherever it runs, and does what SIGTERM
makes it do. Whoever supervises the process decides whether another one follows: a rolling restart is a drain of one
worker after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from tools_app import conf

_ALIVE = "stopped_at IS NULL AND beat_at > clock_timestamp() - make_interval(secs => %s)"
_ASK = f"""
UPDATE tools_app_worker SET drain_asked_at = coalesce(drain_asked_at, clock_timestamp())
 WHERE {_ALIVE} AND (%s::text[] IS NULL OR owner = ANY(%s::text[]))
RETURNING owner
"""
_WORKERS = f"""
SELECT w.owner, w.host, w.process, w.queues, w.drain_asked_at IS NOT NULL,
       (SELECT count(*) FROM tools_app_toolcall c WHERE c.owner = w.owner AND c.status = 'running')
  FROM tools_app_worker w WHERE {_ALIVE} ORDER BY w.owner
"""


@dataclass(frozen=True, slots=True)
class Alive:
    """A worker process that beats."""

    owner: str
    host: str
    process: int
    queues: str
    draining: bool
    #: Calls that it runs.
    calls: int


def ask(owners: Sequence[str] | None = None) -> list[str]:
    """Ask these workers, or all that live now. Returns the owners of those that were found alive, sorted."""
    named = None if owners is None else list(owners)
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [conf.LEASE_S, named, named])
        return sorted(owner for (owner,) in cursor.fetchall())


def alive() -> list[Alive]:
    """The workers that live now."""
    with connection.cursor() as cursor:
        cursor.execute(_WORKERS, [conf.LEASE_S])
        return [Alive(*row) for row in cursor.fetchall()]
