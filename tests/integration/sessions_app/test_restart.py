"""``restart``: an operator has a session begin again; the same session, the same log, nothing of the old state."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from sessions_app import calling, log, system
from sessions_app.exceptions import AlreadySuspended, ClosedSession, SessionExited
from sessions_app.models import Session, Timer
from sessions_app.sessions import shutdown
from tests.integration.sessions_app.test_calls_and_casts import in_thread, wait_for_caller
from tests.integration.sessions_app.test_sys_over_http import Caller, caller
from tests.integration.sessions_app.test_sys_suspend import send, untouched
from tools_app.models import ToolCall
from tutor import events

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


@pytest.fixture(autouse=True)
def _redis(redis_url: str) -> None:
    """What a turn has shown is asked of Redis."""


def row(session: uuid.UUID) -> Session:
    return Session.objects.get(pk=session)


def test_s60_it_begins_with_its_original_arguments(scripted_session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    send(scripted_session, "go:b named:tea:60000")
    send(scripted_session, "call")
    before = row(scripted_session)
    system.restart(scripted_session, actor="root")

    after = row(scripted_session)
    assert (after.state, after.data) == ("a", {"calls": 0, "seen": []})
    assert after.head > before.head
    assert after.state_no > before.state_no
    assert after.kernel.get("timers") is None
    assert after.kernel.get("calls") is None
    assert ToolCall.objects.get().ending == "cancelled"
    assert kinds(scripted_session)[-1] == "turn.finished"
    (restored,) = [e.fact for e in log.read(scripted_session) if e.kind == "session.restored"]
    assert (restored.why, restored.state) == ("restarted by root", "a")  # type: ignore[attr-defined]
    assert not [t for t in Timer.objects.filter(session=scripted_session) if f"{t.type}:{t.name}" not in after.armed]
    folds(scripted_session)


def test_it_forgets_its_crashes(scripted_session: uuid.UUID, folds: Folds) -> None:
    for _ in range(3):
        send(scripted_session, "crash")
    system.restart(scripted_session)

    assert row(scripted_session).supervision.get("restarts", []) == []
    folds(scripted_session)


def test_a_message_that_waits_goes_on_waiting_or_is_handled(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "go:b")
    send(scripted_session, "go:a")
    send(scripted_session, "postpone say:late")
    system.restart(scripted_session)
    send(scripted_session, "go:b")

    assert row(scripted_session).data["seen"].count("postpone say:late") == 2  # tried again at once, then handled
    assert row(scripted_session).kernel.get("postponed") is None
    folds(scripted_session)


def test_whoever_waits_for_a_reply_is_told(scripted_session: uuid.UUID) -> None:
    waiting = in_thread(lambda: calling.call(scripted_session, events.UserMessage(text="keep")))
    wait_for_caller(scripted_session)
    system.restart(scripted_session, actor="root")

    with pytest.raises(SessionExited, match="restarted by root"):
        waiting.result(10)


def test_the_same_command_restarts_once(scripted_session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    first, again = (system.restart(scripted_session, command_id="mine") for _ in range(2))

    assert (first.duplicate, again.duplicate, again.seq) == (False, True, first.seq)
    assert kinds(scripted_session).count("session.restored") == 1
    folds(scripted_session)


def test_a_suspended_or_closed_session_is_not_restarted(scripted_session: uuid.UUID) -> None:
    system.suspend(scripted_session)
    with untouched(scripted_session), pytest.raises(AlreadySuspended):
        system.restart(scripted_session)
    system.resume(scripted_session)
    shutdown(scripted_session)
    with untouched(scripted_session), pytest.raises(ClosedSession):
        system.restart(scripted_session)


def test_a_restart_beside_a_storm_of_messages(scripted_session: uuid.UUID, folds: Folds) -> None:
    def storm() -> None:
        try:
            for _ in range(10):
                send(scripted_session, "call")
        finally:
            connection.close()

    threads = [threading.Thread(target=storm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        system.restart(scripted_session)
    for thread in threads:
        thread.join()

    folds(scripted_session)


@pytest.fixture
def operator(django_user_model: Any) -> Caller:
    return caller(django_user_model.objects.create_superuser("root"))


def test_only_operators_restart_over_the_wire(scripted_session: uuid.UUID, learner: Any, operator: Caller) -> None:
    send(scripted_session, "go:b")
    status, d = caller(learner)(scripted_session, "session.restart")
    assert (status, d["code"]) == (403, "forbidden")
    assert row(scripted_session).state == "b"

    status, d = operator(scripted_session, "session.restart")

    assert (status, d["disposition"]) == (200, "started")
    assert row(scripted_session).state == "a"


def test_a_learner_removes_a_waiting_message_over_the_wire(echo_session: uuid.UUID, learner: Any) -> None:
    by_learner = caller(learner)
    by_learner(echo_session, "message.send", text="one")
    by_learner(echo_session, "message.send", id="second", text="two", on_busy="queue")
    status, d = by_learner(echo_session, "queue.remove", command="second")

    assert (status, d["disposition"], d["result"]) == (200, "applied", "removed")
    status, d = by_learner(echo_session, "queue.remove", command="second")
    assert (d["disposition"], d["result"]) == ("noop", "too_late")
