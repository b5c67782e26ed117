"""The teachers' list: who learns what, what is waited for, who needs somebody; the same price however many look."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app import conf, live_sessions, registry, server, sessions
from sessions_app.delivery import Delivery
from sessions_app.models import Session
from tests.integration.admin_visitors import LOOK, browser, learner, lesson, lesson_with_question, operator, staff
from tutor.interactions import ObserverNoted
from tutor.statem import EventType

LIST, NOW = "/teach/", "/teach/sessions"


@pytest.fixture(autouse=True)
def _every_look_is_new() -> Iterator[None]:
    live_sessions._looks.clear()
    yield
    live_sessions._looks.clear()


def now(client: Client, query: str = "") -> dict[str, Any]:
    live_sessions._looks.clear()
    answer = client.get(f"{NOW}{query}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def note(session: uuid.UUID, words: str) -> None:
    fact = ObserverNoted(observer="pace", note=words)
    server.deliver(Delivery(session, None, by="timer", type=EventType.CAST, facts=[fact]))


def test_each_session_says_who_what_and_waiting_for_what(transactional_db: None) -> None:
    ada, grace = learner("ada"), learner("grace")
    question = lesson_with_question(ada)
    echo = registry.start_or_find(grace.pk, "echo", "echo", {})[0]
    sessions.handle_user_message(echo, "hello")
    note(question, "Three slips in a row.")

    seen = now(staff("teacher", *LOOK))
    by_learner = {one["learner"]: one for one in seen["sessions"]}

    assert (seen["live"], seen["needing_help"]) == (2, 0)
    assert by_learner["ada"] | {"since": "", "changed": "", "note": None} == {
        "id": str(question), "learner": "ada", "course": "Small equations", "branch": False, "state": "awaiting_answer",
        "since": "", "changed": "", "suspended": False, "hold": "", "needs_help": False, "tools": [], "queue": 0,
        "note": None, "why": "",
    }  # fmt: skip
    assert by_learner["ada"]["note"]["note"] == "Three slips in a row."
    assert by_learner["grace"]["tools"] == ["echo"]


def test_who_needs_somebody_comes_first_and_can_be_listed_alone(transactional_db: None) -> None:
    held = lesson_with_question(learner("ada"))
    sessions.handle_user_message(held, "I want to kill myself")
    lesson_with_question(learner("grace"))
    teacher = staff("teacher", *LOOK)

    seen = now(teacher)
    assert [one["learner"] for one in seen["sessions"]] == ["ada", "grace"]
    assert seen["needing_help"] == 1
    assert seen["sessions"][0]["hold"]
    assert [one["learner"] for one in now(teacher, "?help=1")["sessions"]] == ["ada"]
    assert [one["learner"] for one in now(teacher, "?q=GRA")["sessions"]] == ["grace"]


def test_a_call_that_waits_for_long_says_why(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    echo = registry.start_or_find(learner("grace").pk, "echo", "echo", {})[0]
    sessions.handle_user_message(echo, "hello")
    monkeypatch.setattr(conf, "LONG_WAIT_S", 0.0)

    (seen,) = now(staff("teacher", *LOOK))["sessions"]

    assert "No worker is alive" in seen["why"]
    assert seen["needs_help"] is True


def test_what_has_not_changed_is_not_sent_again(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    teacher = staff("teacher", *LOOK)
    first = teacher.get(NOW)
    live_sessions._looks.clear()
    assert teacher.get(NOW, headers={"if-none-match": first["ETag"]}).status_code == 304
    note(session, "A note.")
    live_sessions._looks.clear()
    assert teacher.get(NOW, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_more_sessions_do_not_mean_more_queries(transactional_db: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            live_sessions._read("", needing_help=False)
        return len(captured)

    lesson(learner("ada"))
    queries()  # course contents are read once in a process
    before = queries()
    for number in range(5):
        lesson(learner(f"learner-{number}"))

    assert queries() == before


def test_many_who_ask_at_once_share_one_look(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson(learner("ada"))
    looks = []
    read = live_sessions._read

    def counted(search: str, needing_help: bool) -> live_sessions.Glance:
        looks.append(search)
        return read(search, needing_help)

    monkeypatch.setattr(live_sessions, "_read", counted)

    async def ask() -> list[live_sessions.Glance]:
        return await asyncio.gather(*(live_sessions.glance() for _ in range(50)))

    assert len({one.tag for one in async_to_sync(ask)()}) == 1
    assert len(looks) == 1


@pytest.mark.parametrize("path", [LIST, NOW, "/teach/{session}/"])
def test_only_teachers_are_shown_it(transactional_db: None, path: str) -> None:
    ada = learner("ada")
    page = path.format(session=lesson(ada))

    assert browser(ada).get(page).status_code == 404
    assert staff("clerk").get(page).status_code == 404
    assert Client().get(page).status_code == 302
    assert staff("teacher", *LOOK).get(page).status_code == 200


def test_the_page_of_a_session_offers_what_its_visitor_may_do(transactional_db: None) -> None:
    session, root = lesson(learner("ada")), operator()
    page = f"/teach/{session}/"
    taught = staff("teacher", *LOOK).get(page).content.decode()

    assert 'id="known-error"' in taught
    assert 'id="suspend"' not in taught
    assert 'id="suspend"' in root.get(page).content.decode()
    assert root.get(f"/teach/{uuid.uuid4()}/").status_code == 404
    assert Session.objects.get(pk=session).status == "running"
