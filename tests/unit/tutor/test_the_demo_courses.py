"""Every course that comes with the project keeps the rules, holds for any draw, and leads learners to its end."""

from __future__ import annotations

import hashlib

import pytest

from tests.unit.tutor.machine.lesson import Lesson
from tutor import course_rules
from tutor.checking import check
from tutor.course_format import CourseSource, read
from tutor.leak_gate import leaks
from tutor.machine import TutoringMachine
from tutor.management.commands.course import CHECKED, COURSES
from tutor.questions import QuestionInstance, instantiate

SOURCES = {file.parent.name: read(file.parent) for file in sorted(COURSES.glob("*/course.yaml"))}
#: Commands a lesson may take; the longest of them takes a third of it.
PATIENCE = 900

demo_courses = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


def machine(source: CourseSource) -> TutoringMachine:
    return TutoringMachine(source.course)


def right_answer(lesson: Lesson) -> str:
    """What a learner types who knows."""
    data = lesson.data
    if lesson.state == "remediating_known_error":
        assert data.remediation is not None
        treated = data.remediation
        probe = lesson.machine.syllabus.probe(treated.known_error, treated.question, treated.seed)
        assert probe is not None
        return probe.answer
    assert data.question is not None
    return lesson.machine.syllabus.instance(data.question.id, data.question.seed, data.question.part).answer


def known_errors_of(instance: QuestionInstance) -> dict[str, str]:
    """Known errors of the question, and an answer that shows each."""
    by_option = {choice.known_error: choice.id for choice in instance.format.choices if choice.known_error}
    by_value = {error.known_error: error.match for error in instance.errors if error.match}
    return {**by_option, **by_value} if instance.format.select == "one" else {}


def go_on(lesson: Lesson) -> None:
    """One right step."""
    if lesson.state in {"awaiting_answer", "remediating_known_error"}:
        lesson.say(right_answer(lesson))
    else:
        lesson.go_on()


@demo_courses
def test_it_has_no_findings(source: CourseSource) -> None:
    assert [str(finding) for finding in course_rules.findings(source)] == []


def test_loading_passes_over_the_check_of_these_very_files_only() -> None:
    files = sorted(path for path in COURSES.glob("*/**/*") if path.is_file())
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(COURSES).as_posix()}" for path in files
    ]

    assert CHECKED.read_text().splitlines() == sums, "cd tutor/courses && sha256sum */* >SHA256SUMS"


@demo_courses
def test_it_is_a_real_course(source: CourseSource) -> None:
    course = source.course
    assert len(course.topics) >= 4
    assert course.course.licence
    assert any(skill.prereq for skill in course.skills)
    for topic in course.topics:
        assert len(topic.materials) >= 3
        assert len(topic.known_errors) >= 2
        assert len(topic.questions) >= 6
        assert all(error.say and error.contrast and len(error.remedy) >= 2 for error in topic.known_errors)
        assert all(len(q.hints) >= 3 and q.solution and len(q.tests) >= 3 for q in topic.questions)
        assert len({q.format.type for q in topic.questions}) >= 2


@demo_courses
def test_answers_hints_and_errors_hold_for_draws_the_rules_did_not_try(source: CourseSource) -> None:
    for topic in source.course.topics:
        for question in topic.questions:
            for seed in range(100, 106):
                instance = instantiate(source.course, question.id, seed)
                assert check(instance, instance.answer).verdict in {"correct", "form_issue"}
                assert not any(leaks(hint, instance) for hint in instance.hints if isinstance(hint, str))
                for error in instance.errors:
                    if error.match is not None:
                        verdict = check(instance, error.match, typed=True)
                        assert verdict.verdict == "known_error"
                        assert not leaks(verdict.feedback, instance)


@demo_courses
def test_a_learner_who_knows_reaches_the_end(source: CourseSource) -> None:
    lesson = Lesson(machine(source), auto=True).start()
    for _ in range(PATIENCE):
        if lesson.state == "completed":
            break
        go_on(lesson)
    assert lesson.state == "completed"
    assert len(lesson.data.finished) == len(source.course.topics)


@demo_courses
def test_a_learner_with_every_known_error_is_treated_and_reaches_the_end(source: CourseSource) -> None:
    lesson = Lesson(machine(source), auto=True).start()
    made: set[tuple[str, str]] = set()
    for _ in range(PATIENCE):
        if lesson.state == "completed":
            break
        question = lesson.data.question
        if lesson.state == "awaiting_answer" and question is not None and question.part == "main":
            shown = known_errors_of(lesson.machine.syllabus.of(question))
            wrong = next((error for error in shown if (question.id, error) not in made), None)
            if wrong is not None:
                made.add((question.id, wrong))
                lesson.say(shown[wrong])
                assert lesson.state == "remediating_known_error"
                continue
        go_on(lesson)
    assert lesson.state == "completed"
    assert len({error for _, error in made}) > 5


@demo_courses
def test_a_learner_who_gives_up_again_and_again_is_never_stuck(source: CourseSource) -> None:
    lesson = Lesson(machine(source), auto=True).start()
    for turn in range(240):
        if lesson.state == "completed":
            break
        if lesson.state in {"awaiting_answer", "remediating_known_error"} and turn % 3:
            lesson.give_up()
        else:
            go_on(lesson)
    assert lesson.data.number > 20 or lesson.state == "completed"
