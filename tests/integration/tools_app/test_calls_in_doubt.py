"""A tool that must not run twice and whose worker was lost: somebody decides, and the call ends once."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client

from sessions_app import commands, inspection, log, server, sessions
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.frames import ClientFrame
from sessions_app.models import Session
from sessions_app.stream_grammar import ENDINGS
from sessions_app.view import View
from sessions_app.why import why
from tools_app import calls, conf, doubt, monitor, registry, settling
from tools_app.calls import Claimed
from tools_app.models import ToolCall
from tutor import events

Folds = Callable[[uuid.UUID], None]


@pytest.fixture
def parked(scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> Claimed:
    """The attempt of a call that is in doubt now."""
    tool = replace(registry.find("echo")[0], repeatable=False, resolved_by="teacher")
    monkeypatch.setitem(registry._online, "echo", tool)
    sessions.handle_user_message(scripted_session, "call")
    call = calls.claim("a worker that never beats", ["tools"], 1)[0]
    monitor.sweep()
    return call


def told(session: uuid.UUID, *of: str) -> list[str]:
    return [entry.kind for entry in log.read(session) if entry.kind in of]


def endings(session: uuid.UUID) -> list[str]:
    return told(session, *ENDINGS)


def test_it_is_parked_and_everybody_is_told(parked: Claimed, folds: Folds) -> None:
    session = parked.session
    row = Session.objects.get(pk=session)
    wait = next(wait for wait in why(session).waits if wait.kind == "tool_in_doubt")

    assert (endings(session), told(session, "tool.in_doubt")) == ([], ["tool.in_doubt"])
    assert [fact.fact.text for fact in log.read(session) if fact.kind == "output.committed"] == [calls.IN_DOUBT_TEXT]  # type: ignore[attr-defined]
    assert inspection.phase(row) == "parked"
    assert row.kernel["turn"], "the conversation stays locked"
    assert wait.trouble
    assert f"session resolve {session} c1 retry" in wait.next
    folds(session)


def test_retry_runs_it_again_with_the_time_that_was_left(parked: Claimed, folds: Folds) -> None:
    session = parked.session
    before = ToolCall.objects.get().deadline_at
    doubt.resolve(session, "c1", "retry", actor="olga")
    again = calls.claim("another", ["tools"], 1)[0]
    server.deliver(settling.confirmed(again, calls.succeeded(again, {"text": "x"}, fallback=False, facts=[])))

    assert again.attempt == 2
    assert ToolCall.objects.get().deadline_at >= before
    assert endings(session) == ["tool.finished"]
    folds(session)


def test_skip_tells_the_machine(parked: Claimed, folds: Folds) -> None:
    doubt.resolve(parked.session, "c1", "skip", actor="olga")

    assert Session.objects.get(pk=parked.session).data["seen"][-1] == "c1 in_doubt"
    assert endings(parked.session) == ["tool.failed"]
    assert [e.fact.actor for e in log.read(parked.session) if e.kind == "tool.resolved"] == ["olga"]  # type: ignore[attr-defined]
    folds(parked.session)


def test_a_learner_who_does_not_wait_cancels_it(parked: Claimed, folds: Folds) -> None:
    command = CommandId("stop", "turn.cancel", b"")
    server.deliver(Delivery(parked.session, events.CancelRequested(), by="learner", command=command, opens_turn=False))

    assert endings(parked.session) == ["tool.cancelled"]
    with pytest.raises(CommandError, match="not in doubt"):
        doubt.resolve(parked.session, "c1", "retry", actor="olga")
    folds(parked.session)


def test_the_lost_worker_comes_back_too_late(parked: Claimed, folds: Folds) -> None:
    result = calls.succeeded(parked, {"text": "x"}, fallback=False, facts=[])
    server.deliver(settling.confirmed(parked, result))

    assert endings(parked.session) == []
    discarded = [e.fact.why for e in log.read(parked.session) if e.kind == "tool.result_discarded"]  # type: ignore[attr-defined]
    assert discarded == ["the call is in doubt and waits for somebody to decide"]
    folds(parked.session)


def test_many_people_decide_and_one_decision_counts(parked: Claimed, folds: Folds) -> None:
    def decide(number: int) -> str:
        try:
            doubt.resolve(parked.session, "c1", "retry" if number % 2 else "skip", actor=f"{number}")
        except CommandError as error:
            return error.code
        return "done"

    with ThreadPoolExecutor(6) as people:
        answers = sorted(people.map(decide, range(6)))

    assert answers == ["done", *["invalid_transition"] * 5]
    assert len(told(parked.session, "tool.resolved")) == 1
    folds(parked.session)


def test_a_call_that_everybody_forgets_ends_without_a_result(parked: Claimed, folds: Folds) -> None:
    monitor.sweep()
    assert endings(parked.session) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tools_app_toolcall SET parked_at = parked_at - make_interval(secs => %s)", [conf.PARKED_S]
        )
    monitor.sweep()

    assert Session.objects.get(pk=parked.session).data["seen"][-1] == "c1 in_doubt"
    folds(parked.session)


@pytest.mark.parametrize(
    ("role", "d", "code"),
    [
        ("learner", {"call": "c1", "decision": "retry"}, "forbidden"),
        ("teacher", {"call": "c9", "decision": "retry"}, "not_found"),
        ("teacher", {"call": "c1", "decision": "perhaps"}, "bad_request"),
    ],
    ids=["a learner where the tool asks for a teacher", "no such call", "no such decision"],
)
def test_the_command_is_refused(parked: Claimed, role: Any, d: dict[str, str], code: str) -> None:
    frame = ClientFrame(t="tool.resolve", id="1", d=d)
    with pytest.raises(CommandError) as refused:
        asyncio.run(commands.handle(frame, View(parked.session, 1, "ada", role)))

    assert refused.value.code == code
    assert told(parked.session, "tool.resolved") == []


def test_the_command_sent_twice_is_carried_out_once(parked: Claimed) -> None:
    frame = ClientFrame(t="tool.resolve", id="1", d={"call": "c1", "decision": "retry"})
    replies = [asyncio.run(commands.handle(frame, View(parked.session, 1, "tess", "teacher")))[0] for _ in range(2)]

    assert [reply["duplicate"] for reply in replies] == [False, True]
    assert told(parked.session, "tool.resolved") == ["tool.resolved"]


def test_an_operator_decides_by_command(parked: Claimed, folds: Folds) -> None:
    out = io.StringIO()
    call_command("session", "resolve", str(parked.session), "c1", "skip", "--json", stdout=out)

    assert json.loads(out.getvalue())["decision"] == "skip"
    assert endings(parked.session) == ["tool.failed"]
    folds(parked.session)


def test_an_operator_decides_in_the_admin(parked: Claimed, client: Client, folds: Folds) -> None:
    client.force_login(get_user_model()._default_manager.create_superuser("olga"))
    form = {"action": "run_again", "_selected_action": [ToolCall.objects.get().pk]}
    page = client.post("/admin/tools_app/toolcall/", form, follow=True)

    assert "runs again" in page.content.decode()
    assert ToolCall.objects.get().status == "queued"
    folds(parked.session)
