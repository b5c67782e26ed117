"""Wheel-spinning: eight opportunities without progress, or the third sighting of one known error, lead a step down."""

from __future__ import annotations

from msgspec.structs import replace

from tests.unit.tutor.machine.lesson import Lesson, commands
from tutor.effects import RateQuestion
from tutor.interactions import QuestionAsked
from tutor.machine import evidence
from tutor.mastery import SkillRecord
from tutor.statem import Snapshot

WORN = {"undo": SkillRecord(p=0.7, opportunities=3, unassisted=2), "naming": SkillRecord(p=0.1, opportunities=7)}


def at_names() -> Lesson:
    """A lesson in its second topic, whose skill has been hard for seven questions."""
    lesson = Lesson().start()
    data = replace(lesson.data, topic="names", finished={"one_step": "practised"}, chunks=1, skills=WORN)
    lesson.snapshot = Snapshot("exposition", data)
    return lesson.go_on()


def test_the_eighth_opportunity_without_progress_steps_down() -> None:
    lesson = at_names().give_up().give_up().go_on()

    assert lesson.data.question is not None
    assert lesson.data.question.skill == "undo"
    assert "rests on" in lesson.fact(QuestionAsked).why


def test_after_a_few_questions_of_it_the_skill_is_tried_again_once() -> None:
    lesson = at_names().give_up().give_up().go_on()
    for _ in range(evidence.DETOUR_QUESTIONS):
        assert lesson.data.question is not None
        assert lesson.data.question.skill == "undo"
        lesson.say("…").verdict("correct")

    assert lesson.data.question is not None
    assert lesson.data.question.skill == "naming"
    record = lesson.data.skills["naming"]
    assert record.since == record.opportunities


def test_the_third_sighting_of_a_known_error_steps_down_where_there_is_a_step() -> None:
    lesson = at_names()
    for _ in range(3):
        lesson.say("b").verdict("known_error", known_error="unheard_of")
        lesson.give_up().give_up().go_on()
        if lesson.data.detours:
            break
    assert lesson.data.detours["naming"].to == "undo"


def test_a_question_is_rated_at_its_first_meeting_only() -> None:
    lesson = Lesson(auto=True).start().go_on().go_on()
    rated: list[tuple[str, bool]] = []
    while lesson.state == "awaiting_answer":
        assert lesson.data.question is not None
        question = lesson.data.question.id
        lesson.say("999") if len(rated) == 0 else lesson.submit(lesson.right())
        rated += [(one.question, one.right) for one in commands(lesson.last) if isinstance(one, RateQuestion)]
        if lesson.state == "awaiting_answer" and lesson.data.question.id == question and len(rated) == 1:
            lesson.submit(lesson.right())

    assert rated[0][1] is False
    assert len({question for question, _ in rated}) == len(rated)
    assert lesson.data.skills["undo"].rated == len(rated)
