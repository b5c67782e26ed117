"""While the tutor explains, "think about it" invites thoughts; they are not taken for questions, and not checked."""

from __future__ import annotations

import pytest

from tutor.clarification import explain
from tutor.course import Course, CourseInfo, Material, Skill, Topic

COURSE = Course(
    course=CourseInfo(id="c", title="Equations"),
    skills=[Skill(id="s", name="Undo")],
    topics=[
        Topic(
            id="t",
            title="One step",
            skills=["s"],
            materials=[Material(id="m", body="Adding is undone by subtracting.", keys=["subtracting"])],
        )
    ],
)


@pytest.mark.parametrize("thought", ["12", "x = 7", "$x=21$", "-4", "7/2", "3x + 5"])
def test_a_number_or_a_formula_is_kept_in_mind(thought: str) -> None:
    assert explain(COURSE, "t", thought, None).startswith("Keep that thought.")


@pytest.mark.parametrize("asked", ["what is subtracting?", "why subtracting 3?"])
def test_a_question_is_explained(asked: str) -> None:
    assert explain(COURSE, "t", asked, None) == "Adding is undone by subtracting."
