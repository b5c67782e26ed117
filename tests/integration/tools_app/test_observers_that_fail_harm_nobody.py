"""Observers that crash, hang, die or think for long: turns go on, so do the other observers, and somebody is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tests.integration.tools_app.model_lesson import ModelLesson, started
from tests.integration.tools_app.observed_lesson import Folds, answers, answers_wrong, look, looking, noted, time_passes
from tools_app import conf
from tools_app.models import ObservedSession, ObserverView, OperatorNotice
from tools_app.observing import Looker
from tutor.observers import registry


@pytest.fixture(autouse=True)
def _misbehaving_observers_are_this_modules_own() -> Iterator[None]:
    """Imported here and forgotten again: they would look at the lessons of other tests."""
    known = dict(registry._observers)
    from tests import misbehaving_observers as bad

    registry._observers.update({one.name: one for one in (bad.Raises, bad.Hangs, bad.Dies, bad.Slow, bad.Counts)})
    registry.triggers.cache_clear()
    yield
    registry._observers.clear()
    registry._observers.update(known)
    registry.triggers.cache_clear()


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    with looking() as one:
        yield one


@pytest.fixture
def lesson(learner: Any, looker: Looker) -> ModelLesson:
    looker._breakers.clear()
    lesson = started(learner)
    lesson.to_a_question()
    return lesson


def view(observer: str) -> ObserverView:
    return ObserverView.objects.get(observer=observer)


@pytest.mark.parametrize(
    ("bad", "error"), [("raises", "as the test says"), ("hangs", "TimeoutError"), ("dies", "ended with status 7")]
)
def test_one_that_fails_rests_and_the_others_go_on(
    lesson: ModelLesson, looker: Looker, settings: Any, folds: Folds, bad: str, error: str
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["cognitive", bad, "time_keeper"]
    answers_wrong(lesson, 2)
    look(looker)

    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]
    assert (view(bad).failures, view(bad).seen) == (1, 0)
    assert error in view(bad).error
    assert view(bad).rests_until is not None
    assert ObservedSession.objects.get().due_at is not None, "it is looked at again when the rest is over"
    lesson.say("90002")
    assert lesson.state in {"awaiting_answer", "reviewing_solution"}
    folds(lesson.session)


def test_one_that_fails_again_and_again_leaves_the_session_alone_and_an_operator_is_told_once(
    lesson: ModelLesson, looker: Looker, settings: Any
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["raises"]
    for _ in range(conf.OBSERVER_FAILURES + 2):
        looker._breakers.clear()
        answers_wrong(lesson, 1)
        look(looker)

    assert view("raises").failures == conf.OBSERVER_FAILURES
    assert OperatorNotice.objects.get().tool == "observer raises"
    assert view("raises").given_up


def test_another_version_of_it_begins_again_with_the_whole_log(
    lesson: ModelLesson, looker: Looker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["counts"]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tools_app_observerview (session_id, observer, version, seen, failures, given_up)"
            " VALUES (%s, 'counts', 7, 0, 5, true)",
            [lesson.session],
        )
    answers_wrong(lesson, 2)
    look(looker)

    places = answers(lesson)
    assert noted(lesson.session) == [("count", places[:1]), ("count", places)]
    assert (view("counts").version, view("counts").failures) == (1, 0)


def test_one_that_fails_in_session_after_session_is_left_alone_by_the_process(
    lesson: ModelLesson, looker: Looker, settings: Any
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["raises", "counts"]
    for _ in range(conf.OBSERVER_BREAKER_FAILURES + 2):
        answers_wrong(lesson, 1)
        look(looker)

    assert view("raises").failures == conf.OBSERVER_BREAKER_FAILURES
    assert [evidence for _, evidence in noted(lesson.session)][-1] == answers(lesson)


def test_turns_do_not_wait_while_an_observer_thinks(
    lesson: ModelLesson, looker: Looker, settings: Any, folds: Folds
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["slow"]
    answers_wrong(lesson, 1)
    time_passes()
    looked_at: list[float] = []

    def look_slowly() -> None:
        looker.look_at_due()
        looked_at.append(time.monotonic())
        connection.close()

    thread = threading.Thread(target=look_slowly)
    thread.start()
    while ObservedSession.objects.get().leased_until is None:
        time.sleep(0.01)
    turns = [time.monotonic()]
    for text in ("90002", "90003"):
        lesson.say(text)
        turns.append(time.monotonic())
    assert looked_at == [], "both turns were over before the observer was"
    thread.join()

    assert ObserverView.objects.get().error == ""
    look(looker)
    assert noted(lesson.session) == [("slow", [seq]) for seq in answers(lesson)]
    folds(lesson.session)


def test_without_anybody_who_looks_a_lesson_goes_on_and_later_is_looked_at_whole(
    lesson: ModelLesson, looker: Looker, settings: Any
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["counts"]
    answers_wrong(lesson, 3)
    assert noted(lesson.session) == []

    look(looker)
    assert len(noted(lesson.session)) == 3
