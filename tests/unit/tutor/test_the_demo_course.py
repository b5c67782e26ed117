"""The demo course passes every rule, and what a learner could see of it is sound for any draw."""

from __future__ import annotations

from typing import Any

import pytest

from tutor import course_rules
from tutor.checking import check
from tutor.clarification import MAX_WORDS, explain
from tutor.course_format import read
from tutor.leak_gate import leaks
from tutor.management.commands.course import COURSES
from tutor.questions import UnknownQuestion, instantiate

SOURCE = read(COURSES / "linear-equations")
COURSE = SOURCE.course
QUESTIONS = [question.id for topic in COURSE.topics for question in topic.questions]


def test_it_has_no_findings() -> None:
    assert [str(finding) for finding in course_rules.findings(SOURCE)] == []


def test_it_is_a_real_course() -> None:
    assert len(COURSE.topics) >= 3
    assert all(len(topic.questions) >= 8 and len(topic.known_errors) >= 2 for topic in COURSE.topics)
    assert all(
        {"number", "choice", "short_text"} == {q.format.type for q in topic.questions} for topic in COURSE.topics
    )
    assert all(len(q.hints) >= 3 and len(q.tests) >= 3 for topic in COURSE.topics for q in topic.questions)


@pytest.mark.parametrize("question", QUESTIONS)
def test_its_answers_and_hints_hold_for_any_draw(question: Any) -> None:
    for seed in range(100, 130):
        instance = instantiate(COURSE, question, seed)
        assert check(instance, instance.answer).verdict == "correct"
        assert not any(leaks(hint, instance) for hint in instance.hints if isinstance(hint, str))
        for error in instance.errors:
            if error.match is not None:
                verdict = check(instance, error.match, typed=True)
                assert verdict.verdict == "known_error"
                assert not leaks(verdict.feedback, instance)


def test_the_same_seed_gives_the_same_instance_and_another_seed_another_one() -> None:
    assert instantiate(COURSE, "os-add", 5) == instantiate(COURSE, "os-add", 5)
    assert len({instantiate(COURSE, "os-add", seed).prompt for seed in range(20)}) > 10


def test_letters_of_shuffled_choices_follow_the_order_shown() -> None:
    orders = set()
    for seed in range(20):
        instance = instantiate(COURSE, "os-check", seed)
        shown = instance.choices or []
        assert [choice["id"] for choice in shown] == ["a", "b", "c", "d"]
        right = next(choice for choice in shown if choice["text"].startswith("Put"))
        assert right["id"] == instance.answer
        assert check(instance, right["text"]).verdict == "correct"
        orders.add(tuple(choice["text"][:3] for choice in shown))
    assert len(orders) > 3


def test_what_a_client_sees_of_a_format_tells_no_answer() -> None:
    for question in QUESTIONS:
        shown = instantiate(COURSE, question, 1).learner_format()
        assert "choices" not in shown
        assert "aliases" not in shown


@pytest.mark.parametrize("part", ["probe:nothing", "scaffold:0", "scaffold:x", "other"])
def test_a_part_that_does_not_exist_is_said(part: Any) -> None:
    with pytest.raises(UnknownQuestion):
        instantiate(COURSE, "os-add", 1, part)


def test_probes_are_questions_of_their_own() -> None:
    probe = instantiate(COURSE, "os-negative", 1, "probe:lost_minus")
    assert check(probe, "-7").verdict == "correct"


@pytest.mark.parametrize(
    "text", ["why?", "what is an inverse operation?", "how do I check?", "what does coefficient mean"]
)
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_explanation_never_gives_the_answer_away(question: Any, text: str) -> None:
    for seed in range(4):
        instance = instantiate(COURSE, question, seed)
        said = explain(COURSE, "one_step", text, instance)
        assert said
        assert len(said.split()) <= MAX_WORDS
        assert not leaks(said, instance)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("what is a coefficient?", "coefficient"),
        ("I don't understand brackets", "bracket"),
        ("how do I check my answer", "check"),
    ],
)
def test_an_explanation_is_about_what_was_asked(text: str, part: Any) -> None:
    assert part in explain(COURSE, "one_step", text, None).lower()


def test_what_the_course_does_not_explain_is_said_honestly() -> None:
    assert "no explanation" in explain(COURSE, "one_step", "who is Napoleon?", None)
