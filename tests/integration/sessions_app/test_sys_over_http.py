"""Operators suspend and resume over the wire, learners and teachers may not; inspecting says why."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from sessions_app import access, sessions
from sessions_app.models import Session
from tests.integration.admin_visitors import STEER, staff
from tests.integration.sessions_app.test_sys_suspend import seen, send, unchanged

Folds = Callable[[uuid.UUID], None]
Caller = Callable[..., tuple[int, dict[str, Any]]]


def caller(user: Any) -> Caller:
    token = access.issue_token(user)

    def call(session: uuid.UUID, command: str, /, *, id: str = "", **d: Any) -> tuple[int, dict[str, Any]]:
        body = {"t": command, "id": id or f"id-{uuid.uuid4()}", "d": d}
        path = f"/api/sessions/{session}/commands"
        answer = Client().post(
            path, json.dumps(body), content_type="application/json", headers={"authorization": f"Bearer {token}"}
        )
        return answer.status_code, answer.json()["d"]

    return call


@pytest.fixture
def operator(transactional_db: None) -> Caller:
    return caller(get_user_model()._default_manager.create_superuser("root"))


def inspected(user: Any, session: uuid.UUID) -> dict[str, Any]:
    token = access.issue_token(user)
    found: dict[str, Any] = (
        Client().get(f"/api/sessions/{session}", headers={"authorization": f"Bearer {token}"}).json()
    )
    return found


def test_an_operator_suspends_and_resumes(scripted_session: uuid.UUID, operator: Caller, folds: Folds) -> None:
    status, d = operator(scripted_session, "session.suspend")
    assert (status, d["disposition"], d["duplicate"]) == (200, "applied", False)
    send(scripted_session, "say:later")
    assert seen(scripted_session) == []
    status, d = operator(scripted_session, "session.unsuspend")

    assert status == 200
    assert seen(scripted_session) == ["say:later"]
    folds(scripted_session)


def test_the_same_command_twice_is_one(scripted_session: uuid.UUID, operator: Caller) -> None:
    _, first = operator(scripted_session, "session.suspend", id="s1")
    status, again = operator(scripted_session, "session.suspend", id="s1")

    assert (status, again["duplicate"], again["seq"]) == (200, True, first["seq"])


@pytest.mark.parametrize("name", ["session.suspend", "session.unsuspend"])
def test_learners_and_teachers_may_not(learner: Any, scripted_session: uuid.UUID, name: str) -> None:
    staff("teacher", *STEER)
    before = unchanged(scripted_session)
    for user in (learner, get_user_model()._default_manager.get(username="teacher")):
        status, d = caller(user)(scripted_session, name)
        assert (status, d["code"]) == (403, "forbidden")

    assert unchanged(scripted_session) == before


def test_a_strangers_session_is_not_there(scripted_session: uuid.UUID) -> None:
    stranger = get_user_model()._default_manager.create_user("eve")
    status, d = caller(stranger)(scripted_session, "session.suspend")

    assert (status, d["code"]) == (404, "not_found")


def test_what_cannot_be_done_is_a_conflict_and_writes_nothing(
    scripted_session: uuid.UUID, operator: Caller, folds: Folds
) -> None:
    before = unchanged(scripted_session)
    status, d = operator(scripted_session, "session.unsuspend")
    assert (status, d["code"]) == (409, "invalid_transition")
    assert d["detail"] == {"state": "a", "allowed": [], "status": "running"}
    assert unchanged(scripted_session) == before

    operator(scripted_session, "session.suspend")
    assert operator(scripted_session, "session.suspend")[0] == 409
    sessions.shutdown(scripted_session)
    operator(scripted_session, "session.unsuspend")
    status, d = operator(scripted_session, "session.suspend")
    assert (status, d["detail"]["status"]) == (409, "closed")
    folds(scripted_session)


def test_a_learner_of_a_suspended_session_is_told_that_it_waits(
    learner: Any, scripted_session: uuid.UUID, operator: Caller
) -> None:
    send(scripted_session, "named:tea:60000")
    operator(scripted_session, "session.suspend")
    call = caller(learner)

    status, d = call(scripted_session, "message.send", text="say:x")
    assert (status, d["disposition"]) == (200, "queued")
    status, d = call(scripted_session, "hint.request")
    assert (status, d["disposition"]) == (200, "queued")
    mine = inspected(learner, scripted_session)
    assert [one["text"] for one in mine["queue"]] == ["say:x", ""]
    assert mine["words"] == "Waiting for an operator: it is suspended."


def test_inspecting_says_why_to_operators_with_names_and_to_learners_without(
    learner: Any, scripted_session: uuid.UUID
) -> None:
    send(scripted_session, "named:tea:60000")
    root = get_user_model()._default_manager.create_superuser("root")

    assert inspected(root, scripted_session)["why"]["waits"][0]["kind"] == "learner"
    mine = inspected(learner, scripted_session)
    assert "why" not in mine
    assert mine["words"].startswith("Waiting for the learner. If nothing happens, tea is due at ")


def test_a_suspended_session_keeps_its_row_status(scripted_session: uuid.UUID, operator: Caller) -> None:
    operator(scripted_session, "session.suspend")

    assert Session.objects.get(pk=scripted_session).status == Session.Status.SUSPENDED
