"""The promise in numbers: equivalents accepted, other values never."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction

import pytest

from tests.unit.tutor.checking.answers import number, numerals, random_number, wrapped
from tutor.checking import check

NUMBERS = 70
LEAST_ACCEPTED = 0.985
LEAST_ACCEPTED_PER_CLASS = 0.95


def test_equivalents_are_accepted_in_every_class_of_form() -> None:
    rng = random.Random(20)
    asked: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for _ in range(NUMBERS):
        value = random_number(rng)
        question = number(value, vars=["x"])
        for form, numeral in numerals(value, rng).items():
            for wrapper, given in wrapped(numeral, rng).items():
                right = check(question, given).verdict == "correct"
                for key in ("all", form, wrapper):
                    asked[key] += 1
                    accepted[key] += right
    assert asked["all"] > 10_000
    assert accepted["all"] / asked["all"] >= LEAST_ACCEPTED
    weak = {key: accepted[key] / asked[key] for key in asked if accepted[key] / asked[key] < LEAST_ACCEPTED_PER_CLASS}
    assert weak == {}


def test_no_other_value_is_ever_accepted() -> None:
    rng = random.Random(21)
    tried = 0
    for _ in range(NUMBERS):
        written = random_number(rng)
        near = [written + step for step in (1, -1, 10, Fraction(1, 10), Fraction(1, 100))]
        others = [-written, written * 10, written / 10, written * 2, *near, random_number(rng)]
        for numeral in numerals(written, rng).values():
            for given in wrapped(numeral, rng).values():
                value = rng.choice([other for other in others if other != written])
                verdict = check(number(value, vars=["x"]), given)
                assert verdict.verdict not in {"correct", "form_issue"}, (value, given)
                tried += 1
    assert tried >= 10_000


@pytest.mark.parametrize(
    "given", ["seven", "7 because 10 - 3 = 7", "10 - 3 = 7", "x = 10 - 3 = 7", "is it 7?", "{7}", "７"]
)
def test_other_ways_to_say_seven(given: str) -> None:
    assert check(number(7, vars=["x"]), given).verdict == "correct"


@pytest.mark.parametrize(
    "given", ["not 7", "7 or 8", "7, 8", "7!", "77", "7x", "x", "7 = 8", "-(7)", "7^7", "7/0", "7 8"]
)
def test_near_misses_of_seven_are_not_accepted(given: str) -> None:
    assert check(number(7, vars=["x"]), given).verdict not in {"correct", "form_issue"}
