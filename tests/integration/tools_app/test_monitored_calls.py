"""Tasks and their monitor (statem.md, S48-S52): every call is monitored, and its death is told exactly once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from sessions_app import log, server, sessions
from sessions_app.delivery import CommandId, Delivery
from sessions_app.models import Session
from tools_app import calls, conf, monitor, registry
from tools_app.models import ToolCall
from tools_app.retry import RetryPolicy
from tools_app.runner import Runner
from tutor import events

Folds = Callable[[uuid.UUID], None]
Die = Callable[[uuid.UUID, pytest.MonkeyPatch], None]

ENDINGS = {"tool.finished", "tool.failed", "tool.timed_out", "tool.cancelled"}


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(["tools"])
    yield running
    running.drain(2)


def endings(session: uuid.UUID) -> list[str]:
    return [entry.kind for entry in log.read(session) if entry.kind in ENDINGS]


def behave(monkeypatch: pytest.MonkeyPatch, how: Callable[..., Any]) -> None:
    """The echo tool does something else."""
    tool = registry.find("echo")[0]
    other = replace(tool, function=how, is_async=False, timeout_s=0.2, retry=RetryPolicy(attempts=1))
    monkeypatch.setitem(registry._online, "echo", other)


def run(runner: Runner, session: uuid.UUID) -> None:
    runner.start()
    until = time.monotonic() + 15
    while not endings(session):
        assert time.monotonic() < until
        time.sleep(0.02)


def returns(_session: uuid.UUID, _monkeypatch: pytest.MonkeyPatch) -> None:
    """The tool as it is."""


def raises(_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("a bug")

    behave(monkeypatch, fail)


def exits(_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise SystemExit("out of here")

    behave(monkeypatch, fail)


def returns_rubbish(_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    behave(monkeypatch, lambda *_args, **_kwargs: "not an object")


@pytest.mark.parametrize(
    ("die", "ending"),
    [
        (returns, "tool.finished"),
        (raises, "tool.failed"),
        (exits, "tool.failed"),
        (returns_rubbish, "tool.failed"),
    ],
    ids=["returns", "raises", "exits", "returns rubbish"],
)
def test_s48_every_way_a_tool_can_die_is_told_exactly_once(
    scripted_session: uuid.UUID, runner: Runner, monkeypatch: pytest.MonkeyPatch, die: Die, ending: str, folds: Folds
) -> None:
    die(scripted_session, monkeypatch)
    sessions.handle_user_message(scripted_session, "call")
    run(runner, scripted_session)
    time.sleep(0.2)
    monitor.sweep()

    assert endings(scripted_session) == [ending]
    folds(scripted_session)


def test_s49_a_lost_worker_is_unknown_and_not_said_to_be_killed(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "call")
    for attempt in range(conf.MAX_ATTEMPTS):
        calls.claim(f"lost {attempt}", ["tools"], 1)
        monitor.sweep()

    failed = [entry.fact for entry in log.read(scripted_session) if entry.kind == "tool.failed"]
    assert [fact.reason for fact in failed] == ["lost_contact"]  # type: ignore[attr-defined]


def test_s51_at_the_ending_everything_is_released_and_a_new_call_succeeds(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    sessions.handle_user_message(scripted_session, "call")
    first = calls.claim("one", ["tools"], 1)[0]
    server.deliver(calls.failed(first, "error", "broken"))
    sessions.handle_user_message(scripted_session, "call")
    second = calls.claim("one", ["tools"], 1)[0]
    server.deliver(calls.succeeded(second, {"text": "x"}, fallback=False, facts=[]))

    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == "c2 ok"
    folds(scripted_session)


def test_s52_a_failing_task_never_takes_its_session_down(
    scripted_session: uuid.UUID, runner: Runner, monkeypatch: pytest.MonkeyPatch, folds: Folds
) -> None:
    raises(scripted_session, monkeypatch)
    sessions.handle_user_message(scripted_session, "call")
    run(runner, scripted_session)

    row = Session.objects.get(pk=scripted_session)
    assert (row.live, row.state) == (True, "a")
    assert len(row.supervision["restarts"]) == 1  # it counts, and the session goes on as it was
    assert sessions.handle_user_message(scripted_session, "say:fine").disposition == "started"
    folds(scripted_session)


def test_a_cancelled_call_is_told_before_its_worker_knows(scripted_session: uuid.UUID, folds: Folds) -> None:
    sessions.handle_user_message(scripted_session, "call")
    calls.claim("busy", ["tools"], 1)
    command = CommandId("stop", "turn.cancel", b"")
    server.deliver(
        Delivery(scripted_session, events.CancelRequested(), by="learner", command=command, opens_turn=False)
    )

    assert ToolCall.objects.get().ending == "cancelled"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tools_app_toolcall WHERE status <> 'ended'")
        assert cursor.fetchone() == (0,)
    folds(scripted_session)
