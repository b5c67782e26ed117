"""Who holds the lock on a session's row right now, as Postgres tells it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

#: The newest version of the row names the transaction that has locked or changed it in ``xmax``; a transaction that is
#: still running holds a lock on its own number. Row locks themselves do not stand in ``pg_locks``.
_HOLDER = """
SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.state, ''), a.xact_start, left(coalesce(a.query, ''), 200)
  FROM sessions_app_session s
  JOIN pg_locks l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = s.xmax
  JOIN pg_stat_activity a ON a.pid = l.pid
 WHERE s.id = %s AND a.pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A database backend whose transaction holds a session's row."""

    pid: int
    application: str
    #: active, idle in transaction, …
    state: str
    since: datetime
    #: Its last statement, the first 200 characters.
    query: str


def holder(session: uuid.UUID) -> LockHolder | None:
    """The backend that holds a session's row; None where it is free."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, [session])
        found = cursor.fetchone()
    return None if found is None else LockHolder(*found)
