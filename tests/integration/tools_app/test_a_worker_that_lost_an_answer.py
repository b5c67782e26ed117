"""The database goes away between a worker's question and its answer: no call is left lying, no result is lost."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from sessions_app import log, sessions
from sessions_app.delivery import Delivery
from sessions_app.group_commit import group_commit
from tools_app import calls
from tools_app.calls import Claimed
from tools_app.models import ToolCall
from tools_app.runner import Runner

GONE = "server closed the connection unexpectedly"


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(["tools"])
    yield running
    running.drain(2)


def ended(session: uuid.UUID) -> ToolCall:
    until = time.monotonic() + 20
    while (call := ToolCall.objects.get(session_id=session)).status != "ended":
        assert time.monotonic() < until, call.status
        time.sleep(0.02)
    return call


def endings(session: uuid.UUID) -> list[str]:
    return [entry.kind for entry in log.read(session) if entry.kind in ("tool.finished", "tool.failed")]


def test_calls_whose_claim_was_not_answered_are_run_at_once_and_uncharged(
    echo_session: uuid.UUID, runner: Runner, monkeypatch: pytest.MonkeyPatch, folds: Callable[[uuid.UUID], None]
) -> None:
    answer = calls.claim

    def loses_the_first_calls(*arguments: Any, **options: Any) -> list[Claimed]:
        if taken := answer(*arguments, **options):
            monkeypatch.setattr(calls, "claim", answer)
            raise psycopg.OperationalError(GONE)
        return taken

    monkeypatch.setattr(calls, "claim", loses_the_first_calls)
    sessions.handle_user_message(echo_session, "hello")
    runner.start()

    call = ended(echo_session)

    assert endings(echo_session) == ["tool.finished"]
    assert (call.attempt, call.handed_back) == (2, 1)
    folds(echo_session)


@pytest.mark.parametrize("error", [psycopg.OperationalError(GONE), OperationalError(GONE)], ids=["psycopg", "Django"])
@pytest.mark.parametrize("after", [False, True], ids=["before its commit", "after its commit"])
def test_a_result_is_kept_until_the_database_has_it(
    echo_session: uuid.UUID,
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    folds: Callable[[uuid.UUID], None],
    error: Exception,
    after: bool,
) -> None:
    deliver = group_commit.deliver
    left = 2

    async def unsure(delivery: Delivery) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return await deliver(delivery)
        if after:
            await deliver(delivery)
        raise error

    monkeypatch.setattr(group_commit, "deliver", unsure)
    sessions.handle_user_message(echo_session, "hello")
    runner.start()

    call = ended(echo_session)

    assert left < 0 or after
    assert endings(echo_session) == ["tool.finished"]
    assert (call.attempt, call.handed_back) == (1, 0)
    folds(echo_session)
