"""Durable time-outs: due by the database's clock, delivered by any number of replicas, never early, once.

A ``Timer`` row says when to look at a session; what is due is decided under the session's lock, by what stands in the
session itself (``step._look``). Two replicas that see the same row both look; the second finds nothing due.
"""

from __future__ import annotations

import uuid

from django.db import connection

from sessions_app import conf, crash_points, server
from sessions_app.delivery import Delivery

#: Sessions looked at in one transaction. The clock is asked once, in a query of its own: compared with a volatile
#: function the index would be no bound, and every look would walk past all rows that wait.
_DUE = """
SELECT DISTINCT session_id FROM (
    SELECT session_id FROM sessions_app_timer WHERE due_at <= (SELECT clock_timestamp()) ORDER BY due_at LIMIT %s
) AS due
"""
_NEXT = "SELECT extract(epoch FROM (SELECT min(due_at) FROM sessions_app_timer) - clock_timestamp())"


def due(limit: int = conf.BATCH_SESSIONS) -> list[uuid.UUID]:
    """Sessions whose timers say: look now."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [limit])
        return [session for (session,) in cursor.fetchall()]


def next_due_s() -> float | None:
    """Seconds until the next row is due (negative: overdue); None without any."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT)
        found = cursor.fetchone()
    return None if found is None or found[0] is None else float(found[0])


def sweep() -> int:
    """Look at every session whose timer is due. Returns how many were looked at."""
    looked = 0
    while sessions := due():
        crash_points.reach("timers.due")
        server.deliver_batch([Delivery(session, None, by="timer", look=True) for session in sessions])
        crash_points.reach("timers.looked")
        looked += len(sessions)
        if len(sessions) < conf.BATCH_SESSIONS:
            break
    return looked
