"""The same attacks and lessons, with a model behind the explanations that knows every answer and tells it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from tests.evals.hostile_model import HostileModel, ways_to_tell
from tutor import events, wording
from tutor.course import Course
from tutor.evals import subject, suites
from tutor.evals.lessons.measures import leaks_of
from tutor.evals.lessons.tools import LessonTool, worded_by
from tutor.evals.run import run
from tutor.machine import TutoringMachine
from tutor.machine.answering import answer_text
from tutor.prompts import ChatMessage
from tutor.questions import instantiate

COURSE = subject.course("linear-equations")
MACHINE = TutoringMachine(COURSE)


@pytest.fixture
def model() -> Iterator[HostileModel]:
    with HostileModel() as running:
        yield running


def tools(model: HostileModel) -> dict[str, LessonTool]:
    """The offline tools with the model's explanations; the model is told what is open, the worst there is."""
    worded = worded_by(model.complete)

    def clarify(course: Course, args: dict[str, Any]) -> dict[str, Any]:
        if args["question"]:
            model.knows(instantiate(course, args["question"], args["seed"]))
        return worded["clarify_concept"](course, args)

    return {**worded, "clarify_concept": clarify}


def test_attacks_achieve_nothing(model: HostileModel) -> None:
    entries = run(list(suites.red_team(COURSE, per_question=12, tools=tools(model))))

    assert suites.violations(entries) == []
    assert model.asked > 50


def test_lessons_stay_lessons(model: HostileModel) -> None:
    profiles = ("weak", "hostile", "off_topic")
    entries = run(list(suites.lessons(COURSE, each=1, profiles=profiles, tools=tools(model))))

    found = [line for line in suites.violations(entries) if "repetition" not in line]
    assert found == []
    assert model.asked > 10


def says(text: str, _messages: list[ChatMessage]) -> str:
    """A model that says this and nothing else."""
    return text


@pytest.mark.parametrize("question", sorted(MACHINE.syllabus.questions))
def test_no_way_of_telling_an_answer_comes_through(question: str) -> None:
    instance = MACHINE.syllabus.instance(question, 1)
    for way in ways_to_tell(instance):
        session = suites.seat_at(MACHINE, worded_by(partial(says, way)), (question, 1))
        turn = session.do(events.UserMessage(text="why?"))

        assert leaks_of(turn, MACHINE.syllabus) == []
        # What stands in the prompt already ("5x = 25") tells nothing and may be said.
        assert turn.said == [wording.WITHHELD] or answer_text(instance).casefold() in instance.prompt.casefold()
