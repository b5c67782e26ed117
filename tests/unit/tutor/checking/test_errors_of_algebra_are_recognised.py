"""An answer that a known error of algebra gives is recognised without a word of the author; a right one never is."""

from __future__ import annotations

import random

import pytest

from tests.unit.tutor.checking.every_format import asked
from tests.variants.formulas import KINDS, Style, rewritings, write
from tutor.checking import check, formats
from tutor.checking.mistakes import LIBRARY
from tutor.checking.mistakes.equations import _LINEAR
from tutor.checking.mistakes.rules import RESULT, REWRITING
from tutor.course import KnownError
from tutor.leak_gate import leaks
from tutor.questions import QuestionInstance

#: Prompt, format, right answer, wrong answer, error.
CASES = (
    ("Expand $3(x + 2)$.", "expression", "3*x + 6", "3x + 2", "distribution"),
    ("Simplify $(6x + 9)/3$.", "expression", "2*x + 3", "2x + 9", "distribution"),
    ("Expand $-2(x - 5)$.", "expression", "-2*x + 10", "-2x - 10", "bracket_sign"),
    ("Expand $(x + 3)^2$.", "expression", "x^2 + 6*x + 9", "x^2 + 9", "power_of_sum"),
    ("Expand $(2x)^3$.", "expression", "8*x^3", "2x^3", "power_of_product"),
    ("Work out $1/2 + 1/3$.", "number", "5/6", "2/5", "fraction_addition"),
    ("Work out $(1/2)/(3/4)$.", "number", "2/3", "3/8", "fraction_division"),
    ("Work out $2 + 3 * 4$.", "number", "14", "20", "order_of_operations"),
    ("Work out $2^{-3}$.", "number", "1/8", "-8", "negative_exponent"),
    ("Work out $5^0$.", "number", "1", "0", "zero_exponent"),
    ("Work out $2^3$.", "number", "8", "6", "power_as_product"),
    ("Simplify $x^2 * x^4$.", "expression", "x^6", "x^8", "product_of_powers"),
    ("Work out $5 - (-3)$.", "number", "8", "2", "sign_of_number"),
    ("Work out $9 + 5$.", "number", "14", "4", "wrong_operation"),
    ("Work out $3 - 8$.", "number", "-5", "5", "reversed_sides"),
    ("Expand $3(x + 2)$.", "expression", "3*x + 6", "9x", "unlike_terms"),
    ("Expand $3(x + 2)$.", "expression", "3*x + 6", "3 + 6x^0", None),
    ("Expand $5(x + 2)$.", "expression", "5*x + 10", "-5x - 10", "sign_loss"),
    ("Simplify $2x + 3x$.", "expression", "5*x", "5", "lost_variable"),
    ("Work out $0.3 * 0.2$.", "number", "3/50", "0.6", "place_value"),
    ("Solve $x + 3 = 10$.", "number", "7", "13", "inverse_operation"),
    ("Solve $3x + 2 = 14$.", "number", "4", "12", "stops_early"),
    ("Solve $3x = 12$.", "number", "4", "36", "multiplies_coefficient"),
    ("Solve $3x = 12$.", "equation", "x = 4", "x = 9", "subtracts_coefficient"),
    ("Solve $3x = 12$.", "equation", "x = 4", "x = 1/4", "upside_down"),
    ("Solve $3(x + 2) = 15$.", "number", "3", "13/3", "distribution"),
    ("Solve $-3x = 12$.", "number", "-4", "4", "sign_loss"),
)


def _question(prompt: str, kind: str, answer: str) -> QuestionInstance:
    return asked(kind, answer, prompt=prompt, vars=["x"] if "x" in prompt else [])


@pytest.mark.parametrize(("prompt", "kind", "answer", "given", "error"), [case for case in CASES if case[4]])
def test_a_wrong_answer_names_its_error(prompt: str, kind: str, answer: str, given: str, error: str) -> None:
    verdict = check(_question(prompt, kind, answer), given)

    assert (verdict.verdict, verdict.known_error) == ("known_error", f"algebra.{error}")
    assert verdict.feedback


def test_every_error_of_the_library_is_recognised_somewhere() -> None:
    assert {f"algebra.{case[4]}" for case in CASES if case[4]} == set(LIBRARY)


def test_every_rule_has_its_treatment() -> None:
    rules = {error for error, _ in (*REWRITING, *RESULT, *_LINEAR)}

    assert rules == set(LIBRARY)


@pytest.mark.parametrize("error", LIBRARY.values(), ids=LIBRARY)
def test_a_treatment_has_a_probe_that_can_be_answered_and_gives_nothing_away(error: KnownError) -> None:
    assert error.probe is not None
    probe = asked(
        error.probe.format.type, error.probe.answer, prompt=error.probe.ask, choices=error.probe.format.choices
    )

    assert formats.of(probe.format.type).problems(probe) == []
    assert check(probe, error.probe.answer, typed=True).verdict == "correct"
    assert not leaks(error.contrast, probe)
    assert len(error.remedy) == 2


def test_an_author_can_do_without() -> None:
    question = asked("number", "7", prompt="Solve $x + 3 = 10$.", vars=["x"], algebra_errors=False)

    assert check(question, "13").verdict == "wrong"


def test_no_error_is_seen_where_the_answer_does_not_come_from_the_prompts_formula() -> None:
    question = asked("number", "70", prompt="A ticket costs $x + 3 = 10$ euros. How much are ten?", vars=[])

    assert check(question, "13").verdict == "wrong"


def test_a_right_answer_in_another_form_is_never_an_error() -> None:
    rng = random.Random(4)
    for _ in range(60):
        formula = rng.choice(KINDS)(rng)
        gold = write(formula, Style())
        question = asked("expression", gold, prompt=f"Simplify ${gold} + 0$.", vars=["x", "y"])
        for other in rewritings(formula, rng).values():
            assert check(question, write(other, Style())).verdict != "known_error", (gold, other)
