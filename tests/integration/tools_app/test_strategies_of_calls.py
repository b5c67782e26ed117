"""One test for each row of the table about tool calls (DESIGN §5): what is done, how often, and what the log says."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from sessions_app import log, sessions
from sessions_app.models import Session
from tools_app import calls, monitor, registry
from tools_app.exceptions import (
    BadArguments,
    BadOutput,
    ChildDied,
    ContextTooLong,
    Misconfigured,
    Overloaded,
    Refused,
    Unreachable,
)
from tools_app.models import OperatorNotice, ToolCall
from tools_app.registry import Repair, Tool
from tools_app.retry import RetryPolicy
from tools_app.runner import Runner
from tutor import strategies

Folds = Callable[[uuid.UUID], None]
#: Pauses that a test need not wait for.
FAST = RetryPolicy(backoff_s=0.01, backoff_most_s=0.02)


@pytest.fixture
def runner(transactional_db: None) -> Iterator[Runner]:
    running = Runner(["tools"])
    yield running
    running.drain(2)


class Tools:
    """The echo tool and an offline one of its name, which do what a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.repairs: list[str] = []

    def replace(self, errors: list[BaseException], *, offline: bool = False, **more: Any) -> None:
        """Fail with each of the errors in turn, then work."""
        left = list(errors)

        async def run(_scope: Any, repair: str, text: str, delay_s: float = 0.0) -> dict[str, str]:
            self.repairs.append(repair)
            if left:
                raise left.pop(0)
            return {"text": text}

        async def answer(_scope: Any, text: str, delay_s: float = 0.0) -> dict[str, str]:
            return {"text": f"offline {text}"}

        tool = registry.find("echo")[0]
        online = replace(tool, function=run, repair="repair", retry=FAST, **more)
        self._monkeypatch.setitem(registry._online, "echo", online)
        if offline:
            self._monkeypatch.setitem(registry._offline, "echo", replace(tool, function=answer, offline=True))


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Tools:
    return Tools(monkeypatch)


def play(session: uuid.UUID, runner: Runner) -> ToolCall:
    sessions.handle_user_message(session, "call")
    runner.start()
    until = time.monotonic() + 15
    while (call := ToolCall.objects.get()).status not in {"ended", "parked"}:
        assert time.monotonic() < until
        time.sleep(0.02)
    return call


def applied(session: uuid.UUID) -> list[tuple[str, str]]:
    facts: list[Any] = [entry.fact for entry in log.read(session) if entry.kind == "strategy.applied"]
    return [(fact.reason, str(fact.strategy)) for fact in facts]


def restarts(session: uuid.UUID) -> int:
    return len(Session.objects.get(pk=session).supervision.get("restarts", []))


ROWS: list[tuple[str, BaseException, list[str], str]] = [
    # reason, error, what is applied while it goes on failing, what is seen in the end
    ("timeout", TimeoutError("slow"), ["retry", "retry", "offline"], "ok"),
    ("unreachable", Unreachable("503"), ["retry", "retry", "offline"], "ok"),
    ("overloaded", Overloaded("429", 0.01), ["wait", "wait", "offline"], "ok"),
    ("context_too_long", ContextTooLong("9,000 tokens"), ["offline"], "ok"),
    ("bad_output", BadOutput("no JSON"), ["repair", "repair", "offline"], "ok"),
    ("killed", ChildDied("SIGKILL"), ["retry", "retry", "stop"], "killed"),
    ("out_of_memory", MemoryError("too much"), ["retry", "retry", "stop"], "killed"),
    ("tool_bug", ZeroDivisionError("a bug"), ["offline"], "ok"),
    ("misconfigured", Misconfigured("401"), ["offline"], "ok"),
    ("bad_arguments", BadArguments("odd"), ["stop"], "error"),
    ("refused", Refused("no scope"), ["stop"], "refused"),
]


@pytest.mark.parametrize(("reason", "error", "strategies_", "seen"), ROWS, ids=[row[0] for row in ROWS])
def test_what_goes_on_failing_is_treated_as_its_row_says(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools, folds: Folds,
    reason: str, error: BaseException, strategies_: list[str], seen: str,
) -> None:  # fmt: skip
    tools.replace([error] * 5, offline=True)
    play(scripted_session, runner)

    assert applied(scripted_session) == [(reason, strategy) for strategy in strategies_]
    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == f"c1 {seen}"
    assert restarts(scripted_session) == (len(strategies_) if strategies.row(reason).counts_as_restart else 0)
    folds(scripted_session)


@pytest.mark.parametrize(("reason", "error"), [row[:2] for row in ROWS[:7]], ids=[row[0] for row in ROWS[:7]])
def test_what_passes_is_only_tried_again(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools, settings: Any, reason: str, error: BaseException
) -> None:
    settings.TUTOR_COMPACTOR = f"{__name__}.shorten"
    tools.replace([error])

    assert (play(scripted_session, runner).ending, len(applied(scripted_session))) == ("finished", 1)
    assert ToolCall.objects.get().attempt == 2


async def shorten(_session: uuid.UUID) -> bool:
    return True


async def cannot_shorten(_session: uuid.UUID) -> bool:
    raise RuntimeError("the compactor has a bug")


@pytest.mark.parametrize(
    ("compactor", "expected"),
    [("shorten", ["compact", "offline"]), ("cannot_shorten", ["offline"])],
    ids=["once", "not where it cannot"],
)
def test_a_history_that_is_too_long_is_compacted(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools, settings: Any, compactor: str, expected: list[str]
) -> None:
    settings.TUTOR_COMPACTOR = f"{__name__}.{compactor}"
    tools.replace([ContextTooLong("9,000 tokens")] * 5, offline=True)
    play(scripted_session, runner)

    assert applied(scripted_session) == [("context_too_long", strategy) for strategy in expected]


def test_a_tool_is_told_what_was_wrong_with_its_output(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools
) -> None:
    tools.replace([BadOutput("no JSON"), BadOutput("not a list")])
    play(scripted_session, runner)

    assert tools.repairs == ["", "no JSON", "not a list"]
    assert all(isinstance(repair, Repair) for repair in tools.repairs)


def test_a_worker_that_is_lost_is_replaced_and_the_last_attempt_runs_alone(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "call")
    alone = []
    for number in range(3):
        alone += [call.alone for call in calls.claim(f"lost {number}", ["tools"], 1)]
        monitor.sweep()

    assert alone == [False, False, True]
    assert applied(scripted_session) == [("lost_contact", "retry")] * 2 + [("lost_contact", "stop")]
    assert restarts(scripted_session) == 0


@pytest.mark.parametrize("error", [ChildDied("SIGKILL"), MemoryError()], ids=["killed", "out of memory"])
def test_what_may_have_run_and_must_not_run_twice_is_in_doubt(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools, error: BaseException, folds: Folds
) -> None:
    tools.replace([error], repeatable=False)

    assert play(scripted_session, runner).status == "parked"
    assert [strategy for _reason, strategy in applied(scripted_session)] == ["park"]
    folds(scripted_session)


def test_the_operator_is_told_once(
    scripted_session: uuid.UUID, runner: Runner, tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    tools.replace([Misconfigured("401: check LLM_API_KEY")] * 3, offline=True)
    with caplog.at_level(logging.CRITICAL):
        play(scripted_session, runner)
        for number in (2, 3):
            sessions.handle_user_message(scripted_session, "call")
            until = time.monotonic() + 10
            while ToolCall.objects.filter(status="ended").count() < number:
                assert time.monotonic() < until
                time.sleep(0.02)

    assert [record.levelname for record in caplog.records if "operator.told" in record.message] == ["CRITICAL"]
    assert OperatorNotice.objects.get().error == "401: check LLM_API_KEY"


def test_a_last_attempt_runs_beside_nothing_else(scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = 0, {"alone": 0, "together": 0}

    async def watch(_scope: Any, text: str, delay_s: float = 0.0) -> dict[str, str]:
        nonlocal inside
        inside += 1
        who = "alone" if "first" in text else "together"
        for _ in range(10):
            most[who] = max(most[who], inside)
            await asyncio.sleep(0.01)
        inside -= 1
        return {"text": text}

    tool: Tool = replace(registry.find("echo")[0], function=watch)
    monkeypatch.setitem(registry._online, "echo", tool)
    sessions.handle_user_message(scripted_session, "call say:first background background background")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_toolcall SET alone = true, args = '{\"text\": \"first\"}' WHERE ref = 'c1'")
        cursor.execute("UPDATE tools_app_toolcall SET args = '{\"text\": \"other\"}' WHERE ref <> 'c1'")
    runner = Runner(["tools"])
    runner.start()
    until = time.monotonic() + 10
    while ToolCall.objects.exclude(status="ended").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    runner.drain(2)

    assert most["alone"] == 1
    assert most["together"] > 1
