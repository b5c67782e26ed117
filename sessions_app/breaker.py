"""The breaker above the sessions: when many of one machine overflow at once, the fault is not theirs.

A bad release or a broken course crashes thousands of sessions; going back to thousands of checkpoints at once would be
the next outage. While ``SESSIONS`` of a machine have had an event put into quarantine within ``WINDOW_S`` seconds, its
sessions take no learners' commands (``unavailable``, with a time to come back), and nothing is restored: a crash
skips its event. It closes by itself as the window moves on. Sessions are counted, not events: one learner's lesson that
crashes again and again is nobody else's trouble.

What counts stands in the database, so all processes see the same; each looks at most once a second.
"""

from __future__ import annotations

import threading
import time

from django.db import connection

from sessions_app import pool
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError, MoreToRead

#: Sessions of one machine that open its breaker when they overflow, and within how many seconds.
SESSIONS = 50
WINDOW_S = 60
#: How long a process believes what it has seen, in seconds; what clients are told to wait, in milliseconds.
LOOK_S = 1.0
#: For how long an event loop, which cannot ask, believes it while others look.
BELIEVED_S = 3.0
AFTER_MS = 10_000

_COUNT = """
SELECT count(DISTINCT session_id) FROM sessions_app_quarantine
 WHERE machine = %s AND at > (SELECT clock_timestamp()) - make_interval(secs => %s)
"""

_lock = threading.Lock()
#: machine -> (when looked at, open).
_seen: dict[str, tuple[float, bool]] = {}
#: Machines that are being looked at for event loops.
_asked: set[str] = set()


def look(machine: str) -> bool:
    """Whether a machine's breaker is open; asks the database at most once a second."""
    now = time.monotonic()
    with _lock:
        looked_at, is_open = _seen.get(machine, (-LOOK_S, False))
        if now - looked_at < LOOK_S:
            return is_open
        _seen[machine] = (now, is_open)  # others do not ask meanwhile
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [machine, WINDOW_S])
        found = cursor.fetchone()
    is_open = bool(found and found[0] >= SESSIONS)
    with _lock:
        _seen[machine] = (now, is_open)
    return is_open


def is_open(machine: str) -> bool:
    """What was seen last; asks nobody."""
    return _seen.get(machine, (0.0, False))[1]


def check(machine: str, delivery: Delivery, *, may_read: bool = True) -> None:
    """Raises ``CommandError(unavailable)`` for a learner's command while the breaker is open.

    ``may_read`` False, on an event loop: what was seen last counts, and others look; ``MoreToRead`` where that is too
    long ago.
    """
    if delivery.command is None or delivery.by != "learner":
        return
    if look(machine) if may_read else _believed(machine):
        raise CommandError(
            "unavailable",
            "Many lessons have the same trouble right now. Please try again a little later.",
            after_ms=AFTER_MS,
        )


def _believed(machine: str) -> bool:
    looked_at, is_open = _seen.get(machine, (-BELIEVED_S, False))
    age_s = time.monotonic() - looked_at
    if age_s > BELIEVED_S:
        raise MoreToRead(f"the breaker of {machine}")
    if age_s > LOOK_S and machine not in _asked:
        _asked.add(machine)
        pool.in_background(_look_for_loops, machine)
    return is_open


def _look_for_loops(machine: str) -> None:
    try:
        look(machine)
    finally:
        _asked.discard(machine)


def forget() -> None:
    """Look anew at the next command: for tests and after an operator's repair."""
    with _lock:
        _seen.clear()
