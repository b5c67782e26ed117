"""Wrong answers over many learners and numbers: one expression says what they did."""

from __future__ import annotations

import pytest

from tests.unit.tutor.documented_course import documented_course
from tutor.course_format import read
from tutor.draws import parameters
from tutor.management.commands.course import COURSES
from tutor.questions import find, instantiate
from tutor.wrong_answers import WrongAnswer, patterns

COURSE = documented_course().course
TOPIC, QUESTION = find(COURSE, "solve")


def given(formula: object, learners: range, first_seed: int = 0) -> list[WrongAnswer]:
    made = []
    for learner in learners:
        names = parameters(QUESTION, first_seed + learner)
        made.append(WrongAnswer(learner, str(formula(**names)), first_seed + learner))  # type: ignore[operator]
    return made


def test_the_slip_of_a_template_is_found_whatever_its_numbers() -> None:
    answers = given(lambda a, s: a * s, range(8)) + given(lambda a, s: 977, range(8, 10))
    first = patterns(COURSE, TOPIC, QUESTION, answers)[0]
    assert (first.match, first.learners, first.times) in {("a * s", 8, 8), ("s * a", 8, 8)}


def test_two_slips_are_two_patterns() -> None:
    answers = given(lambda a, s: a + s, range(7)) + given(lambda a, s: a, range(7, 12))
    found = patterns(COURSE, TOPIC, QUESTION, answers)
    assert [(one.match, one.learners) for one in found[:2]] == [("a + s", 7), ("a", 5)]


def test_the_right_answer_is_never_a_pattern() -> None:
    answers = given(lambda a, s: s, range(8))
    assert all(one.match != "s" for one in patterns(COURSE, TOPIC, QUESTION, answers))


def test_learners_count_once() -> None:
    answers = [WrongAnswer(1, "977", seed) for seed in range(9)]
    assert all(one.learners == 1 for one in patterns(COURSE, TOPIC, QUESTION, answers))


def test_what_cannot_be_read_any_more_is_left_out() -> None:
    assert patterns(COURSE, TOPIC, QUESTION, [WrongAnswer(1, "many", 1), WrongAnswer(1, "7", None)]) == []


def test_options_are_named_by_the_file_whatever_the_order_shown() -> None:
    course = read(COURSES / "linear-equations").course
    topic, question = find(course, "os-check")
    wrong = next(choice for choice in question.format.choices if choice.id not in question.answer)
    answers = []
    for seed in range(12):
        shown = instantiate(course, "os-check", seed).format.choices
        answers.append(WrongAnswer(seed, next(one.id for one in shown if one.text == wrong.text), seed))
    assert len({answer.given for answer in answers}) > 1
    (found,) = patterns(course, topic, question, answers)
    assert (found.match, found.learners) == (wrong.id, 12)


@pytest.mark.parametrize("text", ["The Constant", "constant.", " constant"])
def test_words_are_one_answer_however_they_are_written(text: str) -> None:
    course = read(COURSES / "linear-equations").course
    topic, question = find(course, "ts-coefficient")
    (found,) = patterns(course, topic, question, [WrongAnswer(1, "constant", 1), WrongAnswer(2, text, 2)])
    assert (found.match, found.learners) == ("constant", 2)
