"""An error that the project knows by itself is remediated like one of the course."""

from __future__ import annotations

import msgspec

from tests.unit.tutor.machine.lesson import Lesson
from tests.unit.tutor.machine.small_course import SMALL
from tutor.course import Course
from tutor.interactions import QuestionAsked
from tutor.machine import TutoringMachine


def _lesson() -> Lesson:
    plain = msgspec.json.decode(msgspec.json.encode(SMALL))
    for question in plain["topics"][0]["questions"]:
        question["errors"] = []
    course = msgspec.convert(plain, Course)
    return Lesson(machine=TutoringMachine(course), auto=True).start().go_on().go_on()


def test_it_is_contrasted_probed_and_left_behind() -> None:
    lesson = _lesson()
    question = lesson.data.question
    assert question is not None
    a, b = (int(one) for one in _numbers(lesson))
    lesson.say(str(a + b))

    assert lesson.state == "remediating_known_error"
    probe = lesson.fact(QuestionAsked)
    assert "$n + 8 = 20$" in probe.prompt
    lesson.submit(next(choice["id"] for choice in probe.choices if "Subtract $8$" in choice["text"]))
    assert lesson.state == "awaiting_answer"
    lesson.say(lesson.right())
    assert lesson.data.known_errors["algebra.inverse_operation"].remediated == 1


def _numbers(lesson: Lesson) -> tuple[str, str]:
    from tutor.draws import parameters
    from tutor.questions import find

    question = lesson.data.question
    assert question is not None
    drawn = parameters(find(lesson.machine.course, question.id)[1], question.seed)
    return str(drawn["a"]), str(drawn["b"])
