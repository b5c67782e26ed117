"""What becomes of a session's pending calls, for the kernel's ``why`` (``settings.TUTOR_CALL_REPORTS``)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection

from sessions_app.call_report import CallReport
from tools_app import conf

_LEASE = timedelta(seconds=conf.LEASE_S)
_PENDING = """
SELECT c.ref, c.tool, c.queue, c.background, c.status, c.attempt - c.handed_back, c.owner, w.beat_at, c.created_at,
       c.started_at, c.parked_at, c.run_after, c.deadline_at, c.error,
       (SELECT count(*) FROM tools_app_worker alive
         WHERE alive.stopped_at IS NULL AND alive.beat_at > clock_timestamp() - make_interval(secs => %s)
           AND c.queue = ANY(string_to_array(alive.queues, ',')))
  FROM tools_app_toolcall c LEFT JOIN tools_app_worker w ON w.owner = c.owner
 WHERE c.session_id = %s AND c.status <> 'ended'
 ORDER BY c.id
"""


def reports(session: uuid.UUID) -> list[CallReport]:
    """Calls of a session that have not ended, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PENDING, [conf.LEASE_S, session])
        rows = cursor.fetchall()
    return [
        CallReport(
            ref=ref,
            tool=tool,
            queue=queue,
            background=background,
            status=status,
            attempt=attempt,
            attempts=conf.MAX_ATTEMPTS,
            owner=owner,
            beat_at=beat_at,
            lease_ends_at=None if owner is None else _alive(beat_at, started_at, created_at) + _LEASE,
            created_at=created_at,
            started_at=started_at,
            parked_at=parked_at,
            run_after=run_after,
            deadline_at=deadline_at,
            workers=workers,
            error=error,
        )
        for (
            ref, tool, queue, background, status, attempt, owner, beat_at, created_at, started_at, parked_at, run_after,
            deadline_at, error, workers,
        ) in rows
    ]  # fmt: skip


def _alive(beat_at: datetime | None, claimed_at: datetime | None, created_at: datetime) -> datetime:
    """The worker's last sign of life, as the monitor sees it: one that was never heard of is lost from the start."""
    return created_at if beat_at is None else max(beat_at, claimed_at or beat_at)
