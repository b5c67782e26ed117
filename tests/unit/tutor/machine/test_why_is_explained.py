"""An explanation from the course is not withheld because a number of the material happens to be the answer."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.tutor.machine.lesson import Lesson
from tests.unit.tutor.machine.small_course import SMALL
from tutor import wording
from tutor.course import Course
from tutor.machine import TutoringMachine

RULE = "Take 2 weights, or 20, or 15, 16, 17, 18, 19, 21 away on both sides: the balance stays level."


def _machine() -> TutoringMachine:
    plain = msgspec.json.decode(msgspec.json.encode(SMALL))
    plain["topics"][0]["materials"][0]["body"] = RULE
    return TutoringMachine(msgspec.convert(plain, Course))


@pytest.mark.parametrize("seed", range(12))
def test_a_sentence_that_was_read_is_said_again_whatever_the_answer(seed: int) -> None:
    lesson = Lesson(machine=_machine(), seed=seed, auto=True).start().go_on().go_on()

    lesson.say("why does a balance stay level?")

    assert lesson.state == "awaiting_answer"
    assert RULE in lesson.said
    assert wording.WITHHELD not in lesson.said
