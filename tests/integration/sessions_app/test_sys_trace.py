"""Trace: switched on for one live session, in all processes; Erlang's words, in the order of the log."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from sessions_app import conf, log, registry, server, sessions, system, tracing
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import ClosedSession, UnknownSession
from sessions_app.models import Session
from tests.integration.sessions_app.test_sys_suspend import end_call, send, unchanged
from tutor import events

Folds = Callable[[uuid.UUID], None]


def words(session: uuid.UUID) -> list[str]:
    return [line.word for line in tracing.read(session)]


def test_s70_the_words_are_erlangs(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.trace(scripted_session, 60)
    send(scripted_session, "postpone")
    send(scripted_session, "go:b named:tea:60000 named:now:0 say:hello")
    send(scripted_session, "stop")

    assert set(words(scripted_session)) == {
        "in", "out", "postpone", "consume", "start_timer", "insert_timeout", "enter", "module", "terminate",
    }  # fmt: skip
    folds(scripted_session)


def test_s70_an_event_is_traced_from_in_to_consume(scripted_session: uuid.UUID) -> None:
    system.trace(scripted_session, 60)
    send(scripted_session, "go:b named:tea:60000 say:hello")

    traced = [(line.word, line.arguments) for line in tracing.read(scripted_session)]
    assert traced[0] == ("module", ["scripted", "a"])
    assert [word for word, _ in traced[1:]] == ["in", "enter", "consume", "start_timer", "out"]
    event, state = traced[1][1]
    assert (event["content"]["text"], state) == ("go:b named:tea:60000 say:hello", "a")
    assert traced[2][1] == ["a", "b"]
    assert traced[4][1][0] == "named_timeout:tea"
    assert (traced[5][1][0]["kind"], traced[5][1][0]["text"]) == ("output.committed", "hello")


def test_s70_events_of_every_origin_are_traced_in_the_order_of_the_log(scripted_session: uuid.UUID) -> None:
    system.trace(scripted_session, 60)
    send(scripted_session, "call")
    end_call(scripted_session)
    system.suspend(scripted_session)
    send(scripted_session, "say:held")
    system.resume(scripted_session)

    handled = [line.arguments[0]["content"] for line in tracing.read(scripted_session) if line.word == "in"]
    assert [content["kind"] for content in handled] == ["user_message", "tool_succeeded", "user_message"]
    seqs = [line.seq for line in tracing.read(scripted_session)]
    assert seqs == sorted(seqs)


def test_one_session_is_traced_and_its_neighbour_is_not(scripted_session: uuid.UUID) -> None:
    other = get_user_model()._default_manager.create_user("bo")
    neighbour, _ = registry.start_or_find(other.pk, "scripted", "scripted", {})
    system.trace(scripted_session, 60)
    message = events.UserMessage(text="say:x")
    server.deliver_batch(
        [
            Delivery(session, message, by="learner", command=CommandId("m", "message.send", b"1"), text="say:x")
            for session in (scripted_session, neighbour)
        ]
    )

    assert "in" in words(scripted_session)
    assert words(neighbour) == []


def test_what_was_not_committed_is_not_traced(scripted_session: uuid.UUID) -> None:
    system.trace(scripted_session, 60)
    with pytest.raises(Exception, match="Not now"):
        send(scripted_session, "refuse")

    assert words(scripted_session) == ["module"]


def test_a_trace_ends_by_itself(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.trace(scripted_session, 1)
    time.sleep(1.1)
    send(scripted_session, "say:x")

    assert words(scripted_session) == ["module"]
    assert "trace" not in Session.objects.get(pk=scripted_session).kernel
    folds(scripted_session)


def test_a_trace_is_switched_off(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.trace(scripted_session, 60, actor="root")
    assert system.get_status(scripted_session)["trace_until"] is not None
    system.trace(scripted_session, 0, actor="root")
    send(scripted_session, "say:x")

    assert words(scripted_session) == ["module"]
    assert system.get_status(scripted_session)["trace_until"] is None
    switched = [e.fact for e in log.read(scripted_session) if e.kind == "trace.switched"]
    assert [(fact.actor, fact.until is None) for fact in switched] == [("root", False), ("root", True)]  # type: ignore[attr-defined]
    folds(scripted_session)


def test_of_two_traces_at_once_the_longer_one_counts(scripted_session: uuid.UUID) -> None:
    system.trace(scripted_session, 600)
    until = Session.objects.get(pk=scripted_session).kernel["trace"]
    system.trace(scripted_session, 5)

    assert Session.objects.get(pk=scripted_session).kernel["trace"] == until


def test_a_delivery_adds_a_bounded_number_of_lines(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.trace(scripted_session, 60)
    send(scripted_session, "spin")

    of_delivery = [line for line in tracing.read(scripted_session) if line.word != "module"]
    assert len(of_delivery) == conf.TRACE_LINES + 1
    assert of_delivery[-1].word == "left_out"
    assert of_delivery[-1].arguments[0] > 1_000
    folds(scripted_session)


def test_a_follower_sees_lines_as_other_threads_commit_them(scripted_session: uuid.UUID) -> None:
    def other() -> None:
        try:
            time.sleep(0.2)
            send(scripted_session, "say:x")
            sessions.shutdown(scripted_session)
        finally:
            connection.close()

    switched = system.trace(scripted_session, 60)
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(other)
        followed: list[Any] = list(tracing.follow(scripted_session, after=switched.seq, seconds=10))
        done.result()

    assert [line.word for line in followed][-1] == "terminate"
    assert [line.word for line in followed].count("in") == 2


def test_following_ends_with_its_time(scripted_session: uuid.UUID) -> None:
    began = time.monotonic()
    assert list(tracing.follow(scripted_session, after=0, seconds=0.3)) == []
    assert 0.3 <= time.monotonic() - began < 2


def test_a_closed_session_is_not_traced_and_nothing_is_written(scripted_session: uuid.UUID, folds: Folds) -> None:
    sessions.shutdown(scripted_session)
    before = unchanged(scripted_session)
    with pytest.raises(ClosedSession):
        system.trace(scripted_session, 60)

    assert unchanged(scripted_session) == before
    folds(scripted_session)


@pytest.mark.parametrize("seconds", [-1, conf.TRACE_MOST_S + 1])
def test_a_trace_has_a_longest_time(scripted_session: uuid.UUID, seconds: int) -> None:
    with pytest.raises(ValueError, match="0 to 3600 seconds"):
        system.trace(scripted_session, seconds)


def test_tracing_or_following_an_unknown_session_says_so(transactional_db: None) -> None:
    with pytest.raises(UnknownSession):
        system.trace(uuid.uuid4(), 60)
    with pytest.raises(UnknownSession):
        list(tracing.follow(uuid.uuid4(), after=0, seconds=1))
