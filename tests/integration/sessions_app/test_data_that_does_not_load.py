"""A session whose data its machine cannot load: it says so, loses nothing, and ``replace_state`` mends it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from sessions_app import conf, registry, server, system, timers, verification
from sessions_app.delivery import Delivery
from sessions_app.exceptions import UnloadableData, UnloadableSession
from sessions_app.models import Session, Timer
from tests.integration.sessions_app.test_sys_suspend import send, untouched
from tests.scripted_machine import ScriptedMachine
from tutor import events

Folds = Callable[[uuid.UUID], None]


class StrictMachine(ScriptedMachine):
    """Another release of the scripted machine: it wants the number of calls to be a number."""

    def load(self, plain: dict[str, Any]) -> dict[str, Any]:
        return {**plain, "calls": int(plain["calls"])}


def strict(_args: dict[str, Any]) -> StrictMachine:
    return StrictMachine()


@pytest.fixture
def broken(learner: Any, settings: Any) -> uuid.UUID:
    """A session that an earlier release has left with data that this one cannot load."""
    machines = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}
    settings.TUTOR_MACHINES = machines
    session, _ = registry.start_or_find(learner.pk, "scripted", "scripted", {})
    system.replace_state(session, "b", {"calls": "many", "seen": ["before"]})
    settings.TUTOR_MACHINES = {**machines, "scripted": f"{__name__}.strict"}
    return session


def test_an_event_says_what_to_do_and_changes_nothing(broken: uuid.UUID) -> None:
    with untouched(broken), pytest.raises(UnloadableSession, match="replace_state"):
        send(broken, "say:hello")
    with untouched(broken), pytest.raises(UnloadableSession, match="invalid literal"):
        server.deliver(Delivery(broken, events.ContinueRequested(), by="timer"))


def test_it_can_be_looked_at_and_verified(broken: uuid.UUID) -> None:
    assert system.get_state(broken) == ("b", {"calls": "many", "seen": ["before"]})
    (verified,) = verification.verify([broken])
    assert not verified.divergences


def test_whole_data_mends_it_and_it_goes_on(broken: uuid.UUID, folds: Folds) -> None:
    state, data = system.get_state(broken)
    system.replace_state(broken, state, {**data, "calls": 7})
    folds(broken)
    send(broken, "say:hello")

    assert Session.objects.get(pk=broken).data == {"calls": 7, "seen": ["before", "say:hello"]}
    folds(broken)


def test_another_state_alone_does_not_mend_it(broken: uuid.UUID) -> None:
    with untouched(broken), pytest.raises(UnloadableData, match="give whole data"):
        system.replace_state(broken, "a")


def test_data_that_does_not_load_either_is_refused(broken: uuid.UUID) -> None:
    with untouched(broken), pytest.raises(UnloadableData, match="cannot load this data"):
        system.replace_state(broken, "a", {"calls": "few", "seen": []})


def test_suspended_it_holds_its_messages_until_it_is_mended(broken: uuid.UUID, folds: Folds) -> None:
    system.suspend(broken)
    send(broken, "say:kept")
    with untouched(broken), pytest.raises(UnloadableSession):
        system.resume(broken)
    system.replace_state(broken, "b", {"calls": 0, "seen": []})
    system.resume(broken)

    assert Session.objects.get(pk=broken).data["seen"] == ["say:kept"]
    folds(broken)


def test_a_restart_mends_it_too(broken: uuid.UUID, folds: Folds) -> None:
    system.restart(broken)

    assert Session.objects.get(pk=broken).data == {"calls": 0, "seen": []}
    folds(broken)


def test_the_row_is_broken_and_not_only_the_test(broken: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT data->>'calls' FROM sessions_app_session WHERE id = %s", [broken])
        assert cursor.fetchone() == ("many",)


def test_sessions_that_cannot_be_looked_at_hold_up_nobodys_time_outs(
    broken: uuid.UUID, learner: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    strictly = settings.TUTOR_MACHINES
    settings.TUTOR_MACHINES = {**strictly, "scripted": "tests.scripted_machine.load"}
    send(broken, "named:tea:1")
    settings.TUTOR_MACHINES = strictly
    monkeypatch.setattr(conf, "BATCH_SESSIONS", 1)
    monkeypatch.setattr(timers.due, "__defaults__", (1,))
    healthy, _ = registry.start_or_find(learner.pk, "another", "scripted", {})
    send(healthy, "named:tea:1")
    time.sleep(0.05)

    assert timers.sweep() == 2

    assert Session.objects.get(pk=healthy).data["seen"][-1] == "tick tea"
    # The other one is asked again, but not at once.
    assert list(Timer.objects.values_list("session_id", flat=True)) == [broken]
    assert timers.due() == []
