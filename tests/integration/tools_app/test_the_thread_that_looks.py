"""The timer service's thread for observers: beside its own work, and gone when the service ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.integration.tools_app.model_lesson import ModelLesson, started
from tests.integration.tools_app.observed_lesson import answers, answers_wrong, noted, time_passes
from tools_app.models import ObservedSession, ObserverView
from tools_app.observer_service import ObserverService
from tools_app.observing import Looker
from tutor.observers import registry


@pytest.fixture
def service() -> Iterator[ObserverService]:
    one = ObserverService()
    yield one
    one.stop()


@pytest.fixture
def slow() -> Iterator[None]:
    """An observer that thinks for long, registered for one test."""
    known = dict(registry._observers)
    from tests import misbehaving_observers as bad

    registry._observers.clear()
    registry._observers.update({**known, "slow": bad.Slow})
    registry.triggers.cache_clear()
    yield
    registry._observers.clear()
    registry._observers.update(known)
    registry.triggers.cache_clear()


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    lesson = started(learner)
    lesson.to_a_question()
    return lesson


def wait_until(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    ends = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def more_noted_than(lesson: ModelLesson, before: int) -> bool:
    return len(noted(lesson.session)) > before


def test_its_sweep_only_wakes_it_again_and_again(lesson: ModelLesson, service: ObserverService) -> None:
    for _ in range(2):
        before = len(noted(lesson.session))
        answers_wrong(lesson, 2 if before == 0 else 1)
        time_passes()
        service()
        wait_until(partial(more_noted_than, lesson, before))

    assert [evidence for _, evidence in noted(lesson.session)] == [answers(lesson)[:2], answers(lesson)[1:]]


def test_at_the_end_it_gives_up_what_an_observer_is_at_and_charges_nobody(
    lesson: ModelLesson, service: ObserverService, settings: Any, slow: None
) -> None:
    settings.TUTOR_OBSERVERS_ON = ["slow"]
    answers_wrong(lesson, 1)
    time_passes()
    service()
    wait_until(ObserverView.objects.exists)
    service.stop()

    thread = service._thread
    assert thread is not None
    wait_until(lambda: not thread.is_alive())
    left = ObservedSession.objects.get()
    assert (left.leased_until, left.due_at is not None) == (None, True), "somebody else looks at once"
    assert ObserverView.objects.get().failures == 0
    assert noted(lesson.session) == []


def test_after_each_look_it_rests_in_proportion(settings: Any) -> None:
    settings.TUTOR_OBSERVER_PERCENT = 20
    looks, rests = iter([True, True, True, False]), []

    class Slow(Looker):
        def look_at_next(self) -> bool:
            time.sleep(0.01)
            return next(looks)

    class Ended(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0.0)
            return False

    service, looker = ObserverService(), Slow()
    service._ended = Ended()
    service._look(looker)
    looker.close()

    assert len(rests) == 3
    assert min(rests) >= 4 * 0.01
