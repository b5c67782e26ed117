"""Observers see what is due, say what they saw once, and each to whom it is for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sessions_app import branching, log, verification
from sessions_app.models import Session
from sessions_app.sessions import handle_user_message
from tests.integration.tools_app.model_lesson import ModelLesson, started
from tests.integration.tools_app.observed_lesson import (
    Folds,
    answers,
    answers_right,
    answers_wrong,
    look,
    looking,
    noted,
    remarks,
    time_passes,
)
from tools_app.models import ObservedSession, ObserverView
from tools_app.observing import Looker
from tutor.interactions import ObserverNoted, ObserverSaid, ObserverSuggested, Visibility


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    with looking() as one:
        yield one


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    lesson = started(learner)
    lesson.to_a_question()
    return lesson


def test_what_they_see_is_told_to_teacher_and_tutor(lesson: ModelLesson, looker: Looker, folds: Folds) -> None:
    answers_wrong(lesson, 2)
    assert look(looker) == 1

    seen = remarks(lesson.session, "cognitive")
    assert [fact.kind for fact in seen] == [ObserverNoted.kind, ObserverSuggested.kind]
    assert seen[0].evidence == answers(lesson)
    folds(lesson.session)
    assert not [one for verified in verification.verify() for one in verified.divergences]


def test_nothing_is_due_at_once_and_nothing_after_a_look(lesson: ModelLesson, looker: Looker) -> None:
    answers_wrong(lesson, 1)
    assert looker.look_at_due() == 0

    look(looker)
    assert (looker.look_at_due(), ObservedSession.objects.get().leased_until) == (0, None)


def test_the_next_look_goes_on_where_the_last_one_ended(lesson: ModelLesson, looker: Looker) -> None:
    answers_wrong(lesson, 1)
    look(looker)
    assert remarks(lesson.session) == []

    answers_wrong(lesson, 1)
    look(looker)
    look(looker)
    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]


def test_a_note_is_the_teachers_and_what_is_said_is_the_learners(lesson: ModelLesson, looker: Looker) -> None:
    answers_wrong(lesson, 2)
    answers_right(lesson)
    look(looker)

    def kinds(visibility: Visibility) -> list[str]:
        lines = log.lines(lesson.session, visibility, limit=1_000)
        return [line.kind for line in lines if line.kind.startswith("observer.")]

    assert kinds(Visibility.LEARNER) == ["observer.said"]
    assert kinds(Visibility.TEACHER) == ["observer.noted", "observer.suggested", "observer.said"]
    assert Session.objects.get(pk=lesson.session).learner_head == max(
        entry.seq for entry in log.read(lesson.session) if entry.visibility == Visibility.LEARNER
    )


def test_a_suggestion_stands_in_the_tutors_next_chain_and_not_as_the_learners_words(
    lesson: ModelLesson, looker: Looker
) -> None:
    answers_wrong(lesson, 2)
    look(looker)
    lesson.say("why is that?")

    (sent,) = lesson.shown.values()
    lines = [
        json.loads(line)
        for message in json.loads(sent)
        if message["role"] == "user"
        for line in message["content"].split("\n\n")
    ]
    suggested = [line["observer_suggests"] for line in lines if "observer_suggests" in line]
    assert suggested == [remarks(lesson.session, "cognitive")[1].suggestion]
    assert not any(suggested[0] in line.get("learner_wrote", "") for line in lines)


def test_what_is_said_to_a_learner_who_waits_for_a_persons_help_is_not_said(
    lesson: ModelLesson, looker: Looker
) -> None:
    answers_wrong(lesson, 2)
    answers_right(lesson)
    lesson.say("i want to kill myself")
    look(looker)

    assert [fact for fact in remarks(lesson.session) if isinstance(fact, ObserverSaid)] == []
    assert noted(lesson.session) != []


def test_a_remark_within_a_turn_belongs_to_no_turn(lesson: ModelLesson, looker: Looker, folds: Folds) -> None:
    answers_wrong(lesson, 2)
    handle_user_message(lesson.session, "why is that?")
    look(looker)

    rows = [entry for entry in log.read(lesson.session) if entry.kind.startswith("observer.")]
    assert rows
    assert {(row.turn, row.cause) for row in rows} == {(None, None)}
    lesson.work()
    folds(lesson.session)


def test_a_fork_goes_on_from_the_shared_log_and_repeats_nothing(lesson: ModelLesson, looker: Looker) -> None:
    answers_wrong(lesson, 2)
    look(looker)
    head = lesson.head
    fork = branching.fork(lesson.session, head, actor="test", by="operator").session

    mine = ModelLesson(fork)
    answers_wrong(mine, 1)
    look(looker)

    own = [entry for entry in log.read(fork, after=head) if entry.kind == "observer.noted"]
    assert len(own) == 1
    assert noted(fork) == [("same_wrong_answer", answers(mine)[:2]), ("same_wrong_answer", answers(mine)[1:])]
    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]


def test_a_rewind_takes_back_what_was_seen_and_repeats_no_remark(lesson: ModelLesson, looker: Looker) -> None:
    start = lesson.head
    answers_wrong(lesson, 2)
    look(looker)
    branching.rewind(lesson.session, start, actor="test", by="operator")
    look(looker)
    assert len(noted(lesson.session)) == 1

    # The one before the rewind does not count any more: this is the first of its kind.
    answers_wrong(lesson, 1)
    look(looker)
    assert len(noted(lesson.session)) == 1

    answers_wrong(lesson, 1)
    look(looker)
    assert noted(lesson.session)[1:] == [("same_wrong_answer", answers(lesson)[2:])]


def test_without_its_view_an_observer_reads_the_log_again_and_repeats_nothing(
    lesson: ModelLesson, looker: Looker
) -> None:
    answers_wrong(lesson, 2)
    look(looker)
    before = ObserverView.objects.get(observer="cognitive").view
    ObserverView.objects.update(view=None)
    ObservedSession.objects.update(due_at="2020-01-01T00:00:00Z")
    look(looker)

    assert ObserverView.objects.get(observer="cognitive").view == before
    assert len(noted(lesson.session)) == 1


def test_a_course_names_its_observers(learner: Any, looker: Looker) -> None:
    lesson = started(learner, observers=["communication", "nobody_has_this_one"])
    lesson.to_a_question()
    answers_wrong(lesson, 2)
    look(looker)

    assert [view.observer for view in ObserverView.objects.all()] == ["communication"]


def test_a_deployment_has_the_last_word(lesson: ModelLesson, looker: Looker, settings: Any) -> None:
    settings.TUTOR_OBSERVERS_ON = ["communication"]
    answers_wrong(lesson, 2)
    look(looker)

    assert [view.observer for view in ObserverView.objects.all()] == ["communication"]
    assert remarks(lesson.session) == []


def test_a_machine_that_says_nothing_of_observers_is_not_observed(echo_session: Any) -> None:
    handle_user_message(echo_session, "hello")
    time_passes()

    assert not ObservedSession.objects.exists()
