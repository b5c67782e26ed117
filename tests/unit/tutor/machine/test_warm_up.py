"""Row 39 after a long pause: something known first, then on where the lesson was."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.tutor.machine.lesson import Lesson, asked
from tutor import events
from tutor.interactions import QuestionAsked
from tutor.statem import Snapshot

DAY = 86_400_000


def practised() -> Lesson:
    """A lesson with its second question open; one was right."""
    return asked().say("…").verdict("correct")


def away(lesson: Lesson, days: float) -> Lesson:
    """The lesson, paused for so long."""
    lesson.cast(events.PauseRequested())
    lesson.now += int(days * DAY)
    return lesson


def test_a_long_pause_ends_with_a_question_about_something_known() -> None:
    lesson = away(practised(), 8).cast(events.ResumeRequested())

    assert lesson.state == "awaiting_answer"
    assert "It has been 8 days" in lesson.said
    assert "warm-up" in lesson.fact(QuestionAsked).why


@pytest.mark.parametrize("days", [0.1, 6.9, 7])
def test_a_week_is_no_long_pause(days: float) -> None:
    lesson = practised()
    open_question = lesson.data.question
    away(lesson, days).cast(events.ResumeRequested())

    assert lesson.data.question == open_question
    assert "still open" in lesson.said


def test_after_the_warm_up_the_open_question_is_asked_again_as_it_was() -> None:
    lesson = practised().hint()
    waiting = lesson.data.question
    away(lesson, 30).cast(events.ResumeRequested()).say("…").verdict("correct")

    assert lesson.state == "awaiting_answer"
    assert lesson.data.question == waiting
    assert lesson.data.shelf is None
    assert "That was the warm-up" in lesson.said
    assert waiting is not None
    assert lesson.fact(QuestionAsked).number == waiting.number


def test_a_warm_up_that_goes_wrong_is_worked_out_before_the_lesson_goes_on() -> None:
    lesson = practised()
    waiting = lesson.data.question
    away(lesson, 9).cast(events.ResumeRequested()).give_up().give_up()

    assert lesson.state == "reviewing_solution"
    lesson.go_on()
    assert lesson.data.question == waiting


@pytest.mark.parametrize("state", ["exposition", "topic_complete"])
def test_a_lesson_that_was_between_questions_goes_on_there(state: str) -> None:
    lesson = practised()
    lesson.snapshot = Snapshot(state, replace(lesson.data, question=None))
    away(lesson, 9).cast(events.ResumeRequested())
    assert lesson.state == "awaiting_answer"

    lesson.say("…").verdict("correct")
    assert lesson.state == state


def test_a_message_is_taken_where_it_was_meant_and_the_question_after_it_is_the_warm_up() -> None:
    lesson = practised()
    waiting = lesson.data.question
    away(lesson, 9).say(lesson.right())
    assert lesson.state == "awaiting_tool_result"
    assert lesson.data.question == waiting

    lesson.verdict("correct")
    assert "warm-up" in lesson.fact(QuestionAsked).why


def test_a_treatment_begins_anew_for_what_was_said_is_forgotten() -> None:
    lesson = practised().say("…").verdict("known_error", known_error="same_sign")
    assert lesson.state == "remediating_known_error"
    away(lesson, 9).cast(events.ResumeRequested()).say("…").verdict("correct")

    assert lesson.state == "awaiting_answer"
    assert lesson.data.question is not None
    assert lesson.data.question.remediated == ()


def test_who_has_practised_nothing_has_nothing_to_warm_up_with() -> None:
    lesson = away(asked(), 20).cast(events.ResumeRequested())

    assert "still open" in lesson.said
    assert lesson.data.number == 1
