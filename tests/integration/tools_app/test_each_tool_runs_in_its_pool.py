"""A worker runs coroutines on its loop, plain functions on threads, computing tools in children; a slow one of one kind
delays none of another."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sessions_app import log, sessions
from tests import computing_tools
from tools_app import conf, registry
from tools_app.models import ToolCall
from tools_app.registry import Tool
from tools_app.runner import Runner

assert computing_tools  # registers its tools


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(registry.queues())
    running.start()
    yield running
    running.drain(2)


def becomes(monkeypatch: pytest.MonkeyPatch, function: Callable[..., Any], *, cpu: bool = False) -> None:
    """The scripted machine's calls go to another function, in the queue of its kind."""
    echo = registry.find("echo")[0]
    queue = registry.QUEUES["children" if cpu else "threads"]
    other = Tool("echo", function, echo.arguments, False, 20.0, True, queue, echo.available, cpu=cpu)
    monkeypatch.setitem(registry._online, "echo", other)


def dawdle(_scope: Any, text: str, delay_s: float = 0.0) -> dict[str, str]:
    """A plain function that keeps its thread for long."""
    time.sleep(2 + delay_s)
    return {"text": text}


def ended(session: uuid.UUID, limit_s: float = 20.0) -> ToolCall:
    until = time.monotonic() + limit_s
    while (call := ToolCall.objects.get(session_id=session)).ending is None:
        assert time.monotonic() < until, f"the call is {call.status}: {call.error}"
        time.sleep(0.02)
    return call


def strategies(session: uuid.UUID) -> list[tuple[str, str]]:
    facts: list[Any] = [entry.fact for entry in log.read(session) if entry.kind == "strategy.applied"]
    return [(fact.reason, str(fact.strategy)) for fact in facts]


def test_more_slow_plain_functions_than_threads_delay_no_coroutine(
    scripted_session: uuid.UUID, echo_session: uuid.UUID, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        becomes(slow, dawdle)
        sessions.handle_user_message(scripted_session, " ".join(["call"] * 20))
        until = time.monotonic() + 10
        while ToolCall.objects.filter(session_id=scripted_session, status="running").count() < 20:
            assert time.monotonic() < until
            time.sleep(0.02)
    began = time.monotonic()
    sessions.handle_user_message(echo_session, "hello")
    runner.wake("tools")
    ended(echo_session)

    assert time.monotonic() - began < 1.5


def test_a_child_that_is_killed_costs_an_attempt_and_the_next_one_succeeds(
    scripted_session: uuid.UUID, runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    becomes(monkeypatch, computing_tools.double, cpu=True)
    ran: list[str] = []

    async def dies_once(_tool: Tool, scope: dict[str, Any], args: dict[str, Any], *more: Any) -> dict[str, Any]:
        ran.append(args["text"])
        name, asked = ("end_badly", {"how": "is killed"}) if len(ran) == 1 else ("double", {"number": 4})
        return await really(registry.registered(name, offline=False), scope, asked, *more)  # type: ignore[no-any-return]

    really = runner._pools._children.run
    monkeypatch.setattr(runner._pools._children, "run", dies_once)
    sessions.handle_user_message(scripted_session, "call")

    call = ended(scripted_session)

    assert (call.ending, call.attempt, len(ran)) == ("finished", 2, 2)
    assert strategies(scripted_session) == [("killed", "retry")]


def test_a_drain_does_not_wait_for_a_thread_that_nothing_can_stop(
    scripted_session: uuid.UUID, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    becomes(monkeypatch, dawdle)
    runner = Runner(registry.queues())
    runner.start()
    sessions.handle_user_message(scripted_session, "call")
    runner.wake()
    until = time.monotonic() + 10
    while not ToolCall.objects.filter(status="running").exists():
        assert time.monotonic() < until
        time.sleep(0.02)

    began = time.monotonic()
    ended_all = runner.drain(0.1)

    assert not ended_all
    assert time.monotonic() - began < 1.9
    call = ToolCall.objects.get(session_id=scripted_session)
    assert (call.status, call.attempt, call.handed_back) == ("queued", 1, 1)


def test_a_worker_whose_database_never_answers_ends_itself(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[int] = []
    monkeypatch.setattr("tools_app.runner.os._exit", ends.append)
    runner = Runner(registry.queues())
    # A result has been on its way into the database for longer than any statement may take.
    runner._settling[object()] = time.monotonic() - conf.STUCK_S - 1  # type: ignore[index]
    runner.start()
    until = time.monotonic() + 10
    while not ends:
        assert time.monotonic() < until
        time.sleep(0.02)
    runner.drain(0.1)

    assert ends[0] == 1
