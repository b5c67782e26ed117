"""Courses whose author left things out: a lesson goes on all the same."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest

from tests.unit.tutor.machine.lesson import Lesson
from tests.unit.tutor.machine.small_course import SMALL
from tutor import events
from tutor.course import Course
from tutor.interactions import HintGiven
from tutor.machine import TutoringMachine


def lesson_on(**first_topic: Any) -> Lesson:
    """A lesson on the small course with its first topic changed."""
    plain = copy.deepcopy(SMALL)
    plain["topics"][0].update(first_topic)
    return Lesson(machine=TutoringMachine(msgspec.convert(plain, Course)))


def bare_question(**changes: Any) -> list[dict[str, Any]]:
    """The first topic's first question alone, without hints and solution."""
    question = {**copy.deepcopy(SMALL["topics"][0]["questions"][0]), "hints": [], "solution": [], **changes}
    return [question]


def test_a_topic_without_material_begins_with_its_questions() -> None:
    lesson = lesson_on(materials=[]).start()
    assert lesson.state == "exposition"
    assert "nothing to read" in lesson.said
    assert "nothing to read" in lesson.hint().said

    assert lesson.go_on().state == "awaiting_answer"


def test_a_picture_is_told_in_words() -> None:
    picture = {"id": "p", "kind": "file", "path": "media/balance.png", "alt": "A balance with x+3 and 7"}

    assert "A balance with x+3 and 7" in lesson_on(materials=[picture]).start().said


def test_without_hints_two_are_found_before_the_answer_is_shown() -> None:
    lesson = lesson_on(questions=bare_question()).start().go_on().go_on()
    hints = []
    for _ in range(2):
        hints.append(lesson.hint().offline().fact(HintGiven).text)
        lesson.rest()

    assert lesson.state == "awaiting_answer"
    assert len(set(hints)) == 2
    assert lesson.hint().state == "reviewing_solution"


def test_without_a_solution_the_answer_itself_is_shown() -> None:
    lesson = lesson_on(questions=bare_question()).start().go_on().go_on()
    answer = lesson.right()

    assert f"The answer is **{answer}**." in lesson.give_up().give_up().said


def test_without_questions_a_topic_ends_at_once() -> None:
    lesson = lesson_on(questions=[]).start().go_on().go_on()

    assert lesson.state == "topic_complete"
    assert "not practised yet" in lesson.said


def test_a_course_without_topics_cannot_begin() -> None:
    empty = TutoringMachine(msgspec.convert({**SMALL, "topics": []}, Course))

    with pytest.raises(LookupError, match="has no topic"):
        Lesson(machine=empty).start()


def test_a_session_paused_before_it_began_begins_when_it_is_resumed() -> None:
    lesson = Lesson().cast(events.PauseRequested()).cast(events.ResumeRequested())

    assert lesson.state == "exposition"
    assert "welcome" in lesson.said
