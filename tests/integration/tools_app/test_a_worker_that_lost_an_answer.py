"""The database goes away between a worker's question and its answer: no call is left lying, no result is lost."""

from __future__ import annotations

import threading
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
from sessions_app.wire import Dialogue
from tools_app import calls
from tools_app import runner as runner_module
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


class LostAnswer:
    """The first claim that takes something is committed, and its answer lost."""

    def __init__(self) -> None:
        self._claiming = calls.claiming
        #: By which threads was asked, and whose answer was lost.
        self.asked: set[str] = set()
        self.lost: list[str] = []

    def claiming(self, *arguments: Any, **options: Any) -> Dialogue[list[Claimed]]:
        """Stands in for ``calls.claiming``."""
        taken = yield from self._claiming(*arguments, **options)
        thread = threading.current_thread().name
        self.asked.add(thread)
        if taken and not self.lost:
            self.lost.append(thread)
            raise psycopg.OperationalError(GONE)
        return taken


@pytest.mark.parametrize("by", ["the loop", "a thread"])
def test_calls_whose_claim_was_not_answered_are_run_at_once_and_uncharged(
    echo_session: uuid.UUID,
    runner: Runner,
    monkeypatch: pytest.MonkeyPatch,
    folds: Callable[[uuid.UUID], None],
    by: str,
) -> None:
    answer = LostAnswer()
    monkeypatch.setattr(calls, "claiming", answer.claiming)
    monkeypatch.setattr(runner_module, "COMMIT_ON_LOOPS", by == "the loop")
    runner.start()
    until = time.monotonic() + 20
    while by == "the loop" and "runner" not in answer.asked:
        assert time.monotonic() < until, "the loop does not ask by itself"
        runner.wake()
        time.sleep(0.02)
    sessions.handle_user_message(echo_session, "hello")

    call = ended(echo_session)

    assert [thread == "runner" for thread in answer.lost] == [by == "the loop"]
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
