"""What learners wrote goes so many days after their session ended; each course may say how many."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from sessions_app import branching, registry, sessions, verification
from sessions_app.management.commands import timer_service
from sessions_app.models import Interaction, Session
from sessions_app.personal_data import retention
from tutor.models import Course

pytestmark = pytest.mark.usefixtures("redis_url")


@pytest.fixture(autouse=True)
def _thirty_days(settings: Any) -> None:
    settings.TUTOR_RETENTION_DAYS = 30
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}


def ended(learner: Any, course: str = "one", days_ago: int = 31) -> uuid.UUID:
    session = registry.start_or_find(learner.pk, course, "scripted", {})[0]
    sessions.handle_user_message(session, "say:hello")
    sessions.shutdown(session)
    aged(session, days_ago)
    return session


def aged(session: uuid.UUID, days: int) -> None:
    Session.objects.filter(pk=session).update(changed_at=timezone.now() - timedelta(days=days))


def has_text(session: uuid.UUID) -> bool:
    return Interaction.objects.filter(session_id=session, payload__isnull=False).exists()


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("retention", *arguments, stdout=out)
    return out.getvalue()


def test_a_session_is_erased_when_its_days_are_over_and_not_before(learner: Any) -> None:
    old, young = ended(learner, "one", 31), ended(learner, "two", 29)

    told = run()

    assert "Erased 1 session." in told
    assert (has_text(old), has_text(young)) == (False, True)
    assert [one for verified in verification.verify() for one in verified.divergences] == []


def test_its_row_stays_so_that_its_id_is_never_used_again(learner: Any) -> None:
    old = ended(learner)
    rows = Interaction.objects.filter(session_id=old).count()
    run()

    assert Session.objects.get(pk=old).erased_at is not None
    assert Interaction.objects.filter(session_id=old).count() == rows


def test_a_session_that_has_not_ended_is_kept_however_old(learner: Any) -> None:
    session = registry.start_or_find(learner.pk, "one", "scripted", {})[0]
    aged(session, 400)

    assert "1 of them not ended" in run()
    assert has_text(session)


def test_one_that_was_abandoned_is_ended_and_its_days_begin_then(learner: Any, settings: Any) -> None:
    settings.TUTOR_ABANDONED_DAYS = 90
    gone, away = (registry.start_or_find(learner.pk, name, "scripted", {})[0] for name in ("gone", "away"))
    aged(gone, 91)
    aged(away, 89)

    assert "Ended 1 that were abandoned." in run()

    assert dict(Session.objects.values_list("pk", "live")) == {gone: False, away: True}
    assert has_text(gone)
    aged(gone, 31)
    retention.sweep()
    assert not has_text(gone)


def test_a_course_may_keep_longer_shorter_or_for_ever(learner: Any) -> None:
    for slug in ("shorter", "longer", "ever"):
        Course.objects.create(slug=slug, title=slug)
    made = {slug: ended(learner, slug, 40) for slug in ("shorter", "longer", "ever", "unsaid")}
    run("--course", "shorter", "--days", "7")
    run("--course", "longer", "--days", "365")
    run("--course", "ever", "--days", "0")
    run()

    assert {slug: has_text(one) for slug, one in made.items()} == {
        "shorter": False, "longer": True, "ever": True, "unsaid": False
    }  # fmt: skip
    run("--course", "ever", "--days", "default")
    run()
    assert not has_text(made["ever"])


def test_a_course_that_is_not_there_is_named(transactional_db: None) -> None:
    with pytest.raises(CommandError, match="no course 'nowhere'"):
        run("--course", "nowhere", "--days", "7")


def test_by_default_everything_is_kept(learner: Any, settings: Any) -> None:
    settings.TUTOR_RETENTION_DAYS = 0
    session = ended(learner, "one", 4_000)

    assert "kept for ever" in run()
    assert has_text(session)


def test_a_dry_run_counts_and_changes_nothing(learner: Any) -> None:
    session = ended(learner)

    told = run("--dry-run")

    assert "one: 1 sessions would be erased" in told
    assert "Nothing was changed" in told
    assert has_text(session)


def test_a_parent_waits_for_its_forks(learner: Any) -> None:
    parent = ended(learner)
    head = Session.objects.get(pk=parent).head
    fork = branching.fork(parent, head, actor="ada", by="learner").session
    run()
    assert has_text(parent)

    sessions.handle_user_message(fork, "stop")
    aged(fork, 31)
    assert "2 sessions, about" in run("--dry-run")
    run()

    assert not has_text(parent)
    assert not has_text(fork)
    assert [one for verified in verification.verify() for one in verified.divergences] == []


def test_one_that_cannot_be_erased_holds_up_no_other(learner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from sessions_app.personal_data import erasing

    broken, sound = ended(learner, "one"), ended(learner, "two")
    erase = erasing.erase_session

    def erased(session: uuid.UUID, **more: Any) -> int:
        if session == broken:
            raise RuntimeError("no")
        return erase(session, **more)

    monkeypatch.setattr(erasing, "erase_session", erased)
    with pytest.raises(CommandError, match="1 sessions could not be erased"):
        run()

    assert (has_text(broken), has_text(sound)) == (True, False)


def test_the_timer_service_does_it_by_itself_beside_its_time_outs(
    learner: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timer_service, "SLOW_TICK_S", 0.01)
    settings.TUTOR_SLOW_SWEEPS = {
        "tests.integration.sessions_app.personal_data.test_retention.fails": 0.0,
        "sessions_app.personal_data.retention.sweep": 0.0,
    }
    session, stop = ended(learner), threading.Event()
    service = threading.Thread(target=timer_service._slow_sweeps, args=[stop])
    service.start()
    try:
        until = timezone.now() + timedelta(seconds=60)
        while has_text(session):
            assert timezone.now() < until
            stop.wait(0.02)
    finally:
        stop.set()
        service.join()


def fails() -> None:
    raise RuntimeError("a sweep that fails")
