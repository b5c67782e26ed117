"""Restart intensity, quarantine and proven checkpoints on real sessions (statem.md, S53-S60)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from sessions_app import log, names, quarantine, registry, server, sessions, timers
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Quarantine, Session
from sessions_app.recovery import CRASH_TEXT
from tools_app import calls
from tools_app.models import ToolCall
from tutor import events
from tutor.interactions import StrategyApplied

Folds = Callable[[uuid.UUID], None]
Said = Callable[[uuid.UUID], list[str]]
Kinds = Callable[[uuid.UUID], list[str]]


@pytest.fixture(autouse=True)
def supervised(settings: Any) -> Any:
    """Three restarts in an hour: tests do not depend on how slow the machine is."""
    settings.TUTOR_SUPERVISION = {"*": {"restart": "transient", "max_restarts": 3, "max_seconds": 3600}}
    return settings


def send(session: uuid.UUID, text: str) -> Any:
    return sessions.handle_user_message(session, text)


def rested(session: uuid.UUID) -> None:
    """The rest after a restore is over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET supervision = supervision - 'rests_until' WHERE id = %s", [session]
        )


def overflow(session: uuid.UUID) -> None:
    for _ in range(4):
        send(session, "crash")


def row(session: uuid.UUID) -> Session:
    return Session.objects.get(pk=session)


def restored(session: uuid.UUID) -> list[Any]:
    return [entry.fact for entry in log.read(session) if entry.kind == "session.restored"]


def test_s55_up_to_the_limit_the_event_alone_is_skipped(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "go:b")
    for _ in range(3):
        send(scripted_session, "crash")

    assert row(scripted_session).state == "b"
    assert not Quarantine.objects.exists()
    folds(scripted_session)


def test_s55_one_more_puts_the_event_into_quarantine_and_the_session_back_to_its_proven_state(
    scripted_session: uuid.UUID, folds: Folds, said: Said
) -> None:
    send(scripted_session, "go:b")
    send(scripted_session, "say:proves-b")
    send(scripted_session, "go:c")
    overflow(scripted_session)

    assert row(scripted_session).state == "b"
    held = Quarantine.objects.get()
    assert (held.session_id, held.event["content"]["text"]) == (scripted_session, "crash")
    assert "ZeroDivisionError" in held.reason
    assert said(scripted_session)[-1] == CRASH_TEXT
    folds(scripted_session)


def test_s55_without_any_allowed_restart_the_first_crash_is_too_many(
    scripted_session: uuid.UUID, supervised: Any
) -> None:
    supervised.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    send(scripted_session, "crash")

    assert Quarantine.objects.count() == 1


def test_s56_crashes_outside_the_window_do_not_count(scripted_session: uuid.UUID) -> None:
    for _ in range(3):
        send(scripted_session, "crash")
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE sessions_app_session SET supervision = supervision || '{"restarts": [1, 2, 3]}'""")
    send(scripted_session, "crash")

    assert not Quarantine.objects.exists()


def test_s57_a_poison_session_takes_no_neighbour_down(scripted_session: uuid.UUID, echo_session: uuid.UUID) -> None:
    overflow(scripted_session)

    assert sessions.handle_user_message(echo_session, "hello").disposition == "started"


def test_s58_a_restore_backs_off_and_the_learner_is_told_when_to_come_back(scripted_session: uuid.UUID) -> None:
    overflow(scripted_session)
    with pytest.raises(CommandError) as refused:
        send(scripted_session, "say:hello")

    assert refused.value.code == "unavailable"
    assert 0 < (refused.value.after_ms or 0) <= 500


def test_s60_each_further_overflow_goes_one_proven_checkpoint_further_back(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    for text in ("go:b", "say:x", "go:c", "say:x", "go:a say:x", "say:x"):
        send(scripted_session, text)
    states = []
    for _ in range(3):
        overflow(scripted_session)
        rested(scripted_session)
        states.append(row(scripted_session).state)

    assert states == ["a", "c", "b"]
    folds(scripted_session)


def test_s60_after_all_checkpoints_the_session_begins_again_then_gives_up(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    for _ in range(12):
        if not row(scripted_session).live:
            break
        overflow(scripted_session)
        rested(scripted_session)

    what = [fact.why for fact in restored(scripted_session)]
    assert what[-1] == "begun again"
    assert not row(scripted_session).live
    folds(scripted_session)


def test_a_poison_session_is_quarantined_and_still_answers(
    scripted_session: uuid.UUID, said: Said, folds: Folds
) -> None:
    send(scripted_session, "say:before")
    send(scripted_session, "say:proven")
    overflow(scripted_session)
    rested(scripted_session)
    send(scripted_session, "say:after")

    assert said(scripted_session)[-1] == "after"
    folds(scripted_session)


def test_an_event_that_spins_is_quarantined_at_once(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "spin")

    assert Quarantine.objects.count() == 1
    folds(scripted_session)


def test_a_restore_cancels_later_calls_and_fences_their_results(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "go:b")
    send(scripted_session, "say:proven")
    sessions.handle_user_message(scripted_session, "call")
    call = calls.claim("me", ["tools"], 1)[0]
    for _ in range(4):
        server.deliver(Delivery(scripted_session, events.UserMessage(text="crash"), by="timer"))
    server.deliver(calls.succeeded(call, {"text": "late"}, fallback=False, facts=[]))

    assert ToolCall.objects.get().ending == "cancelled"
    assert row(scripted_session).state == "b"
    assert "c1 ok" not in row(scripted_session).data["seen"]
    folds(scripted_session)


def test_a_restore_takes_up_the_checkpoints_time_outs(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "named:tea:60000")
    send(scripted_session, "say:proven")
    send(scripted_session, "cancel:tea go:b")
    overflow(scripted_session)

    assert "named_timeout:tea" in row(scripted_session).kernel["timers"]
    assert timers.next_due_s() is not None
    folds(scripted_session)


def test_s53_a_permanent_session_begins_again_even_after_a_normal_stop(
    scripted_session: uuid.UUID, supervised: Any, folds: Folds
) -> None:
    supervised.TUTOR_SUPERVISION = {"*": {"restart": "permanent"}}
    send(scripted_session, "go:b")
    send(scripted_session, "stop")

    assert (row(scripted_session).live, row(scripted_session).state) == (True, "a")
    folds(scripted_session)


@pytest.mark.parametrize(("reason", "lives"), [("normal", False), ("shutdown", False), ("boom", True)])
def test_s53_a_transient_session_begins_again_only_after_an_abnormal_stop(
    scripted_session: uuid.UUID, reason: str, lives: bool, folds: Folds
) -> None:
    send(scripted_session, f"stop:{reason}")

    assert row(scripted_session).live is lives
    folds(scripted_session)


def test_s53_a_temporary_session_is_over_with_its_first_crash(
    scripted_session: uuid.UUID, supervised: Any, folds: Folds, kinds: Kinds
) -> None:
    supervised.TUTOR_SUPERVISION = {"*": {"restart": "temporary"}}
    send(scripted_session, "crash")

    assert not row(scripted_session).live
    assert "session.closed" in kinds(scripted_session)
    folds(scripted_session)


def test_s55_a_session_that_stops_too_often_stays_stopped(
    scripted_session: uuid.UUID, supervised: Any, folds: Folds
) -> None:
    supervised.TUTOR_SUPERVISION = {"*": {"restart": "permanent", "max_restarts": 2, "max_seconds": 3600}}
    for _ in range(3):
        send(scripted_session, "stop")

    assert not row(scripted_session).live
    folds(scripted_session)


def test_s61_a_command_to_end_always_ends(scripted_session: uuid.UUID, supervised: Any, folds: Folds) -> None:
    supervised.TUTOR_SUPERVISION = {"*": {"restart": "permanent"}}
    sessions.shutdown(scripted_session)

    assert not row(scripted_session).live
    folds(scripted_session)


def test_an_operator_may_retry_or_drop_what_is_held_once(scripted_session: uuid.UUID, folds: Folds) -> None:
    overflow(scripted_session)
    rested(scripted_session)
    held = Quarantine.objects.get()

    quarantine.retry(held.pk)

    assert Quarantine.objects.get(pk=held.pk).status == "retried"
    with pytest.raises(quarantine.NotHeld):
        quarantine.drop(held.pk)
    folds(scripted_session)


@pytest.mark.parametrize(("reason", "counts"), [("killed", 1), ("tool_bug", 1), ("lost_contact", 0), ("timeout", 0)])
def test_what_befalls_a_tool_counts_as_the_table_says(
    scripted_session: uuid.UUID, reason: str, counts: int, folds: Folds
) -> None:
    applied = StrategyApplied(reason=reason, strategy="retry")
    server.deliver(Delivery(scripted_session, None, by="tool", facts=[applied]))

    assert len(row(scripted_session).supervision.get("restarts", [])) == counts
    folds(scripted_session)


@pytest.mark.parametrize(
    ("text", "reason", "strategy"),
    [
        ("crash", "machine_bug", "skip"),
        ("spin", "machine_spins", "restore"),
        ("stop:boom", "stopped", "restart"),
    ],
)
def test_every_applied_strategy_is_in_the_log(
    scripted_session: uuid.UUID, text: str, reason: str, strategy: str
) -> None:
    send(scripted_session, text)

    applied = [entry.fact for entry in log.read(scripted_session) if isinstance(entry.fact, StrategyApplied)]
    assert [(fact.reason, fact.strategy) for fact in applied] == [(reason, strategy)]


def test_s59_a_clean_end_is_not_counted(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "stop")

    assert row(scripted_session).supervision.get("restarts", []) == []


def test_s59_a_first_start_that_fails_leaves_nothing(learner: Any, settings: Any) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "broken": "tests.scripted_machine.broken"}
    with pytest.raises(ZeroDivisionError):
        registry.start_or_find(learner.pk, "broken", "broken", {})

    assert not Session.objects.filter(course="broken").exists()
    assert registry.whereis(names.name(learner.pk, "broken")) is None
