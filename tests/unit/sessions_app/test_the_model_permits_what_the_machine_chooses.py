"""Two places state the table on purpose: the machine's rows and the model's arrows. They must agree."""

from __future__ import annotations

import pytest

from sessions_app import permits
from sessions_app.models import TutoringSession
from tutor.course import Course, CourseInfo, Skill, Topic
from tutor.machine import TutoringMachine

#: Row 42: the operator's reset has a named transition of its own, from any state to any.
RESET = "42"


@pytest.fixture
def machine() -> TutoringMachine:
    skill = Skill(id="s", name="a skill")
    topic = Topic(id="t", title="a topic", skills=["s"])
    return TutoringMachine(Course(course=CourseInfo(id="c", title="a course"), skills=[skill], topics=[topic]))


def test_every_arrow_of_the_machine_is_permitted_and_no_other(machine: TutoringMachine) -> None:
    chosen = {(str(source), str(target)) for row, source, target in machine.arrows() if row != RESET}

    assert set(permits.arrows(TutoringSession)) == chosen


def test_a_permitted_arrow_passes(machine: TutoringMachine) -> None:
    for source, target in permits.arrows(TutoringSession):
        permits.check("tutoring", machine, source, target)


def test_an_arrow_the_model_lacks_is_refused(machine: TutoringMachine) -> None:
    with pytest.raises(permits.NotPermitted, match="no arrow from 'completed' to 'awaiting_answer'"):
        permits.check("tutoring", machine, "completed", "awaiting_answer")


def test_a_reset_may_lead_to_any_state_of_the_machine(machine: TutoringMachine) -> None:
    for target in machine.states:
        permits.check("tutoring", machine, "completed", target, reset=True)


def test_a_reset_to_an_unknown_state_is_refused(machine: TutoringMachine) -> None:
    with pytest.raises(permits.NotPermitted):
        permits.check("tutoring", machine, "completed", "dreaming", reset=True)


def test_a_machine_without_a_proxy_is_held_to_its_declared_states(machine: TutoringMachine) -> None:
    permits.check("another", machine, "created", "paused")
    with pytest.raises(permits.NotPermitted):
        permits.check("another", machine, "created", "dreaming")
