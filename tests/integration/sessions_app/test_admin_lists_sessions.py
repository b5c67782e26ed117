"""The list of sessions finds what a teacher looks for, and stays as quick with many rows."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app import registry, sessions
from sessions_app.admin import read_only
from sessions_app.models import Session
from tests.integration.admin_visitors import LOOK, learner, lesson, lesson_with_question, operator, staff, words

LIST = "/admin/sessions_app/session/"


def test_each_line_says_who_what_and_waiting_for_what(transactional_db: None) -> None:
    ada, grace = learner("ada"), learner("grace")
    lesson_with_question(ada)
    sessions.handle_user_message(registry.start_or_find(grace.pk, "echo", "echo", {})[0], "hello")

    shown = words(staff("teacher", *LOOK).get(LIST))

    assert "ada small Question open Live" in shown
    assert "grace echo Tool at work Live" in shown
    assert "the tool echo (call c1)" in shown


def test_more_sessions_do_not_mean_more_queries(transactional_db: None) -> None:
    teacher = staff("teacher", *LOOK)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert teacher.get(LIST).status_code == 200
        return len(captured)

    lesson(learner("first"))
    one = queries()
    for number in range(12):
        lesson(learner(f"learner{number}"))

    assert queries() == one


def test_the_list_leaves_the_machines_data_in_the_database(transactional_db: None) -> None:
    lesson(learner("ada"))
    with CaptureQueriesContext(connection) as captured:
        staff("teacher", *LOOK).get(LIST)

    assert not [query for query in captured if '"sessions_app_session"."data"' in query["sql"]]


@pytest.mark.parametrize("term", ["ada", "ADA", "Lovelace", "{name}", "{id}", "{beginning}"])
def test_a_session_is_found_by_learner_name_and_id(transactional_db: None, term: str) -> None:
    ada: Any = learner("ada")
    ada.last_name = "Lovelace"
    ada.save()
    session = lesson(ada)
    lesson(learner("grace"))
    names = {"name": f"{ada.pk}:small", "id": str(session), "beginning": str(session)[:11]}

    found = words(staff("teacher", *LOOK).get(LIST, {"q": term.format(**names)}))

    assert "1 tutoring session" in found
    assert "grace" not in found


def test_a_term_that_means_nothing_finds_nothing(transactional_db: None) -> None:
    lesson(learner("ada"))
    teacher = staff("teacher", *LOOK)
    for term in ("nobody", str(uuid.uuid4()), "9:small", ":", "deadbeef", "99999999999999999999:x", "%"):
        shown = words(teacher.get(LIST, {"q": term}))
        assert "0 tutoring sessions" in shown, term


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"state": "awaiting_answer"}, 1),
        ({"state": "exposition"}, 1),
        ({"machine": "echo"}, 1),
        ({"course": "small"}, 2),
        ({"live__exact": "1"}, 3),
        ({"live__exact": "0"}, 0),
        ({"status__exact": "suspended"}, 0),
    ],
)
def test_the_list_is_narrowed_by_what_one_knows(transactional_db: None, chosen: dict[str, str], count: int) -> None:
    lesson_with_question(learner("ada"))
    lesson(learner("grace"))
    registry.start_or_find(learner("joan").pk, "echo", "echo", {})

    shown = words(staff("teacher", *LOOK).get(LIST, chosen))

    assert f"{count} tutoring session" in shown


def test_nobody_waits_for_a_count_of_millions(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_only, "COUNTED_ROWS", 2)
    for name in ("ada", "grace", "joan"):
        lesson(learner(name))

    with CaptureQueriesContext(connection) as captured:
        shown = words(operator().get(LIST))

    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"] and "sessions_app_session" in query["sql"]]
    assert counts
    assert all("LIMIT 2" in sql for sql in counts)
    assert "More than the 2 that are counted; search or filter to see the others." in shown
    assert Session.objects.count() == 3
