"""A broker's message carries no authority; a call without a valid scope, tool or arguments is a typed failure."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from sessions_app import log, sessions
from sessions_app.models import Session
from tools_app.models import ToolCall
from tools_app.runner import Runner
from tools_app.tasks import wake


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(["tools"])
    yield running
    running.drain(2)


def change_call(session: uuid.UUID, **columns: str) -> None:
    for column, value in columns.items():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE tools_app_toolcall SET {column} = %s WHERE session_id = %s", [value, session])


def ending(session: uuid.UUID, runner: Runner) -> tuple[str, str]:
    runner.start()
    until = time.monotonic() + 10
    while not (call := ToolCall.objects.get(session_id=session)).ending:
        assert time.monotonic() < until, "the call did not end"
        time.sleep(0.02)
    return str(call.ending), call.error


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"tool": "format_disk"}, "no tool is called 'format_disk'"),
        ({"args": '{"text": 7}'}, "Expected `str`"),
        ({"args": '{"text": "x", "shell": "rm"}'}, "unknown field `shell`"),
        ({"scope": "{}"}, "no valid scope"),
        ({"scope": '{"session": "00000000-0000-0000-0000-000000000000", "learner": 1, "course": "c",'
                   ' "machine_args": {}, "roles": [], "expires_ms": 0}'}, "another session"),
    ],
    ids=["unknown tool", "wrong type", "unknown argument", "no scope", "another session's scope"],
)  # fmt: skip
def test_it_fails_with_its_reason_and_the_session_goes_on(
    scripted_session: uuid.UUID, runner: Runner, columns: dict[str, str], said: str,
    folds: Callable[[uuid.UUID], None],
) -> None:  # fmt: skip
    sessions.handle_user_message(scripted_session, "call")
    change_call(scripted_session, **columns)

    how, error = ending(scripted_session, runner)

    assert how == "failed"
    assert said in error
    assert Session.objects.get(pk=scripted_session).state == "a"
    folds(scripted_session)


def test_a_forged_or_replayed_wake_up_runs_nothing(scripted_session: uuid.UUID, runner: Runner) -> None:
    sessions.handle_user_message(scripted_session, "call")
    ending(scripted_session, runner)
    before = [entry.kind for entry in log.read(scripted_session)]

    for _ in range(20):
        wake("tools")
        wake("another queue")
        runner.wake()
    time.sleep(0.3)

    assert [entry.kind for entry in log.read(scripted_session)] == before
