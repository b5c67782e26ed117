"""Tool calls and workers in the admin: what runs, how it ended, who runs it and whether they are still there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_app import registry, sessions
from tests.integration.admin_visitors import LOOK, learner, lesson_with_question, operator, staff, words
from tools_app import conf
from tools_app.models import ToolCall, Worker

CALLS = "/admin/tools_app/toolcall/"
WORKERS = "/admin/tools_app/worker/"


def call_of(name: str) -> ToolCall:
    session = registry.start_or_find(learner(name).pk, "echo", "echo", {})[0]
    sessions.handle_user_message(session, "hello")
    return ToolCall.objects.get(session_id=session)


def ended(call: ToolCall, ending: str, error: str = "") -> None:
    now = timezone.now()
    ToolCall.objects.filter(pk=call.pk).update(
        status="ended", ending=ending, error=error, attempt=2, owner="w1", started_at=now - timedelta(seconds=3),
        ended_at=now,
    )  # fmt: skip


def test_the_list_says_how_each_call_stands(transactional_db: None) -> None:
    call_of("ada")
    ended(call_of("grace"), "timed_out", "too slow")

    shown = words(staff("teacher", *LOOK).get(CALLS))

    assert "echo c1 ada, echo Queued 0 nobody yet not begun" in shown
    assert "echo c1 grace, echo Timed out 2 w1 3 s" in shown


@pytest.mark.parametrize(
    ("chosen", "count"),
    [({"status__exact": "queued"}, 1), ({"ending": "failed"}, 1), ({"tool": "echo"}, 2), ({"q": "grace"}, 1)],
)
def test_the_list_is_narrowed(transactional_db: None, chosen: dict[str, str], count: int) -> None:
    call_of("ada")
    ended(call_of("grace"), "failed")

    assert f"{count} tool call" in words(staff("teacher", *LOOK).get(CALLS, chosen))


def test_more_calls_do_not_mean_more_queries(transactional_db: None) -> None:
    teacher = staff("teacher", *LOOK)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert teacher.get(CALLS).status_code == 200
        return len(captured)

    call_of("ada")
    one = queries()
    for number in range(8):
        call_of(f"learner{number}")

    assert queries() == one


def test_arguments_are_for_operators(transactional_db: None) -> None:
    sessions.handle_user_message(lesson_with_question(learner("ada")), "my answer is 17")
    page = f"{CALLS}{ToolCall.objects.get().pk}/change/"

    for_teacher, for_operator = words(staff("teacher", *LOOK).get(page)), words(operator().get(page))

    assert "check_answer" in for_teacher
    assert "my answer is 17" not in for_teacher
    assert "my answer is 17" in for_operator


def test_a_worker_is_alive_gone_or_stopped(transactional_db: None) -> None:
    now = timezone.now()
    late = now - timedelta(seconds=conf.LEASE_S + 1)
    about = {"host": "here", "process": 1, "queues": "tools"}
    Worker.objects.create(owner="beating", beat_at=now, **about)
    Worker.objects.create(owner="silent", beat_at=late, **about)
    Worker.objects.create(owner="finished", beat_at=late, stopped_at=late, **about)
    teacher = staff("teacher", *LOOK)

    shown = words(teacher.get(WORKERS))
    assert "beating Alive" in shown
    assert "silent Gone" in shown
    assert "finished Stopped" in shown

    for life, owner in (("alive", "beating"), ("gone", "silent"), ("stopped", "finished")):
        narrowed = words(teacher.get(WORKERS, {"life": life}))
        assert owner in narrowed
        assert "1 worker" in narrowed


def test_without_the_right_to_look_there_is_nothing_to_see(transactional_db: None) -> None:
    call_of("ada")
    nobody = staff("nobody", "sessions_app.view_session")

    assert nobody.get(CALLS).status_code == 403
    assert nobody.get(WORKERS).status_code == 403
