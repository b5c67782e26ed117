from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.expressions import ExpressionError, evaluate
from tutor.placeholders import fill

WHOLE = st.integers(-1000, 1000)


@pytest.mark.parametrize(
    ("text", "names", "filled"),
    [
        ("x + {a}", {"a": -3}, "x - 3"),
        ("x - {a}", {"a": -3}, "x + 3"),
        ("x + {a} = {b-a}", {"a": 3, "b": 10}, "x + 3 = 7"),
        ("${a}x = 4$", {"a": 1}, "$x = 4$"),
        ("${a}x = 4$", {"a": -1}, "$-x = 4$"),
        ("$5 + {a}x$", {"a": -1}, "$5 - x$"),
        ("${a}(x + 2)$", {"a": 1}, "$(x + 2)$"),
        ("$2 \\cdot {a}$", {"a": -3}, "$2 \\cdot (-3)$"),
        ("$x = {a}$", {"a": -3}, "$x = -3$"),
        ("$\\frac{x}{{a}}$", {"a": 4}, "$\\frac{x}{4}$"),
        ("$\\frac{a}{b}$", {"a": 4}, "$\\frac{a}{b}$"),
        ("$x^{{a}}$", {"a": 2}, "$x^{2}$"),
        ("$x = {1/a}$ or {1/a}", {"a": 2}, "$x = \\frac{1}{2}$ or 1/2"),
        ("{a} tickets, 1 a day", {"a": 1}, "1 tickets, 1 a day"),
        ("$\\{{a}\\}$", {"a": 4}, "$\\{4\\}$"),
    ],
)
def test_placeholders(text: str, names: Any, filled: Any) -> None:
    assert fill(text, names) == filled


@given(a=WHOLE, b=WHOLE, c=st.integers(1, 50))
def test_the_course_language_is_exact_arithmetic(a: Any, b: Any, c: Any) -> None:
    assert evaluate("(a - b) / c + a * b - -c^2", {"a": a, "b": b, "c": c}) == Fraction(a - b, c) + a * b + c * c


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a +",
        "1/0",
        "(1",
        "1)",
        "9^9^9^9",
        "9^999",
        "x",
        "2 3",
        "import os",
        "a.b",
        "[1]",
        "1" * 40,
        "(" * 40 + "1" + ")" * 40,
        "0^-1",
        "2^0.5",
        "1+" * 200 + "1",
    ],
)
def test_what_is_no_bounded_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(text, {"a": 1})


@given(st.text(max_size=60))
def test_any_text_is_a_value_or_an_error(text: str) -> None:
    try:
        evaluate(text, {"a": 1})
    except ExpressionError:
        return
