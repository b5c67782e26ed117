"""Durable time-outs: due by the database's clock, delivered by any number of replicas, never early, once.

A ``Timer`` row says when to look at a session; what is due is decided under the session's lock, by what stands in the
session itself (``step._look``). Two replicas that see the same row both look; the second finds nothing due.
"""

from __future__ import annotations

import logging
import uuid

from django.db import connection

from sessions_app import conf, crash_points, server
from sessions_app.delivery import Delivery

logger = logging.getLogger(__name__)

#: Sessions looked at in one transaction. The clock is asked once, in a query of its own: compared with a volatile
#: function the index would be no bound, and every look would walk past all rows that wait.
_DUE = """
SELECT DISTINCT session_id FROM (
    SELECT session_id FROM sessions_app_timer WHERE due_at <= (SELECT clock_timestamp()) ORDER BY due_at LIMIT %s
) AS due
"""
#: Of sessions that could not be looked at. SKIP LOCKED: whoever holds a row looks at its session just now.
_LATER = """
UPDATE sessions_app_timer t SET due_at = clock_timestamp() + make_interval(secs => %s)
  FROM (SELECT session_id, type, name FROM sessions_app_timer
         WHERE session_id = ANY(%s) AND due_at <= (SELECT clock_timestamp())
         ORDER BY session_id, type, name FOR UPDATE SKIP LOCKED) AS failed
 WHERE t.session_id = failed.session_id AND t.type = failed.type AND t.name = failed.name
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
    """Look at every session whose timer is due. Returns how many were looked at.

    A session that cannot be looked at (its data does not load, its machine is gone) is looked at again later: it would
    otherwise be the first in every sweep, and enough of them would keep the timers of all others waiting.
    """
    looked, asked = 0, set[uuid.UUID]()
    while (sessions := due()) and not asked.issuperset(sessions):
        asked.update(sessions)
        crash_points.reach("timers.due")
        answers = server.deliver_batch([Delivery(session, None, by="timer", look=True) for session in sessions])
        crash_points.reach("timers.looked")
        failed = [one for one, answer in zip(sessions, answers, strict=True) if isinstance(answer, BaseException)]
        if failed:
            logger.warning("action=timers.not_looked_at sessions=%s again_s=%d", len(failed), conf.LOOK_AGAIN_S)
            with connection.cursor() as cursor:
                cursor.execute(_LATER, [conf.LOOK_AGAIN_S, failed])
        looked += len(sessions)
        if len(sessions) < conf.BATCH_SESSIONS:
            break
    return looked
