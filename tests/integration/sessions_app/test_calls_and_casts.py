"""``call`` and ``cast`` across processes (statem.md, S43-S47, S22)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from sessions_app import calling, log, sessions
from sessions_app.exceptions import CallTimeout, InsideTransaction, NoSession, SessionExited
from sessions_app.models import Call, Session
from sessions_app.reply_hints import reply_hints
from tutor import events

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


def message(text: str) -> events.UserMessage:
    return events.UserMessage(text=text)


def in_thread(function: Callable[[], Any]) -> Future[Any]:
    def run() -> Any:
        try:
            return function()
        finally:
            connection.close()

    return ThreadPoolExecutor(1).submit(run)


def wait_for_caller(session: uuid.UUID) -> None:
    until = time.monotonic() + 5
    while not Session.objects.get(pk=session).kernel.get("callers"):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_call_gets_the_machines_reply(scripted_session: uuid.UUID, folds: Folds) -> None:
    assert calling.call(scripted_session, message("reply")) == "reply"
    folds(scripted_session)


def test_s43_a_cast_is_durable_or_an_error(scripted_session: uuid.UUID, folds: Folds) -> None:
    calling.cast(scripted_session, message("say:hello"))

    assert Session.objects.get(pk=scripted_session).data["seen"] == ["say:hello"]
    sessions.shutdown(scripted_session)
    with pytest.raises(NoSession):
        calling.cast(scripted_session, message("say:hello"))
    folds(scripted_session)


def test_s44_a_call_to_nobody_or_to_a_closed_session_fails_at_once(scripted_session: uuid.UUID) -> None:
    sessions.shutdown(scripted_session)
    for session in (scripted_session, uuid.uuid4()):
        with pytest.raises(NoSession):
            calling.call(session, message("reply"))


def test_s44_a_caller_gets_the_reason_where_the_session_ends_first(scripted_session: uuid.UUID, folds: Folds) -> None:
    waiting = in_thread(lambda: calling.call(scripted_session, message("keep")))
    wait_for_caller(scripted_session)
    sessions.shutdown(scripted_session)

    with pytest.raises(SessionExited, match="ended"):
        waiting.result(10)
    folds(scripted_session)


def test_s17_a_caller_whose_event_crashes_gets_the_reason_and_others_keep_waiting(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    other = in_thread(lambda: calling.call(scripted_session, message("keep")))
    wait_for_caller(scripted_session)
    with pytest.raises(SessionExited, match="ZeroDivisionError"):
        calling.call(scripted_session, message("crash"))
    calling.cast(scripted_session, message("reply:kept"))

    assert other.result(10) == "reply:kept"
    folds(scripted_session)


def test_s44_a_call_times_out_honestly_and_the_session_is_not_told(scripted_session: uuid.UUID) -> None:
    head = Session.objects.get(pk=scripted_session).head
    with pytest.raises(CallTimeout):
        calling.call(scripted_session, message("keep"), timeout_s=0.1)

    assert Session.objects.get(pk=scripted_session).kernel["callers"]
    assert Session.objects.get(pk=scripted_session).head > head


def test_s45_a_reply_after_the_callers_time_out_stays_in_the_log(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    with pytest.raises(CallTimeout):
        calling.call(scripted_session, message("keep"), timeout_s=0.1)
    calling.cast(scripted_session, message("reply:kept"))

    assert kinds(scripted_session).count("call.replied") == 1
    assert Call.objects.get().status == "late"
    folds(scripted_session)


def test_s46_any_later_event_may_reply_once(scripted_session: uuid.UUID, folds: Folds) -> None:
    waiting = in_thread(lambda: calling.call(scripted_session, message("keep")))
    wait_for_caller(scripted_session)
    calling.cast(scripted_session, message("reply:kept"))

    assert waiting.result(10) == "reply:kept"
    folds(scripted_session)


def test_s46_a_postponed_call_is_answered_from_a_later_state(scripted_session: uuid.UUID, folds: Folds) -> None:
    waiting = in_thread(lambda: calling.call(scripted_session, message("postpone")))
    wait_for_caller(scripted_session)
    assert Call.objects.get().status == "waiting"
    sessions.shutdown(scripted_session)
    with pytest.raises(SessionExited):
        waiting.result(10)
    folds(scripted_session)


def test_s47_a_second_reply_to_one_caller_is_refused_and_logged(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    assert calling.call(scripted_session, message("reply:twice")) == "reply:twice"

    assert kinds(scripted_session).count("call.replied") == 1
    assert kinds(scripted_session).count("call.reply_refused") == 1
    folds(scripted_session)


def test_s46_another_process_may_reply_and_a_lost_wake_up_costs_only_a_look(
    scripted_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The committing process knows nothing of the waiting one: the waker here is never set."""
    monkeypatch.setattr(reply_hints, "_wake", lambda _callers: None)
    waiting = in_thread(lambda: calling.call(scripted_session, message("keep")))
    wait_for_caller(scripted_session)
    calling.cast(scripted_session, message("reply:kept"))

    assert waiting.result(10) == "reply:kept"


def test_a_call_inside_a_transaction_is_refused(scripted_session: uuid.UUID) -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        calling.call(scripted_session, message("reply"))


def test_a_reply_is_in_the_log_with_its_value(scripted_session: uuid.UUID) -> None:
    calling.call(scripted_session, message("reply"))
    (replied,) = [entry.fact for entry in log.read(scripted_session) if entry.kind == "call.replied"]

    assert replied.value == '"reply"'  # type: ignore[attr-defined]
