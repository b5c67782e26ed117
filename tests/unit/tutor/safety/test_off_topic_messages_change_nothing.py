"""A hundred messages about something else: the state and the attempts stay, and the learner is led back."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.unit.tutor.machine.lesson import Lesson, asked
from tutor import interactions

TEXTS: list[str] = [
    str(text) for text in yaml.safe_load((Path(__file__).parents[1] / "utterances.yaml").read_text())["off_topic"]
]


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    lesson = asked()
    lesson.auto = True
    return lesson


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_counted(lesson: Lesson, text: str) -> None:
    before = lesson.data
    lesson.say(text)

    assert lesson.state == "awaiting_answer"
    assert lesson.data.question == before.question
    assert lesson.data.skills == before.skills
    assert lesson.said or lesson.fact(interactions.HintGiven)


def test_there_are_a_hundred() -> None:
    assert len(TEXTS) >= 100
