"""Fire and forget: a background call goes on beside the conversation, and harms nothing however it ends (S52)."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from sessions_app import log, server, sessions
from sessions_app.models import Session
from sessions_app.why import why
from tools_app import calls, conf, monitor
from tools_app.calls import Claimed
from tools_app.models import ToolCall
from tutor import events

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


@pytest.fixture
def running(scripted_session: uuid.UUID) -> Claimed:
    """A background call that a worker has taken."""
    sessions.handle_user_message(scripted_session, "background")
    (call,) = calls.claim("a worker that never beats", ["tools"], 10)
    return call


def succeed(call: Claimed) -> None:
    server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))


def seen(session: uuid.UUID) -> list[str]:
    found: list[str] = Session.objects.get(pk=session).data["seen"]
    return found


def newest(session: uuid.UUID, kind: str) -> log.Entry:
    return [entry for entry in log.read(session) if entry.kind == kind][-1]


def test_its_turn_is_over_at_once_and_the_conversation_goes_on(
    scripted_session: uuid.UUID, running: Claimed, kinds: Kinds, folds: Folds
) -> None:
    assert kinds(scripted_session)[-1] == "turn.finished"
    assert running.turn is None
    assert sessions.handle_user_message(scripted_session, "say:hello").disposition == "started"
    assert [wait.kind for wait in why(scripted_session).waits] == ["tool_running", "learner"]
    folds(scripted_session)


def test_its_result_is_an_event_of_no_turn(scripted_session: uuid.UUID, running: Claimed, folds: Folds) -> None:
    succeed(running)

    assert seen(scripted_session)[-1] == "c1 ok"
    assert newest(scripted_session, "tool.finished").turn is None
    assert Session.objects.get(pk=scripted_session).kernel.get("turn") is None
    folds(scripted_session)


def test_its_result_while_another_turn_runs_leaves_that_turn_alone(
    scripted_session: uuid.UUID, running: Claimed, kinds: Kinds, folds: Folds
) -> None:
    turn = sessions.handle_user_message(scripted_session, "call").turn
    succeed(running)

    assert kinds(scripted_session).count("turn.finished") == 1
    assert Session.objects.get(pk=scripted_session).kernel["turn"]["id"] == turn
    folds(scripted_session)


@pytest.mark.parametrize("reason", ["error", "timeout", "killed", "refused"])
def test_its_crash_is_an_event_and_takes_nothing_down(
    scripted_session: uuid.UUID, running: Claimed, reason: events.ToolFailure, folds: Folds
) -> None:
    server.deliver(calls.failed(running, reason, "as the test says"))

    assert seen(scripted_session)[-1] == f"c1 {reason}"
    assert sessions.handle_user_message(scripted_session, "say:hello").disposition == "started"
    folds(scripted_session)


def test_closing_the_session_ends_it_and_its_late_result_is_discarded(
    scripted_session: uuid.UUID, running: Claimed, kinds: Kinds, folds: Folds
) -> None:
    sessions.shutdown(scripted_session)
    succeed(running)

    assert ToolCall.objects.get().ending == "cancelled"
    assert kinds(scripted_session).count("tool.cancelled") == 1
    assert kinds(scripted_session)[-1] == "tool.result_discarded"
    assert "c1 ok" not in seen(scripted_session)
    folds(scripted_session)


def test_a_machine_that_stops_by_itself_ends_it_too(
    scripted_session: uuid.UUID, running: Claimed, kinds: Kinds, folds: Folds
) -> None:
    sessions.handle_user_message(scripted_session, "stop")
    server.deliver(calls.failed(running, "error", "too late"))

    assert kinds(scripted_session).count("tool.cancelled") == 1
    assert kinds(scripted_session)[-1] == "tool.result_discarded"
    folds(scripted_session)


def test_when_its_worker_is_lost_it_is_tried_again_and_no_turn_is_said_to_recover(
    scripted_session: uuid.UUID, running: Claimed, kinds: Kinds, folds: Folds
) -> None:
    for attempt in range(2, conf.MAX_ATTEMPTS + 1):
        monitor.sweep()
        (again,) = calls.claim("another that never beats", ["tools"], 10)
        assert again.attempt == attempt
    monitor.sweep()

    assert seen(scripted_session)[-1] == "c1 lost_contact"
    assert "turn.recovering" not in kinds(scripted_session)
    succeed(running)
    assert kinds(scripted_session)[-1] == "tool.result_discarded"
    folds(scripted_session)
