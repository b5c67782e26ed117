"""Durable time-outs: by the database's clock, never early, once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from sessions_app import sessions, timers
from sessions_app.models import Session, Timer


def seen(session: uuid.UUID) -> list[str]:
    found: list[str] = Session.objects.get(pk=session).data["seen"]
    return found


def make_due(session: uuid.UUID) -> None:
    """Let the row look now, whatever the time-out itself says."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_timer SET due_at = clock_timestamp() WHERE session_id = %s", [session])


def test_a_time_out_is_not_delivered_early(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:60000")
    make_due(scripted_session)

    timers.sweep()

    assert "tick tea" not in seen(scripted_session)
    assert Timer.objects.get(session_id=scripted_session).due_at is not None


def test_a_due_time_out_is_delivered_once(scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:30")
    time.sleep(0.05)

    timers.sweep()
    timers.sweep()

    assert seen(scripted_session).count("tick tea") == 1
    assert not Timer.objects.filter(session_id=scripted_session).exists()
    folds(scripted_session)


def test_replicas_that_look_at_the_same_time_deliver_once(
    scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:30")
    time.sleep(0.05)

    def sweep(_number: int) -> None:
        try:
            timers.sweep()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as replicas:
        list(replicas.map(sweep, range(6)))

    assert seen(scripted_session).count("tick tea") == 1
    folds(scripted_session)


def test_a_cancelled_time_out_is_never_delivered(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:30")
    sessions.handle_user_message(scripted_session, "cancel:tea")
    time.sleep(0.05)

    timers.sweep()

    assert "tick tea" not in seen(scripted_session)
    assert not Timer.objects.filter(session_id=scripted_session).exists()


def test_a_state_time_out_dies_with_its_state(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "timer:30")
    sessions.handle_user_message(scripted_session, "go:b")
    time.sleep(0.05)

    timers.sweep()

    assert "tick state" not in seen(scripted_session)


def test_pushing_a_time_out_further_away_writes_no_timer_row_and_still_fires(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:40")
    first = Timer.objects.get(session_id=scripted_session).due_at
    sessions.handle_user_message(scripted_session, "named:tea:150")
    assert Timer.objects.get(session_id=scripted_session).due_at == first

    time.sleep(0.06)
    timers.sweep()
    assert "tick tea" not in seen(scripted_session)
    time.sleep(0.12)
    timers.sweep()

    assert seen(scripted_session).count("tick tea") == 1


def test_a_closed_session_is_not_woken(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "named:tea:30")
    sessions.handle_user_message(scripted_session, "stop")
    head = Session.objects.get(pk=scripted_session).head
    time.sleep(0.05)

    timers.sweep()

    assert Session.objects.get(pk=scripted_session).head == head
    assert not Timer.objects.filter(session_id=scripted_session).exists()


def test_s34_a_crashed_event_cancels_no_event_time_out(
    scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    """Cancelling belongs to the transition; an event whose callback crashed made none (OTP's process would be gone)."""
    sessions.handle_user_message(scripted_session, "quiet:30")
    sessions.handle_user_message(scripted_session, "crash")
    time.sleep(0.05)
    timers.sweep()

    assert seen(scripted_session) == ["quiet:30", "tick quiet"]
    folds(scripted_session)


def test_s34_an_event_that_is_handled_cancels_it(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "quiet:30")
    sessions.handle_user_message(scripted_session, "say:hello")
    time.sleep(0.05)
    timers.sweep()

    assert "tick quiet" not in seen(scripted_session)
