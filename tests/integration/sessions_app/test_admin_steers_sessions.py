"""Two actions, for those who have the right: treat a known error, end with a report. Each tells what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.test import Client

from sessions_app import log, registry, sessions
from sessions_app.admin import steering
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tests.integration.admin_visitors import (
    LOOK,
    STEER,
    hidden,
    learner,
    lesson,
    lesson_with_question,
    staff,
    words,
)

LIST = "/admin/sessions_app/session/"
CHOICE = "small:1"


def page_of(session: uuid.UUID) -> str:
    return f"{LIST}{session}/change/"


def treat(client: Client, session: uuid.UUID, known_error: str = "same_sign") -> Any:
    """Choose a known error on the session's page and press the button."""
    form = client.get(page_of(session))
    fields = {"request_id": hidden(form, "request_id"), CHOICE: known_error}
    return client.post(f"{LIST}{session}/treat/", fields, follow=True)


def end(client: Client, session: uuid.UUID) -> Any:
    """Ask for the end on the session's page, and confirm it."""
    form = client.get(f"{LIST}{session}/end/")
    return client.post(
        f"{LIST}{session}/end/", {"request_id": hidden(form, "request_id"), "confirmed": "yes"}, follow=True
    )


def facts(session: uuid.UUID, kind: str) -> list[Any]:
    return [entry.fact for entry in log.read(session) if entry.kind == kind]


def state(session: uuid.UUID) -> str:
    return str(Session.objects.get(pk=session).state)


def test_a_teacher_has_a_known_error_treated(transactional_db: None, folds: Callable[[uuid.UUID], None]) -> None:
    session = lesson_with_question(learner("ada"))

    shown = words(treat(staff("teacher", *STEER), session))

    assert "ada, small : “Adds instead of subtracting” is being treated." in shown
    assert "Known error under treatment: Adds instead of subtracting." in shown
    assert state(session) == "remediating_known_error"
    assert [(fact.known_error, fact.by) for fact in facts(session, "remediation.started")] == [("same_sign", "teacher")]
    folds(session)


def test_while_a_tool_is_at_work_the_page_says_what_became_of_it(
    transactional_db: None, folds: Callable[[uuid.UUID], None]
) -> None:
    session = lesson_with_question(learner("ada"))
    sessions.handle_user_message(session, "17")

    shown = words(treat(staff("teacher", *STEER), session))

    assert "will be treated as soon as what is running is over" in shown
    assert state(session) == "awaiting_tool_result"
    folds(session)


def test_sending_the_same_form_twice_does_its_work_once(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    teacher = staff("teacher", *STEER)
    fields = {"request_id": hidden(teacher.get(page_of(session)), "request_id"), CHOICE: "same_sign"}

    teacher.post(f"{LIST}{session}/treat/", fields)
    shown = words(teacher.post(f"{LIST}{session}/treat/", fields, follow=True))

    assert "This form came twice; its work was done once." in shown
    assert len(facts(session, "remediation.started")) == 1


def test_choosing_nothing_does_nothing_and_says_so(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    head = Session.objects.get(pk=session).head
    teacher = staff("teacher", *STEER)

    nothing, nonsense = words(treat(teacher, session, "")), words(treat(teacher, session, "no_such_error"))

    assert "Choose the known error that should be treated." in nothing
    assert "This course version has no such known error; choose another one." in nonsense
    assert Session.objects.get(pk=session).head == head


def test_ending_asks_first(transactional_db: None, folds: Callable[[uuid.UUID], None]) -> None:
    session = lesson_with_question(learner("ada"))
    teacher = staff("teacher", *STEER)

    asked = words(teacher.get(f"{LIST}{session}/end/"))
    assert "This cannot be undone" in asked
    assert state(session) == "awaiting_answer"

    shown = words(end(teacher, session))
    assert "The session has ended with its report." in shown
    assert state(session) == "completed"
    assert len(facts(session, "session.closed")) == 1
    folds(session)


def test_several_sessions_are_treated_at_once_each_with_its_own_answer(transactional_db: None) -> None:
    ada, grace, joan = learner("ada"), learner("grace"), learner("joan")
    treated, ended = lesson_with_question(ada), lesson(grace)
    echo = registry.start_or_find(joan.pk, "echo", "echo", {})[0]
    sessions.shutdown(ended)
    teacher = staff("teacher", *STEER)
    chosen = {"action": "treat_known_error", ACTION_CHECKBOX_NAME: [str(treated), str(ended), str(echo)]}

    between = teacher.post(LIST, chosen)
    assert "3 sessions" in words(between)
    assert state(treated) == "awaiting_answer"

    confirmed = {"confirmed": "yes", "request_id": hidden(between, "request_id"), CHOICE: "same_sign"}
    shown = words(teacher.post(LIST, {**chosen, **confirmed}, follow=True))

    assert "ada, small : “Adds instead of subtracting” is being treated." in shown
    assert "joan, echo : This session follows no course, so it has no known errors." in shown
    with pytest.raises(CommandError) as refusal:
        sessions.force_remediation(ended, "same_sign", actor="teacher")
    assert f"grace, small : Refused in the state “Completed”. The learner would read: {refusal.value.message}" in shown
    assert state(treated) == "remediating_known_error"
    assert not facts(ended, "remediation.started")


def test_the_page_between_asks_again_where_nothing_was_chosen(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    teacher = staff("teacher", *STEER)
    chosen = {"action": "treat_known_error", ACTION_CHECKBOX_NAME: str(session)}
    request_id = hidden(teacher.post(LIST, chosen), "request_id")

    again = words(teacher.post(LIST, {**chosen, "confirmed": "yes", "request_id": request_id, CHOICE: ""}))

    assert "Choose the known error that should be treated." in again
    assert state(session) == "awaiting_answer"


def test_several_sessions_are_ended_at_once(transactional_db: None) -> None:
    rows = [lesson(learner(name)) for name in ("ada", "grace")]
    teacher = staff("teacher", *STEER)
    chosen = {"action": "end_with_report", ACTION_CHECKBOX_NAME: [str(row) for row in rows]}
    between = teacher.post(LIST, chosen)
    assert [state(row) for row in rows] == ["exposition", "exposition"]

    confirmed = {"confirmed": "yes", "request_id": hidden(between, "request_id")}
    shown = words(teacher.post(LIST, {**chosen, **confirmed}, follow=True))

    assert shown.count("The session has ended with its report.") == 2
    assert [state(row) for row in rows] == ["completed", "completed"]


def test_too_many_at_once_is_refused_as_a_whole(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steering, "SESSIONS_AT_ONCE", 1)
    rows = [lesson(learner(name)) for name in ("ada", "grace")]

    shown = words(
        staff("teacher", *STEER).post(
            LIST, {"action": "end_with_report", ACTION_CHECKBOX_NAME: [str(row) for row in rows]}, follow=True
        )
    )

    assert "At most 1 sessions at once; choose fewer. Nothing was done." in shown
    assert [state(row) for row in rows] == ["exposition", "exposition"]


def test_the_history_says_who_ended_a_session(transactional_db: None) -> None:
    session = lesson(learner("ada"))
    end(staff("teacher", *STEER), session)

    entry = LogEntry.objects.select_related("user").get(object_id=str(session))

    assert entry.user.get_username() == "teacher"
    assert entry.get_change_message() == "The session has ended with its report."


def test_whoever_may_only_look_gets_no_buttons_and_no_way_around(transactional_db: None) -> None:
    session = lesson_with_question(learner("ada"))
    onlooker = staff("onlooker", *LOOK)
    before = Session.objects.values().get(pk=session)

    page = onlooker.get(page_of(session))
    assert "Step in" not in words(page)

    fields = {"request_id": "0" * 16, CHOICE: "same_sign", "confirmed": "yes"}
    assert onlooker.post(f"{LIST}{session}/treat/", fields).status_code == 403
    assert onlooker.post(f"{LIST}{session}/end/", fields).status_code == 403
    for action in ("treat_known_error", "end_with_report"):
        onlooker.post(LIST, {**fields, "action": action, ACTION_CHECKBOX_NAME: str(session)})
    assert Session.objects.values().get(pk=session) == before


def test_a_stranger_is_sent_to_log_in(transactional_db: None) -> None:
    session = lesson(learner("ada"))

    answer = Client().post(f"{LIST}{session}/end/", {"request_id": "0" * 16, "confirmed": "yes"})

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
    assert state(session) == "exposition"
