"""The leak gate and a known error's treatment: the author's own numbers give no question away."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tutor.machine.lesson import Lesson
from tests.unit.tutor.machine.small_course import small_course
from tutor.course import Course
from tutor.course_format import read
from tutor.interactions import QuestionAsked
from tutor.machine import TutoringMachine
from tutor.management.commands.course import COURSES
from tutor.questions import treatment

MACHINE = TutoringMachine(read(COURSES / "linear-equations").course)
PROBE = "What must you do to $n + 8$ to get back to $n$?"


def _first_known_error(seed: int) -> Lesson:
    lesson = Lesson(machine=MACHINE, seed=seed).start()
    while lesson.data.question is None:
        lesson.go_on()
    return lesson.say("1").verdict("known_error", known_error="repeats_operation")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_contrast_and_probe_are_shown_whatever_the_answer_of_the_open_question(seed: int) -> None:
    lesson = _first_known_error(seed)

    assert "Think of $x + 1 = 5$." in lesson.said
    assert lesson.fact(QuestionAsked).prompt == PROBE


@pytest.mark.parametrize("seed", range(40))
def test_a_missed_probe_is_explained_and_asked_again(seed: int) -> None:
    lesson = _first_known_error(seed).say("b").verdict("wrong").offline()

    assert "Picture a number line." in lesson.said
    assert PROBE in lesson.said


def test_what_depends_on_the_questions_numbers_is_no_excuse() -> None:
    plain = msgspec.to_builtins(small_course())
    plain["topics"][0]["known_errors"][0]["contrast"] = "The answer is {b-a}, not {a}."
    course = msgspec.convert(plain, Course)

    shown = treatment(course, "same_sign", course.topics[0].questions[0].id)

    assert "The answer is , not ." in shown
