from __future__ import annotations

import pytest

from tests.unit.tutor.checking.answers import question
from tutor import course as content
from tutor.checking import check
from tutor.questions import QuestionInstance

STEPS = [
    content.Choice(id="a", text="Add $3$ to both sides", known_error="repeats", feedback="That is the same again."),
    content.Choice(id="b", text="Subtract $3$ from both sides"),
    content.Choice(id="c", text="Do not change the sides", feedback="Something has to change."),
]


def one() -> QuestionInstance:
    return question(content.Format(type="choice", choices=STEPS), "b")


def many() -> QuestionInstance:
    return question(content.Format(type="choice", select="many", choices=STEPS), "a,b")


@pytest.mark.parametrize(
    "given",
    [
        "b",
        "B",
        "b)",
        "(B)",
        "option B",
        "the second one",
        "2nd",
        "answer b",
        "I think b",
        "Is it b?",
        "b because it undoes",
        "Subtract 3 from both sides",
        "subtract 3",
        "b) Subtract 3 from both sides",
        "Substract 3 from both sides",
    ],
)
def test_the_right_option(given: str) -> None:
    assert check(one(), given).verdict == "correct"


@pytest.mark.parametrize(
    "given", ["not b", "a) Subtract 3 from both sides", "d", "both sides", "a and b", "change the sides", "2"]
)
def test_what_names_no_single_option_is_malformed(given: str) -> None:
    assert check(one(), given).verdict == "malformed"


def test_an_option_tells_its_known_error_and_its_feedback() -> None:
    verdict = check(one(), "a")
    assert (verdict.verdict, verdict.known_error, verdict.feedback) == (
        "known_error",
        "repeats",
        "That is the same again.",
    )
    assert check(one(), "the last one").feedback == "Something has to change."


@pytest.mark.parametrize("given", ["a and b", "A, B", "ab", "a b", "b & a", "options a and b", ["b", "a"]])
def test_several_options_in_any_order(given: str) -> None:
    assert check(many(), given).verdict == "correct"


def test_a_part_of_the_right_options_is_partial_and_a_wrong_one_is_not() -> None:
    assert check(many(), "b").verdict == "partial"
    assert check(many(), "b").score == 0.5
    assert check(many(), "all of them").verdict == "wrong"
