"""Elo ratings of questions: one row an answer, each counted once, and all of them again from the logs."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app import branching, conf, log, sessions
from sessions_app.models import Session
from tests.integration.documented_lesson import QUESTION, answer, at_the_question, published, right, send
from tutor import elo, events, question_ratings
from tutor.models import AnswerRating, QuestionRating

AUTHOR = elo.of_author(0.3)


@pytest.fixture(autouse=True)
def course(transactional_db: None) -> Iterator[None]:
    with published():
        yield


def test_an_answer_moves_the_rating_of_its_question_once(learner: Any) -> None:
    session = at_the_question(learner)
    answer(session, "0")
    assert AnswerRating.objects.count() == 1

    assert question_ratings.sweep() == 1
    assert question_ratings.sweep() == 0
    rating = QuestionRating.objects.get()
    assert (rating.course, rating.question, rating.answers) == ("adding", QUESTION, 1)
    assert rating.difficulty > AUTHOR, "harder than its author thought"
    assert [e.kind for e in log.read(session)].count("question.rated") == 1


def test_only_the_first_meeting_counts(learner: Any) -> None:
    session = at_the_question(learner)
    for _ in range(2):
        answer(session, right(session))

    assert AnswerRating.objects.count() == 1


def test_forks_and_what_comes_after_a_rewind_do_not_count(learner: Any) -> None:
    session = at_the_question(learner)
    head = Session.objects.get(pk=session).head
    fork = branching.fork(session, head, actor="ada", by="learner").session
    answer(fork, right(fork))
    assert AnswerRating.objects.count() == 0

    answer(session, right(session))
    branching.rewind(session, head, actor="ada", by="learner")
    answer(session, "0")
    assert AnswerRating.objects.count() == 1


def test_processes_that_count_at_the_same_time_count_each_answer_once() -> None:
    rows = [
        AnswerRating(course="c", question=f"q{n % 7}", start=0.0, ability=0.0, guess=0.0, right=n % 3 == 0)
        for n in range(2 * question_ratings.BATCH)
    ]
    AnswerRating.objects.bulk_create(rows)
    counted: list[int] = []

    def count() -> None:
        counted.append(question_ratings.sweep())
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted.append(question_ratings.sweep())

    assert sum(counted) == len(rows)
    assert sum(QuestionRating.objects.values_list("answers", flat=True)) == len(rows)
    assert AnswerRating.objects.count() == 0


def test_all_ratings_can_be_counted_anew_from_the_logs(django_user_model: Any) -> None:
    for number, text in enumerate(["0", "", "0", ""]):
        session = at_the_question(django_user_model.objects.create_user(f"learner{number}"))
        answer(session, text or right(session))
    question_ratings.sweep()
    before = QuestionRating.objects.values("course", "question", "difficulty", "answers").get()
    QuestionRating.objects.update(difficulty=9.0, answers=99)
    out = io.StringIO()
    call_command("difficulties", "adding", "--rebuild", stdout=out)

    assert QuestionRating.objects.values("course", "question", "difficulty", "answers").get() == before
    assert "1 questions are rated" in out.getvalue()
    assert f"{QUESTION:40} " in out.getvalue()


def test_whoever_asks_for_nothing_is_told_what_can_be_asked() -> None:
    with pytest.raises(CommandError, match="Name a course"):
        call_command("difficulties")
    with pytest.raises(CommandError, match="course load"):
        call_command("difficulties", "unheard-of")


def test_a_measured_difficulty_reaches_sessions_that_are_running(learner: Any, monkeypatch: Any) -> None:
    session = at_the_question(learner)
    args = Session.objects.get(pk=session).machine_args
    assert conf.machine("tutoring", args).syllabus.difficulty == {}
    QuestionRating.objects.create(course="adding", question=QUESTION, difficulty=1.5, answers=40)

    monkeypatch.setattr(conf, "MACHINE_S", 0.0)
    assert conf.machine("tutoring", args).syllabus.difficulty == {QUESTION: 1.5}
    send(session, events.HintRequested())  # and it goes on with it
    assert sessions.start(learner, "adding") == session
