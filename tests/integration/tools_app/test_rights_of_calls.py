"""A call's scope: checked at the claim, and again under the lock when its result is applied."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from sessions_app import log, server, sessions
from sessions_app.delivery import CommandId, Delivery
from sessions_app.models import Session
from tools_app import calls, registry, settling
from tools_app.models import ToolCall
from tools_app.runner import Runner
from tutor import events

Folds = Callable[[uuid.UUID], None]
Take = Callable[[], object]


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(["tools"])
    yield running
    running.drain(2)


@pytest.fixture
def teacher(transactional_db: None) -> Any:
    return get_user_model()._default_manager.create_user("tess", is_staff=True)


def asked_by(session: uuid.UUID, teacher: Any | None) -> None:
    """A call, by the learner or by a teacher for the learner."""
    more: dict[str, Any] = {"by": "learner"} if teacher is None else {"by": "teacher", "user": teacher.pk}
    command = CommandId("call", "message.send", b"")
    server.deliver(Delivery(session, events.UserMessage(text="call"), command=command, text="call", **more))


def deactivate() -> None:
    get_user_model()._default_manager.filter(username="ada").update(is_active=False)


def demote() -> None:
    get_user_model()._default_manager.filter(username="tess").update(is_staff=False)


def dismiss() -> None:
    get_user_model()._default_manager.filter(username="tess").update(is_active=False)


def expire() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_toolcall SET scope = jsonb_set(scope, '{expires_ms}', '1')")


def give_to_another_learner() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_toolcall SET scope = jsonb_set(scope, '{learner}', '0')")


LOST: dict[str, tuple[Take, str]] = {
    "learner deactivated": (deactivate, "deactivated"),
    "scope expired": (expire, "expired"),
    "another learner's": (give_to_another_learner, "another learner"),
    "teacher demoted": (demote, "no longer teacher"),
    "teacher dismissed": (dismiss, "no longer"),
}


@pytest.mark.parametrize("lost", LOST)
def test_a_right_that_is_gone_at_the_claim_is_refused_and_the_tool_does_not_run(
    scripted_session: uuid.UUID, runner: Runner, teacher: Any, monkeypatch: pytest.MonkeyPatch, lost: str, folds: Folds
) -> None:
    ran: list[str] = []

    async def spy(_scope: Any, text: str, delay_s: float = 0.0) -> dict[str, str]:
        ran.append(text)
        return {"text": text}

    monkeypatch.setitem(registry._online, "echo", replace(registry.find("echo")[0], function=spy))
    take, why = LOST[lost]
    asked_by(scripted_session, teacher if "teacher" in lost else None)
    take()
    runner.start()
    until = time.monotonic() + 10
    while not (call := ToolCall.objects.get()).ending:
        assert time.monotonic() < until
        time.sleep(0.02)

    assert (call.ending, why in call.error, ran) == ("failed", True, [])
    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == "c1 refused"
    folds(scripted_session)


@pytest.mark.parametrize("lost", [lost for lost in LOST if lost not in {"scope expired", "another learner's"}])
def test_a_right_that_is_lost_while_the_tool_runs_is_refused_under_the_lock(
    scripted_session: uuid.UUID, teacher: Any, lost: str, folds: Folds
) -> None:
    take, why = LOST[lost]
    asked_by(scripted_session, teacher if "teacher" in lost else None)
    (call,) = calls.claim("worker", ["tools"], 1)
    take()
    server.deliver(settling.confirmed(call, calls.succeeded(call, {"text": "x"}, fallback=False, facts=[])))

    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == "c1 refused"
    (applied,) = [entry.fact for entry in log.read(scripted_session) if entry.kind == "strategy.applied"]
    assert (applied.reason, applied.strategy, why in applied.detail) == ("refused", "stop", True)  # type: ignore[attr-defined]
    folds(scripted_session)


def test_a_scope_that_expires_while_the_tool_runs_is_refused_under_the_lock(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "call")
    (call,) = calls.claim("worker", ["tools"], 1)
    stale = replace(call, scope={**call.scope, "expires_ms": 1})
    server.deliver(settling.confirmed(stale, calls.succeeded(stale, {"text": "x"}, fallback=False, facts=[])))

    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == "c1 refused"


def test_the_result_for_a_session_that_was_closed_meanwhile_is_discarded_with_its_reason(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    sessions.handle_user_message(scripted_session, "call")
    (call,) = calls.claim("worker", ["tools"], 1)
    command = CommandId("end", "session.close", b"")
    server.deliver(Delivery(scripted_session, events.EndRequested(), by="learner", command=command))
    server.deliver(settling.confirmed(call, calls.succeeded(call, {"text": "x"}, fallback=False, facts=[])))

    assert [e.fact.why for e in log.read(scripted_session) if e.kind == "tool.result_discarded"] == [  # type: ignore[attr-defined]
        "the call had ended before: cancelled"
    ]
    folds(scripted_session)


@pytest.mark.parametrize(("by_teacher", "ending"), [(False, "failed"), (True, "finished")])
def test_a_tool_for_teachers_runs_for_teachers_only(
    scripted_session: uuid.UUID, runner: Runner, teacher: Any, monkeypatch: pytest.MonkeyPatch,
    by_teacher: bool, ending: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(registry._online, "echo", replace(registry.find("echo")[0], roles=frozenset({"teacher"})))
    asked_by(scripted_session, teacher if by_teacher else None)
    runner.start()
    until = time.monotonic() + 10
    while not (call := ToolCall.objects.get()).ending:
        assert time.monotonic() < until
        time.sleep(0.02)

    assert call.ending == ending
