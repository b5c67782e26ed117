from __future__ import annotations

from fractions import Fraction

from hypothesis import assume, given
from hypothesis import strategies as st

from tutor.evals.judges.grounding import formulas, ground, same_formula

numbers = st.integers(min_value=2, max_value=999)
texts = st.text(max_size=200)


@given(texts, st.lists(texts, max_size=3))
def test_no_text_breaks_it(output: str, sources: list[str]) -> None:
    grounds = ground(output, sources)

    assert 0 <= grounds.share <= 1


@given(numbers, numbers)
def test_what_a_true_equation_derives_from_grounded_numbers_is_grounded(a: int, b: int) -> None:
    grounds = ground(
        f"So ${a} + {b} = {a + b}$, and the result is ${a + b}$.", [f"There are {a} red and {b} blue ones."]
    )

    assert grounds.unsupported == []
    assert grounds.false == []


@given(numbers, numbers, st.integers(min_value=1, max_value=50))
def test_a_false_equation_is_found_wherever_its_numbers_come_from(a: int, b: int, off: int) -> None:
    wrong = a + b + off

    assert ground(f"So ${a} + {b} = {wrong}$.", [f"{a}, {b} and {wrong}"]).false


@given(numbers, st.lists(numbers, min_size=1, max_size=4))
def test_a_number_without_a_source_is_found(stated: int, known: list[int]) -> None:
    assume(stated not in known)

    assert ground(f"There are {stated} of them.", [", ".join(f"{n} apples" for n in known)]).unsupported


@given(st.integers(min_value=1, max_value=99), st.sampled_from([2, 4, 5, 8, 10, 20, 25]))
def test_the_writing_of_a_number_does_not_matter(top: int, bottom: int) -> None:
    value = Fraction(top, bottom)
    decimal = f"{float(value):.3f}".rstrip("0").rstrip(".")

    assert ground(rf"That is $\frac{{{top}}}{{{bottom}}}$.", [f"It weighs {decimal} kg."]).unsupported == []


@given(*[st.integers(min_value=2, max_value=12)] * 3)
def test_formulas_compare_by_value(a: int, b: int, c: int) -> None:
    assert same_formula(f"{a}(x + {b})", f"{a}x + {a * b}")
    assert same_formula(f"{a}x = {c}", f"{2 * a}x = {2 * c}")
    assert not same_formula(f"{a}(x + {b})", f"{a}x + {a * b + c}")
    assert not same_formula(f"{a}x = {c}", f"{a}x = {c + 1}")


def test_formulas_are_found_in_running_text() -> None:
    assert formulas("First 2x + 3 = 11, so x = 4. It is a day.") == ["2x + 3 = 11", "x = 4"]
