"""What a fair claim costs beside a first-come-first-served one, and what it is worth to somebody who asks for one call.

``python -m tests.bench.tools.claims --waiting 100000`` on the database of the environment; prints JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
import uuid
from collections.abc import Callable

import django
from django.db import connection

django.setup()

from sessions_app.commit import wire  # noqa: E402 — needs the set-up
from sessions_app.wire import Asked  # noqa: E402
from tools_app import calls  # noqa: E402

#: What fairness is measured against: by age alone, with an index of its own.
_FIFO_INDEX = "CREATE INDEX IF NOT EXISTS bench_fifo ON tools_app_toolcall (queue, id) WHERE status = 'queued'"
_FIFO = f"""
UPDATE tools_app_toolcall c
   SET status = 'running', attempt = c.attempt + 1, owner = %s, started_at = clock_timestamp()
  FROM (SELECT id FROM tools_app_toolcall
         WHERE status = 'queued' AND queue = ANY(%s) AND run_after <= (SELECT clock_timestamp())
         ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED) AS next
 WHERE c.id = next.id
RETURNING {calls.COLUMNS}
"""
_WAITING = """
INSERT INTO tools_app_toolcall (session_id, ref, tool, args, scope, queue, course, order_at, background, status,
       attempt, deadline_at, error)
SELECT md5((n %% %(sessions)s)::text)::uuid, 'bench' || n, 'echo', '{}', '{}', 'tools', 'course ' || n %% %(courses)s,
       clock_timestamp() + make_interval(secs => n / %(sessions)s), true, 'queued', 0, clock_timestamp() + '1 hour', ''
  FROM generate_series(0, %(calls)s - 1) AS n
"""
_ONE = """
INSERT INTO tools_app_toolcall (session_id, ref, tool, args, scope, queue, course, background, status, attempt,
       deadline_at, error)
VALUES (%s, 'newcomer', 'echo', '{}', '{}', 'tools', %s, false, 'queued', 0, clock_timestamp() + '1 hour', '')
"""

#: How far the newcomer's wait is followed, in calls.
_LOOK = 2_000

Claim = Callable[[int], list[tuple[str, str]]]


def fair(limit: int) -> list[tuple[str, str]]:
    return [(str(call.session), call.ref) for call in calls.claim("bench", ["tools"], limit)]


def by_age(limit: int) -> list[tuple[str, str]]:
    [rows] = wire().ask(Asked(_FIFO, ["bench", ["tools"], limit]))
    return [(str(row[0]), row[1]) for row in rows]


def fill(waiting: int, sessions: int, courses: int) -> None:
    """So many queued calls, of so many sessions in so many courses."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tools_app_toolcall")
        cursor.execute(_WAITING, {"calls": waiting, "sessions": sessions, "courses": courses})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE tools_app_toolcall")


def claim_ms(claim: Claim, limit: int, claims: int) -> float:
    """Median time of a claim of so many calls."""
    taken = []
    for _ in range(claims):
        began = time.perf_counter()
        claim(limit)
        taken.append((time.perf_counter() - began) * 1_000)
    return statistics.median(taken)


def wait_of_a_newcomer(claim: Claim, course: str, most: int) -> str:
    """Calls that are claimed before the one call of somebody who comes now, ten at a time, as far as it is looked."""
    newcomer = str(uuid.uuid4())
    with connection.cursor() as cursor:
        cursor.execute(_ONE, [newcomer, course])
    before = 0
    while before < most:
        sessions = [session for session, _ref in claim(10)]
        if newcomer in sessions:
            return f"{before + sessions.index(newcomer)}"
        before += len(sessions)
    return f"more than {most}"


def plan() -> list[str]:
    """How Postgres carries out a claim of 100."""
    with connection.cursor() as cursor:
        cursor.execute(
            "EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF) " + calls.claim_sql(100),
            [["tools"], 1e9, [], "bench", 100],
        )
        return [line for (line,) in cursor.fetchall()]


def bench(waiting: int, claims: int) -> dict[str, object]:
    """Figures of both orders over several populations."""
    figures: dict[str, object] = {}
    kinds: dict[str, Claim] = {"fair": fair, "by age": by_age}
    with connection.cursor() as cursor:
        cursor.execute(_FIFO_INDEX)
    for name, sessions, courses in (
        ("one session", 1, 1),
        ("1,000 sessions of one course", 1_000, 1),
        ("1,000 sessions of 100 courses", 1_000, 100),
    ):
        entry: dict[str, object] = {}
        for kind, claim in kinds.items():
            fill(waiting, sessions, courses)
            behind = {course: wait_of_a_newcomer(claim, course, _LOOK) for course in ("course 0", "another course")}
            ms = {limit: claim_ms(claim, limit, claims) for limit in (1, 100)}
            entry[kind] = {
                "claim of 1, ms": round(ms[1], 3),
                "claim of 100, ms": round(ms[100], 3),
                "calls/s by 100": round(100_000 / ms[100]),
                "newcomer of the course waits behind": behind["course 0"],
                "newcomer of another course waits behind": behind["another course"],
            }
        figures[name] = entry
    fill(0, 1, 1)
    figures["nothing waits"] = {
        kind: {"claim, ms": round(claim_ms(claim, 100, claims), 3)} for kind, claim in kinds.items()
    }
    fill(waiting, 1_000, 100)
    figures["plan"] = plan()
    return figures


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--claims", type=int, default=50, help="of each size")
    arguments = parser.parse_args()
    print(json.dumps(bench(arguments.waiting, arguments.claims)))
