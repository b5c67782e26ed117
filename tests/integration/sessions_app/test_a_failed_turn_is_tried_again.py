"""``turn.retry``: the newest turn, where it failed, once more with the learner's own words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sessions_app import commands, log, server, sessions
from sessions_app.exceptions import CommandError
from sessions_app.frames import ClientFrame
from sessions_app.view import View
from tools_app import calls
from tutor.events import ToolFailure

Folds = Callable[[uuid.UUID], None]
Said = Callable[[uuid.UUID], list[str]]
Kinds = Callable[[uuid.UUID], list[str]]


def retry(session: uuid.UUID, turn: str | None = None, *, id: str = "again") -> dict[str, Any]:
    frame = ClientFrame(t="turn.retry", id=id, d={} if turn is None else {"turn": turn})
    return asyncio.run(commands.handle(frame, View(session, 1, "ada", "learner")))[0]


def fail(session: uuid.UUID, reason: ToolFailure = "error") -> None:
    (call,) = calls.claim("worker", ["tools"], 1)
    server.deliver(calls.failed(call, reason, "broken"))


def turns(session: uuid.UUID) -> list[tuple[int, str]]:
    """``(attempt, outcome)`` of every finished turn."""
    attempts = {e.turn: e.fact.attempt for e in log.read(session) if e.kind == "turn.started"}  # type: ignore[attr-defined]
    return [(attempts[e.turn], e.fact.outcome) for e in log.read(session) if e.kind == "turn.finished"]  # type: ignore[attr-defined]


@pytest.fixture
def failed(echo_session: uuid.UUID) -> uuid.UUID:
    """A session whose newest turn has failed."""
    sessions.handle_user_message(echo_session, "hello")
    fail(echo_session)
    return echo_session


def test_the_same_words_are_handled_once_more(failed: uuid.UUID, said: Said, kinds: Kinds, folds: Folds) -> None:
    reply = retry(failed)
    (call,) = calls.claim("worker", ["tools"], 1)
    server.deliver(calls.succeeded(call, {"text": call.args["text"]}, fallback=False, facts=[]))

    assert reply["disposition"] == "started"
    assert turns(failed) == [(1, "failed"), (2, "completed")]
    assert said(failed)[-1] == "hello"
    assert kinds(failed).count("message.accepted") == 1, "the learner said it once"
    folds(failed)


def test_a_turn_that_timed_out_is_tried_again_too(echo_session: uuid.UUID) -> None:
    sessions.handle_user_message(echo_session, "hello")
    fail(echo_session, "timeout")

    assert retry(echo_session)["disposition"] == "started"


def test_it_may_fail_again_and_be_tried_again(failed: uuid.UUID, folds: Folds) -> None:
    retry(failed, id="1")
    fail(failed)
    retry(failed, id="2")
    fail(failed)

    assert turns(failed) == [(1, "failed"), (2, "failed"), (3, "failed")]
    folds(failed)


def test_the_command_sent_twice_is_carried_out_once(failed: uuid.UUID) -> None:
    replies = [retry(failed) for _ in range(2)]

    assert [reply["duplicate"] for reply in replies] == [False, True]
    assert replies[0]["turn"] == replies[1]["turn"]


def test_of_many_who_try_again_at_once_one_does(failed: uuid.UUID, folds: Folds) -> None:
    def attempt(number: int) -> str:
        try:
            return str(retry(failed, id=f"{number}")["disposition"])
        except CommandError as error:
            return error.code

    with ThreadPoolExecutor(4) as people:
        assert sorted(people.map(attempt, range(4))) == ["busy", "busy", "busy", "started"]
    folds(failed)


def test_what_did_not_fail_is_not_tried_again(echo_session: uuid.UUID, kinds: Kinds) -> None:
    sessions.handle_user_message(echo_session, "hello")
    (call,) = calls.claim("worker", ["tools"], 1)
    server.deliver(calls.succeeded(call, {"text": "hello"}, fallback=False, facts=[]))
    before = kinds(echo_session)
    with pytest.raises(CommandError) as refused:
        retry(echo_session)

    assert refused.value.code == "invalid_transition"
    assert kinds(echo_session) == before


def test_an_older_turn_is_not_tried_again(failed: uuid.UUID) -> None:
    with pytest.raises(CommandError) as refused:
        retry(failed, "t1")

    assert refused.value.code == "no_such_turn"
