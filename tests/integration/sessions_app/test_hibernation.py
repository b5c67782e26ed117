"""Hibernate: nothing of a session is in memory between two events anyway; that its machine expects to wait is told."""

from __future__ import annotations

import gc
import uuid
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from sessions_app import registry, sessions, system, timers
from sessions_app.models import Interaction
from sessions_app.why import why
from tests.integration.sessions_app.test_sys_suspend import send
from tests.scripted_machine import ScriptedMachine

Folds = Callable[[uuid.UUID], None]


class Data(dict[str, Any]):
    """Data that can be watched."""


#: The data objects that machines were given in this process.
LOADED: list[weakref.ref[Data]] = []


class WatchedMachine(ScriptedMachine):
    def load(self, plain: dict[str, Any]) -> dict[str, Any]:
        data = Data(plain)
        LOADED.append(weakref.ref(data))
        return data


def watched(_args: dict[str, Any]) -> WatchedMachine:
    return WatchedMachine()


def since(session: uuid.UUID) -> Any:
    return system.get_status(session)["hibernated_since"]


def test_between_two_events_no_process_keeps_anything_of_a_session(learner: Any, settings: Any) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "watched": f"{__name__}.watched"}
    session, _ = registry.start_or_find(learner.pk, "watched", "watched", {})
    send(session, "say:hello")
    send(session, "sleep")
    gc.collect()

    assert len(LOADED) >= 2
    assert not any(loaded() for loaded in LOADED)


def test_it_is_told_until_the_next_event(scripted_session: uuid.UUID, folds: Folds) -> None:
    assert since(scripted_session) is None
    send(scripted_session, "sleep")
    handled_at = Interaction.objects.filter(session=scripted_session, kind="step").latest("seq").at
    assert abs(datetime.fromisoformat(since(scripted_session)) - handled_at) <= timedelta(milliseconds=1)
    assert "hibernates since" in why(scripted_session).words
    folds(scripted_session)

    send(scripted_session, "say:hello")

    assert since(scripted_session) is None
    assert "hibernates" not in why(scripted_session).words
    folds(scripted_session)


@pytest.mark.parametrize("text", ["sleep next:say:awake", "go:b sleep next:crash"])
def test_what_it_has_set_off_itself_wakes_it(scripted_session: uuid.UUID, text: str, folds: Folds) -> None:
    send(scripted_session, text)

    assert since(scripted_session) is None
    folds(scripted_session)


def test_a_time_out_wakes_it(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "sleep named:tea:1")
    while not timers.sweep():
        pass

    assert since(scripted_session) is None
    folds(scripted_session)


def test_looking_into_it_and_taking_hold_of_it_does_not_wake_it(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "sleep")
    before = since(scripted_session)
    system.get_state(scripted_session)
    system.suspend(scripted_session)
    send(scripted_session, "say:waits")
    assert since(scripted_session) == before
    folds(scripted_session)

    system.resume(scripted_session)

    assert since(scripted_session) is None
    folds(scripted_session)


def test_a_session_that_ends_does_not_hibernate(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "sleep")
    sessions.shutdown(scripted_session)

    assert since(scripted_session) is None
    folds(scripted_session)
