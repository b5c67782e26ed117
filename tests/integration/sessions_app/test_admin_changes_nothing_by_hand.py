"""The log is the truth: not even an operator adds, edits or deletes a row in the admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from sessions_app import sessions
from sessions_app.models import Session
from tests.integration.admin_visitors import learner, lesson, lesson_with_question, operator
from tools_app.models import ToolCall, Worker


@pytest.mark.parametrize("form", ["add/", "{pk}/change/", "{pk}/delete/"])
def test_a_sent_form_changes_no_session(transactional_db: None, form: str) -> None:
    session = lesson(learner("ada"))
    before = Session.objects.values().get(pk=session)

    answer = operator().post(
        f"/admin/sessions_app/session/{form.format(pk=session)}",
        {"name": "mine", "state": "completed", "live": "", "post": "yes"},
    )

    assert answer.status_code == 403
    assert Session.objects.values().get() == before


def test_deleting_is_not_among_the_actions(transactional_db: None) -> None:
    session = lesson(learner("ada"))

    operator().post(
        "/admin/sessions_app/session/",
        {"action": "delete_selected", ACTION_CHECKBOX_NAME: str(session), "post": "yes"},
    )

    assert Session.objects.filter(pk=session).exists()


@pytest.mark.parametrize("form", ["add/", "{pk}/change/", "{pk}/delete/"])
@pytest.mark.parametrize("model", [ToolCall, Worker])
def test_a_sent_form_changes_no_call_and_no_worker(
    transactional_db: None, model: type[ToolCall | Worker], form: str
) -> None:
    sessions.handle_user_message(lesson_with_question(learner("ada")), "17")
    Worker.objects.create(owner="w1", host="here", process=1, queues="tools")
    before = list(model.objects.values())
    name = model._meta.model_name

    answer = operator().post(f"/admin/tools_app/{name}/{form.format(pk=model.objects.get().pk)}", {"post": "yes"})

    assert answer.status_code == 403
    assert list(model.objects.values()) == before
