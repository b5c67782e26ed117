"""Observers look at what is due, say what they saw once, and lock nothing meanwhile."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app import log, verification
from tests.integration.tools_app.model_lesson import ModelLesson, started
from tests.integration.tools_app.observed_lesson import Folds, Observers, answers_wrong, noted, remarks
from tools_app.models import ObservedSession, ObserverView


@pytest.fixture(scope="module")
def observers() -> Iterator[Observers]:
    one = Observers()
    yield one
    one.looker.close()


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    lesson = started(learner)
    lesson.to_a_question()
    return lesson


def test_what_they_see_is_told_to_teacher_and_tutor(lesson: ModelLesson, observers: Observers, folds: Folds) -> None:
    answers_wrong(lesson, 2)
    assert observers.look() == 1

    seen = remarks(lesson.session, "cognitive")
    assert [type(fact).__name__ for fact in seen] == ["ObserverNoted", "ObserverSuggested"]
    wrong = [entry.seq for entry in log.read(lesson.session) if entry.kind == "answer.checked"]
    assert seen[0].evidence == wrong
    folds(lesson.session)
    assert not [one for verified in verification.verify() for one in verified.divergences]
