"""One message through kernel, worker and back, in one process on real services."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sessions_app import log, sessions
from sessions_app.models import Session
from tools_app.models import ToolCall
from tools_app.runner import Runner


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    """A worker's runner in this process."""
    running = Runner(["tools"])
    running.start()
    yield running
    running.drain(2)


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def kinds(session: uuid.UUID) -> list[str]:
    return [entry.kind for entry in log.read(session)]


def test_a_message_is_durable_then_worked_on_then_answered(
    echo_session: uuid.UUID, runner: Runner, folds: Callable[[uuid.UUID], None]
) -> None:
    delivered = sessions.handle_user_message(echo_session, "hello")
    assert delivered.disposition == "started"
    assert Session.objects.get(pk=echo_session).state == "awaiting_tool_result"

    runner.wake()
    wait_until(lambda: Session.objects.get(pk=echo_session).state == "idle")

    assert kinds(echo_session)[2:] == [
        "message.accepted", "turn.started", "step", "state.changed", "tool.requested",
        "tool.finished", "step", "state.changed", "output.committed", "turn.finished",
    ]  # fmt: skip
    assert ToolCall.objects.get(session_id=echo_session).ending == "finished"
    folds(echo_session)


def test_the_same_command_twice_is_accepted_once(echo_session: uuid.UUID, folds: Callable[[uuid.UUID], None]) -> None:
    first = sessions.handle_user_message(echo_session, "hello", command_id="m1")
    head = Session.objects.get(pk=echo_session).head

    again = sessions.handle_user_message(echo_session, "hello", command_id="m1")

    assert (again.seq, again.turn, again.duplicate) == (first.seq, first.turn, True)
    assert Session.objects.get(pk=echo_session).head == head
    folds(echo_session)


def test_a_message_while_a_tool_is_at_work_gets_a_polite_wait_and_starts_nothing(
    echo_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    first = sessions.handle_user_message(echo_session, "hello")

    second: Any = sessions.handle_user_message(echo_session, "are you there?")

    assert (second.disposition, second.turn) == ("busy", first.turn)
    assert ToolCall.objects.filter(session_id=echo_session).count() == 1
    assert kinds(echo_session)[-3:] == ["message.accepted", "step", "output.committed"]
    folds(echo_session)
