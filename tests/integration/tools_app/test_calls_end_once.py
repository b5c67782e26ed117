"""Every tool call has exactly one ending, whatever happens to messages and workers."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now

from sessions_app import log, server, sessions
from sessions_app.delivery import CommandId, Delivery, Row
from sessions_app.exceptions import StaleWrite
from sessions_app.models import Session
from tools_app import calls, conf, monitor, settling
from tools_app.calls import Claimed
from tools_app.models import ToolCall, Worker
from tutor import events

QUEUES = ["tools"]
Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


def claim(session: uuid.UUID, owner: str = "me") -> Claimed:
    sessions.handle_user_message(session, "call")
    return calls.claim(owner, QUEUES, 10)[0]


def result(call: Claimed) -> Delivery:
    return calls.succeeded(call, {"text": "x"}, fallback=False, facts=[])


def endings(session: uuid.UUID) -> list[str]:
    names = {"tool.finished", "tool.failed", "tool.timed_out", "tool.cancelled"}
    return [entry.kind for entry in log.read(session) if entry.kind in names]


def move_clock(session: uuid.UUID, column: str, seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE tools_app_toolcall SET {column} = {column} - make_interval(secs => %s) WHERE session_id = %s",
            [seconds, session],
        )


def test_many_workers_claim_a_call_once(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "call")

    def take(number: int) -> int:
        try:
            return len(calls.claim(f"worker {number}", QUEUES, 10))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(take, range(8))) == 1


def test_a_result_delivered_twice_is_applied_once_and_logged_as_discarded(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    call = claim(scripted_session)
    server.deliver(result(call))
    server.deliver(result(call))

    assert endings(scripted_session) == ["tool.finished"]
    assert kinds(scripted_session)[-1] == "tool.result_discarded"
    assert Session.objects.get(pk=scripted_session).data["seen"] == ["call", "c1 ok"]
    folds(scripted_session)


def test_s50_after_a_cancel_no_ending_comes_and_a_stray_late_one_is_harmless(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    call = claim(scripted_session)
    server.deliver(
        Delivery(
            scripted_session, events.CancelRequested(), by="learner", command=CommandId("c", "turn.cancel", b""),
            opens_turn=False,
        )
    )  # fmt: skip
    server.deliver(result(call))

    assert endings(scripted_session) == ["tool.cancelled"]
    assert kinds(scripted_session)[-1] == "tool.result_discarded"
    assert ToolCall.objects.get(session_id=scripted_session).ending == "cancelled"
    folds(scripted_session)


def test_a_call_whose_worker_was_lost_gets_another_attempt_and_the_old_result_is_not_applied(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    first = claim(scripted_session, "a worker that never beats")
    assert monitor.sweep() == 1
    assert kinds(scripted_session)[-2:] == ["strategy.applied", "turn.recovering"]

    second = calls.claim("another", QUEUES, 10)[0]
    assert (second.ref, second.attempt) == (first.ref, 2)
    with pytest.raises(StaleWrite):
        server.deliver(result(first))
    server.deliver(calls.superseded(first))
    server.deliver(result(second))

    assert endings(scripted_session) == ["tool.finished"]
    folds(scripted_session)


def test_a_result_whose_call_is_handed_back_between_look_and_write_is_discarded_with_the_reason(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    call = claim(scripted_session, "draining")
    delivery = settling.confirmed(call, result(call))
    looks = 0

    def hand_back_after_the_first_look(found: Row | None) -> Delivery:
        nonlocal looks
        looks += 1
        assert delivery.under_lock is not None
        looked = delivery.under_lock(found)
        if looks == 1:
            with ThreadPoolExecutor(1) as other:
                other.submit(handed_back).result()
        return looked

    def handed_back() -> None:
        try:
            calls.hand_back("draining")
        finally:
            connection.close()

    server.deliver(replace(delivery, under_lock=hand_back_after_the_first_look))

    discarded = [entry.payload for entry in log.read(scripted_session) if entry.kind == "tool.result_discarded"]
    assert looks == 2
    assert len(discarded) == 1
    assert "another attempt waits" in str(discarded[0])
    assert endings(scripted_session) == []
    assert ToolCall.objects.get(session_id=scripted_session).status == ToolCall.Status.QUEUED
    folds(scripted_session)


def test_a_beating_worker_keeps_its_calls(scripted_session: uuid.UUID) -> None:
    Worker.objects.create(owner="alive", host="h", process=1, queues="tools")
    claim(scripted_session, "alive")

    assert monitor.sweep() == 0


def test_a_worker_that_comes_back_and_claims_before_it_beats_keeps_the_call(scripted_session: uuid.UUID) -> None:
    Worker.objects.create(owner="stopped", host="h", process=1, queues="tools")
    Worker.objects.filter(owner="stopped").update(beat_at=Now() - timedelta(seconds=60))
    claim(scripted_session, "stopped")

    assert monitor.sweep() == 0
    move_clock(scripted_session, "started_at", conf.LEASE_S + 1)
    assert monitor.sweep() == 1


def test_lost_contact_counts_as_an_attempt_and_after_three_the_call_ends(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    claim(scripted_session, "lost 1")
    for number in range(2, conf.MAX_ATTEMPTS + 1):
        monitor.sweep()
        assert calls.claim(f"lost {number}", QUEUES, 10)[0].attempt == number
    monitor.sweep()

    assert endings(scripted_session) == ["tool.failed"]
    assert Session.objects.get(pk=scripted_session).data["seen"][-1] == "c1 lost_contact"
    assert Session.objects.get(pk=scripted_session).kernel.get("turn") is None
    folds(scripted_session)


@pytest.mark.parametrize("claimed", [False, True], ids=["queued", "running"])
def test_a_call_past_its_deadline_ends_as_timed_out(scripted_session: uuid.UUID, claimed: bool, folds: Folds) -> None:
    sessions.handle_user_message(scripted_session, "call")
    if claimed:
        Worker.objects.create(owner="slow", host="h", process=1, queues="tools")
        calls.claim("slow", QUEUES, 10)
    move_clock(scripted_session, "deadline_at", 60)

    monitor.sweep()
    monitor.sweep()

    assert endings(scripted_session) == ["tool.timed_out"]
    assert [e.fact.outcome for e in log.read(scripted_session) if e.kind == "turn.finished"][-1] == "timed_out"  # type: ignore[attr-defined]
    folds(scripted_session)


def test_two_monitors_at_the_same_time_end_a_call_once(scripted_session: uuid.UUID, folds: Folds) -> None:
    sessions.handle_user_message(scripted_session, "call")
    move_clock(scripted_session, "deadline_at", 60)

    def sweep(_number: int) -> None:
        try:
            monitor.sweep()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as monitors:
        list(monitors.map(sweep, range(6)))

    assert endings(scripted_session) == ["tool.timed_out"]
    folds(scripted_session)


def test_a_stopping_worker_hands_its_calls_back_uncharged(scripted_session: uuid.UUID) -> None:
    first = claim(scripted_session, "stopping")

    assert calls.hand_back("stopping") == QUEUES

    second = calls.claim("next", QUEUES, 10)[0]
    assert second.charged == first.charged == 1


def test_what_a_call_was_handed_back_for_is_fenced_off(scripted_session: uuid.UUID, folds: Folds) -> None:
    first = claim(scripted_session, "stopping")
    calls.hand_back("stopping")
    second = calls.claim("next", QUEUES, 10)[0]

    with pytest.raises(StaleWrite):
        server.deliver(result(first))
    server.deliver(result(second))

    assert endings(scripted_session) == ["tool.finished"]
    folds(scripted_session)
