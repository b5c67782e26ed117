"""``manage.py session``: what each action prints, for people and as JSON, and how it refuses."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app import sessions, system, tracing
from sessions_app.models import Session
from sessions_app.tracing import Traced
from tests.integration.sessions_app.test_sys_suspend import send, unchanged

Folds = Callable[[uuid.UUID], None]


def run(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("session", *(str(argument) for argument in arguments), stdout=out)
    return out.getvalue()


def told(*arguments: Any) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_list_shows_live_sessions_and_what_they_wait_for(scripted_session: uuid.UUID, echo_session: uuid.UUID) -> None:
    send(scripted_session, "call")
    shown = run("list")

    assert scripted_session.hex[:8] in shown
    assert "the tool echo (call c1)" in shown
    assert {one["session"] for one in told("list")} == {str(scripted_session), str(echo_session)}
    assert [one["session"] for one in told("list", "--stuck")] == [str(scripted_session)]
    assert [one["session"] for one in told("list", "--limit", "1")] == [str(echo_session)]


def test_list_shows_closed_and_suspended_ones_when_asked(scripted_session: uuid.UUID, echo_session: uuid.UUID) -> None:
    system.suspend(echo_session)
    sessions.shutdown(scripted_session)

    assert [one["session"] for one in told("list", "--suspended")] == [str(echo_session)]
    assert [one["status"] for one in told("list", "--all")] == ["suspended", "closed"]
    assert run("list", "--stuck").strip() == "No session."


@pytest.mark.parametrize("name", ["{id}", "{prefix}", "ada:scripted"])
def test_a_session_is_named_by_id_beginning_or_name(scripted_session: uuid.UUID, name: str) -> None:
    given = name.format(id=scripted_session, prefix=scripted_session.hex[:8])

    assert told("why", given)["session"] == str(scripted_session)


def test_why_is_words_and_data(scripted_session: uuid.UUID) -> None:
    assert "Waiting for the learner" in run("why", scripted_session)
    assert told("why", scripted_session)["waits"][0]["kind"] == "learner"


def test_state_is_what_replace_state_takes(scripted_session: uuid.UUID, tmp_path: Path, folds: Folds) -> None:
    send(scripted_session, "go:b")
    found = told("state", scripted_session)
    file = tmp_path / "data.json"
    file.write_text(json.dumps({**found["data"], "calls": 5}))
    run("replace-state", scripted_session, "c", "--data", f"@{file}")

    assert system.get_state(scripted_session) == ("c", {"calls": 5, "seen": ["go:b"]})
    assert "c" in run("state", scripted_session)
    folds(scripted_session)


def test_status_and_show_are_readable(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:tea:60000")

    assert "named_timeout:tea" in run("status", scripted_session)
    shown = run("show", scripted_session)
    assert "Waiting for the learner" in shown
    assert "turn.finished" in shown
    assert set(told("show", scripted_session)) == {"status", "why", "history"}


def test_suspend_and_resume_say_what_they_did(scripted_session: uuid.UUID, folds: Folds) -> None:
    assert "Suspended." in run("suspend", scripted_session)
    send(scripted_session, "go:b")
    assert "1 waiting event(s) were handled. It is in state b." in run("resume", scripted_session)
    (fact,) = [one["payload"] for one in told("history", scripted_session, "--kind", "session.suspended")]
    assert fact["actor"].endswith("(manage.py)")
    folds(scripted_session)


def test_history_is_a_page_of_the_log(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "say:hello")
    head = Session.objects.get(pk=scripted_session).head

    assert [one["seq"] for one in told("history", scripted_session)] == list(range(1, head + 1))
    assert [one["seq"] for one in told("history", scripted_session, "--after", 2, "--limit", 2)] == [3, 4]
    assert "hello" in run("history", scripted_session, "--kind", "output.committed")


def test_trace_follows_what_other_processes_do(scripted_session: uuid.UUID) -> None:
    def act() -> None:
        try:
            until = time.monotonic() + 10
            while "trace" not in Session.objects.get(pk=scripted_session).kernel and time.monotonic() < until:
                time.sleep(0.02)
            send(scripted_session, "say:hello")
            sessions.shutdown(scripted_session)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(act)
        lines = [json.loads(line) for line in run("trace", scripted_session, "--for", 20, "--json").splitlines()]

    assert [line["word"] for line in lines] == [
        "module", "in", "consume", "out", "in", "terminate",
    ]  # fmt: skip


def test_ctrl_c_ends_a_trace(scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> list[Traced]:
        raise KeyboardInterrupt

    monkeypatch.setattr(tracing, "follow", interrupted)
    run("trace", scripted_session)

    assert system.get_status(scripted_session)["trace_until"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("suspend", "{id}"), "suspended already"),
        (("replace-state", "{id}", "dreaming"), "none of the machine's states"),
        (("replace-state", "{id}", "b", "--data", "{{"), "no JSON"),
        (("replace-state", "{id}", "b", "--data", "[1]"), "JSON object"),
        (("replace-state", "{id}", "b", "--data", "@/nowhere/at/all"), "no JSON"),
        (("trace", "{id}", "--for", "99999"), "0 to 3600 seconds"),
        (("trace", "{id}", "--for", "-1"), "--for"),
        (("why", "00000000"), "no session"),
        (("why", "nonsense"), "no id and no name"),
        (("why", "nobody:nothing"), "no session called"),
        (("dance",), "invalid choice"),
        (("why",), "required"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    scripted_session: uuid.UUID, folds: Folds, arguments: tuple[str, ...], message: str
) -> None:
    system.suspend(scripted_session)
    before = unchanged(scripted_session)
    with pytest.raises(CommandError, match=message):
        run(*(argument.format(id=scripted_session) for argument in arguments))

    assert unchanged(scripted_session) == before
    folds(scripted_session)


def test_a_closed_session_can_be_read_but_not_held(scripted_session: uuid.UUID) -> None:
    sessions.shutdown(scripted_session)

    assert "closed" in run("why", scripted_session)
    assert "closed" in run("status", scripted_session)
    for action in ("suspend", "resume", "trace"):
        with pytest.raises(CommandError, match="closed"):
            run(action, scripted_session)
