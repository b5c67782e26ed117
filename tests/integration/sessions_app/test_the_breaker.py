"""When many sessions of one machine overflow at once, the breaker above them opens, and closes by itself."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from sessions_app import breaker, server, sessions
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Quarantine, Session
from tutor import events

Folds = Callable[[uuid.UUID], None]


@pytest.fixture(autouse=True)
def fresh(settings: Any) -> Iterator[None]:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    breaker.forget()
    yield
    breaker.forget()


def overflows(count: int, machine: str = "scripted") -> None:
    Quarantine.objects.bulk_create(
        Quarantine(session_id=uuid.uuid4(), machine=machine, seq=1, event={}, reason="x") for _ in range(count)
    )


def test_below_the_limit_everything_goes_on(scripted_session: uuid.UUID) -> None:
    overflows(breaker.SESSIONS - 1)

    assert sessions.handle_user_message(scripted_session, "say:hello").disposition == "started"


def test_at_the_limit_learners_are_told_when_to_come_back(scripted_session: uuid.UUID) -> None:
    overflows(breaker.SESSIONS)
    with pytest.raises(CommandError) as refused:
        sessions.handle_user_message(scripted_session, "say:hello")

    assert (refused.value.code, refused.value.after_ms) == ("unavailable", breaker.AFTER_MS)


def test_one_session_that_overflows_again_and_again_is_nobody_elses_trouble(scripted_session: uuid.UUID) -> None:
    poisoned = uuid.uuid4()
    Quarantine.objects.bulk_create(
        Quarantine(session_id=poisoned, machine="scripted", seq=seq, event={}, reason="x")
        for seq in range(breaker.SESSIONS * 2)
    )

    assert sessions.handle_user_message(scripted_session, "say:hello").disposition == "started"


def test_other_machines_are_unaffected(echo_session: uuid.UUID) -> None:
    overflows(breaker.SESSIONS)

    assert sessions.handle_user_message(echo_session, "hello").disposition == "started"


def test_results_and_time_outs_still_reach_a_session_but_nothing_is_restored(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    overflows(breaker.SESSIONS)
    assert breaker.look("scripted")
    server.deliver(Delivery(scripted_session, events.UserMessage(text="go:b"), by="tool"))
    server.deliver(Delivery(scripted_session, events.UserMessage(text="crash"), by="tool"))

    assert Session.objects.get(pk=scripted_session).state == "b"
    assert not Quarantine.objects.filter(session_id=scripted_session).exists()
    folds(scripted_session)


def test_it_closes_as_the_window_moves_on(scripted_session: uuid.UUID) -> None:
    overflows(breaker.SESSIONS)
    assert breaker.look("scripted")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sessions_app_quarantine SET at = at - interval '2 minutes'")
    breaker.forget()

    assert sessions.handle_user_message(scripted_session, "say:hello").disposition == "started"
