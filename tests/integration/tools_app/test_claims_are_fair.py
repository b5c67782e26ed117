"""The order of claims: a burst starves nobody, and nobody starves a burst."""

from __future__ import annotations

import itertools
import re
import uuid

import pytest
from django.db import connection

from tools_app import calls, conf
from tools_app.models import ToolCall

pytestmark = pytest.mark.usefixtures("transactional_db")

BURST = 10_000
_INSERT = """
INSERT INTO tools_app_toolcall (session_id, ref, tool, args, scope, queue, course, order_at, background, status,
                                attempt, deadline_at, error)
SELECT coalesce(%(session)s, md5('s' || n)::uuid), %(name)s || n, 'echo', '{}', '{}', 'tools', %(course)s,
       clock_timestamp() + make_interval(secs => %(spacing)s * n), false, 'queued', 0, clock_timestamp() + '1 hour', ''
  FROM generate_series(0, %(calls)s - 1) AS n
"""


def ask(calls_: int, course: str, name: str, *, session: uuid.UUID | None = None) -> None:
    """So many calls at once: of one session, spread as the kernel spreads them, or of as many sessions."""
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "calls": calls_, "course": course, "name": name, "session": session,
                "spacing": 0 if session is None else conf.SPACING_S,
            },
        )  # fmt: skip


def time_passes(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tools_app_toolcall SET order_at = order_at - make_interval(secs => %s) WHERE status = 'queued'",
            [seconds],
        )


def claim(limit: int, *, in_turn: bool = False, without: tuple[str, ...] = ()) -> list[str]:
    return [call.ref for call in calls.claim("me", ["tools"], limit, in_turn=in_turn, without=without)]


def test_a_session_with_ten_thousand_calls_does_not_delay_a_neighbour_of_its_course() -> None:
    ask(BURST, "maths", "burst", session=uuid.uuid4())
    ask(1, "maths", "newcomer", session=uuid.uuid4())

    assert "newcomer0" in claim(2)


def test_a_course_with_ten_thousand_sessions_does_not_delay_another_one() -> None:
    ask(BURST, "exam", "burst")
    ask(1, "quiet", "newcomer")

    assert "newcomer0" in claim(2)


def test_many_courses_get_the_same_share_whoever_asks_first() -> None:
    for number in range(5):
        ask(50, f"course {number}", f"{number}-")

    taken = [ref.partition("-")[0] for ref in claim(25)]

    assert {course: taken.count(course) for course in set(taken)} == {str(number): 5 for number in range(5)}


def test_one_slot_at_a_time_goes_to_every_course_now_and_then() -> None:
    for course in ("first", "second", "third"):
        ask(200, course, f"{course}-")

    taken = [claim(1)[0].partition("-")[0] for _ in range(60)]

    # By chance: each has a third; none at all in 60 tries would happen once in 10 billion runs.
    assert set(taken) == {"first", "second", "third"}


def test_a_burst_goes_on_while_others_of_its_course_keep_all_slots_busy() -> None:
    ask(100, "maths", "burst", session=uuid.uuid4())
    served = 0
    for second in range(20):
        ask(10, "maths", f"second {second}, ", session=None)
        served += sum(ref.startswith("burst") for ref in claim(10))
        time_passes(1)

    # One a second is what a session's calls are spread by.
    assert 10 <= served <= 30


def test_the_kept_slots_are_for_calls_in_their_turn_of_courses_that_do_not_crowd() -> None:
    ask(10, "crowding", "crowd")
    ask(10, "maths", "burst", session=uuid.uuid4())
    ask(1, "maths", "newcomer", session=uuid.uuid4())

    assert sorted(claim(20, in_turn=True, without=("crowding",))) == ["burst0", "newcomer0"]


def test_a_pause_between_two_attempts_is_kept_whatever_the_order() -> None:
    ask(2, "maths", "call")
    ToolCall.objects.filter(ref="call0").update(run_after="2999-01-01T00:00:00Z")

    assert claim(10) == ["call1"]


def test_a_claim_reads_what_it_takes_however_much_waits() -> None:
    ask(BURST, "exam", "burst")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tools_app_toolcall")
        # As the hot path runs it: one plan for whatever comes.
        numbers = itertools.count(1)
        statement = re.sub("%s", lambda _: f"${next(numbers)}", calls.claim_sql(20))
        cursor.execute("SET plan_cache_mode = force_generic_plan")
        cursor.execute(f"PREPARE claim (text[], float, text[], text, bigint) AS {statement}")
        cursor.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) EXECUTE claim(ARRAY['tools'], 1e9, '{}', 'me', 20)"
        )
        ((plan,),) = cursor.fetchall()
        cursor.execute("DEALLOCATE claim")

    def nodes(node: dict[str, object]) -> list[dict[str, object]]:
        below = node.get("Plans", [])
        assert isinstance(below, list)
        return [node, *(one for child in below for one in nodes(child))]

    scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "tools_app_toolcall"]
    read = [node["Actual Rows"] * node["Actual Loops"] for node in scans if "Scan" in str(node["Node Type"])]  # type: ignore[operator]
    assert read
    assert max(read) <= 2 * 32
