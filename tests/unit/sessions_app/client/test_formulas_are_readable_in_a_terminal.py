"""A terminal shows no MathML; a learner can read the formula all the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.client.plain_formula import plain_formula, plain_formulas


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        ("x + 3 = 7", "x + 3 = 7"),
        (r"\frac{3x}{4} \le 12", "3x/4 ≤ 12"),
        (r"\frac{x + 1}{2}", "(x + 1)/2"),
        (r"\frac{\frac{1}{2}}{3}", "(1/2)/3"),
        (r"24 \div 3", "24 ÷ 3"),
        (r"2 \cdot \left(x - 1\right)", "2 · (x - 1)"),
        ("x^2 + x^{10}", "x² + x¹⁰"),
        (r"\sqrt{2}", "√2"),
        (r"x \text{ or } y", "x  or  y"),
    ],
)
def test_a_formula_becomes_a_line_of_text(latex: str, plain: str) -> None:
    assert plain_formula(latex) == plain


def test_the_text_around_stays_markdown() -> None:
    assert plain_formulas("**Solve** $x + 3 = 7$ and $$2x=4$$.") == "**Solve** x + 3 = 7 and 2x=4."
    assert plain_formulas("It costs $5 and then $6.") == "It costs $5 and then $6."


def test_what_markdown_would_take_for_its_own_is_escaped() -> None:
    assert plain_formulas("$a*b*c$") == r"a\*b\*c"


@given(st.text(alphabet="\\${}^_*abfrcsqt[]() 123", max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    plain_formulas(text)
