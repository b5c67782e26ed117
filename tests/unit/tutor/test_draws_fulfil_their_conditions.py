from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.course import Format, Question
from tutor.draws import holds, parameters
from tutor.expressions import ExpressionError


def question(**more: object) -> Question:
    return Question(id="q", skills=["s"], prompt="", format=Format(type="number"), answer="1", **more)  # type: ignore[arg-type]


@given(st.integers(0, 10**9))
def test_every_draw_keeps_to_what_the_author_asks(seed: int) -> None:
    one = question(
        params={"a": {"int": [1, 9]}, "b": {"int": [1, 9], "not": [4]}, "c": {"of": [6, 12, 30]}},
        derived={"q": "c / a", "r": "q + b"},
        where=["a < b", "b != 2 * a", "a divides c", "r <= 20"],
    )
    names = parameters(one, seed)
    assert names == parameters(one, seed)
    assert 1 <= names["a"] < names["b"] <= 9
    assert names["b"] not in {4, 2 * names["a"]}
    assert names["c"] == names["a"] * names["q"]
    assert names["r"] == names["q"] + names["b"] <= 20


@given(st.integers(-50, 50), st.integers(-50, 50))
def test_conditions_mean_what_they_say(a: int, b: int) -> None:
    names = {"a": a, "b": b}
    assert holds("a < b", names) == (a < b)
    assert holds("a >= b", names) == (a >= b)
    assert holds("a = b", names) == holds("a == b", names) == (a == b)
    assert holds("a != b", names) == (a != b)
    assert holds("a divides b", names) == (a != 0 and b % a == 0)


@pytest.mark.parametrize("text", ["a", "a < b < c", "a << b", "a is b", "__import__('os') = 1", "a = ", ""])
def test_what_is_no_condition_is_said(text: str) -> None:
    with pytest.raises(ExpressionError):
        holds(text, {"a": 1, "b": 2, "c": 3})


def test_a_question_that_no_draw_fulfils_says_so() -> None:
    with pytest.raises(ExpressionError, match="none of"):
        parameters(question(params={"a": {"int": [1, 3]}}, where=["a > 3"]), 1)
