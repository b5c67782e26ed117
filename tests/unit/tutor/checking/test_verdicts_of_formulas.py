"""What is said of an answer that is not simply right or wrong: other forms, parts, slips of writing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tutor.checking.every_format import asked
from tutor.checking import check

X = {"vars": ["x"]}
SIMPLER = {"form": "simplified", **X}
CASES: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    # format, right answer, policies, given, verdict or verdict:code
    ("expression", "3*x + 6", X, "6 + 3x", "correct"),
    ("expression", "3*x + 6", X, "3x + 7", "wrong"),
    ("expression", "3*x + 6", X, "3y + 6", "malformed:other_variable"),
    ("expression", "3*x + 6", X, "threefold x", "malformed:words"),
    ("expression", "3*x + 6", X, "3x + ", "malformed:incomplete"),
    ("expression", "3*x + 6", X, "(3x + 6", "malformed:bracket"),
    ("expression", "3*x + 6", X, "3 6", "malformed:two_numbers"),
    ("expression", "1/(2*x)", X, "1/2x", "malformed:ambiguous"),
    ("expression", "x/2", X, "1/2x", "correct"),
    ("expression", "e^(2*x)", X, "e^2x", "malformed:ambiguous"),
    ("expression", "x^2*y", {"vars": ["x", "y"]}, "x^2y", "correct"),
    ("expression", "5", X, "2 + 3", "form_issue"),
    ("expression", "5", {"unevaluated": True, **X}, "2 + 3", "correct"),
    ("expression", "5", X, "x = 5", "correct"),
    ("expression", "5", X, "y = 5", "malformed:other_variable"),
    ("expression", "5", {"accept_bare_value": False, **X}, "5", "form_issue"),
    ("expression", "sqrt(2)", {}, "1.41", "form_issue"),
    ("expression", "sqrt(2)", {}, "1.4142135623730950488016887242", "form_issue"),
    ("expression", "sqrt(2)", {}, "1.42", "wrong"),
    ("expression", "sqrt(2)", {"decimals": "round(2)"}, "1.41", "correct"),
    ("expression", "sqrt(2)", {"decimals": "tolerance", "tolerance_abs": 0.01}, "1.42", "correct"),
    ("expression", "1/3", {}, "0.33", "form_issue"),
    ("expression", "7/2", {"form": "mixed"}, "7/2", "form_issue"),
    ("expression", "7/2", {"form": "mixed"}, "3 1/2", "correct"),
    ("expression", "2*x", SIMPLER, "x + x", "form_issue"),
    ("expression", "2*x", SIMPLER, "4x/2", "form_issue"),
    ("expression", "x^2", SIMPLER, "x*x", "form_issue"),
    ("expression", "2*sqrt(2)", SIMPLER, "sqrt(8)", "form_issue"),
    ("expression", "3/4*x", SIMPLER, "3x/4", "correct"),
    ("expression", "x^2 + 3*x + 2", {"form": "expanded", **X}, "(x+1)(x+2)", "form_issue"),
    ("expression", "(x+1)*(x+2)", {"form": "factored", **X}, "x^2+3x+2", "form_issue"),
    ("expression", "(x+1)*(x+2)", {"form": "factored", **X}, "(2+x)(1+x)", "correct"),
    ("expression", "2*(x+1)*(x+2)", {"form": "factored", **X}, "(2x+2)(x+2)", "form_issue"),
    ("expression", "(x+1)/x", {"form": "single_fraction", **X}, "1 + 1/x", "form_issue"),
    ("expression", "ln(abs(x))", X, "ln x", "wrong"),
    ("expression", "sqrt(x^2)", X, "x", "wrong"),
    ("expression", "2", {}, "log 100", "form_issue"),
    ("expression", "log(5, 2)", {"log_base": "2"}, "log 5", "correct"),
    ("expression", "ln(5)", {"log_base": "e"}, "log 5", "correct"),
    ("expression", "ln(5)", {}, "log 5", "wrong"),
    ("expression", "1.5*x", {"decimal_comma": True, **X}, "1,5x", "correct"),
    ("equation", "x = 3", X, "3", "correct"),
    ("equation", "x = 3", X, "2x = 6", "form_issue"),
    ("equation", "x = 3", X, "x = 6/2", "form_issue"),
    ("equation", "y = 2*x + 1", {"vars": ["x", "y"]}, "2y - 4x = 2", "correct"),
    ("equation", "y = 2*x + 1", {"vars": ["x", "y"], "form": "solved"}, "2y - 4x = 2", "form_issue"),
    ("equation", "x*y = 4", {"vars": ["x", "y"]}, "y = 4/x", "correct"),
    ("equation", "x^2 = 9", X, "x = 3", "wrong"),
    ("equation", "x^2 = 3*x", X, "x = 3", "wrong"),
    ("equation", "x^2 + y^2 = 9", {"vars": ["x", "y"]}, "x + y", "malformed:no_equation"),
    ("inequality", "x > 3", X, "-2x < -6", "correct"),
    ("inequality", "x > 3", X, "-2x > -6", "wrong"),
    ("inequality", "x > 3", X, "x >= 3", "wrong"),
    ("inequality", "x > 3", X, "(3, ∞)", "form_issue"),
    ("inequality", "x > 3", {"form": "solved", **X}, "2x > 6", "form_issue"),
    ("inequality", "x < 1 or x > 5", X, "|x - 3| > 2", "correct"),
    ("inequality", "x < 1 or x > 5", X, "x < 1 and x > 5", "wrong"),
    ("inequality", "y > 2*x + 1", {"vars": ["x", "y"]}, "2y - 4x > 2", "correct"),
    ("inequality", "y > 2*x + 1", {"vars": ["x", "y"]}, "2y - 4x < 2", "wrong"),
    ("interval", "(2, 5]", {}, "2 < x <= 5", "form_issue"),
    ("interval", "(2, 5]", {}, "[2, 5]", "wrong"),
    ("interval", "(2, 5]", {}, "(2, 3] ∪ (3, 5]", "correct"),
    ("interval", "∅", {}, "no solution", "correct"),
    ("interval", "(-infinity, infinity)", {}, "all real numbers", "correct"),
    ("point", "(2, -3)", {}, "(2, 3)", "partial"),
    ("point", "(2, -3)", {}, "(-3, 2)", "wrong"),
    ("point", "(2, -3)", {}, "2", "malformed:one_coordinate"),
    ("set", "{1, 2}", X, "1", "partial"),
    ("set", "{1, 2}", X, "1, 2, 3", "wrong"),
    ("set", "{3, -3}", X, "x = ±3", "correct"),
    ("set", "{3, -3}", X, "x ∈ {3, -3}", "correct"),
    ("set", "{3, -3}", X, "x = 3 ∨ x = -3", "correct"),
    ("set", "{1 + sqrt(2), 1 - sqrt(2)}", X, "1 ± √2", "correct"),
    ("list", "{1, 4, 9}", {}, "9, 4, 1", "wrong"),
    ("list", "{1, 4, 9}", {"order": False}, "9, 4, 1", "correct"),
    ("list", "{1, 1, 2}", {"order": False}, "1, 2, 2", "wrong"),
    ("list", "red, green", {"items": "text"}, "green, red", "wrong"),
    ("set", "red, green", {"items": "text"}, "Green and red", "correct"),
    ("matrix", "[[1, 2], [3, 4]]", {}, "[[1, 2], [3, 5]]", "partial"),
    ("matrix", "[[1, 2], [3, 4]]", {}, "[[1, 2, 3], [4]]", "malformed:ragged"),
    ("matrix", "[[1], [2]]", {}, "(1, 2)", "correct"),
    ("quantity", "5 m", {}, "5", "form_issue"),
    ("quantity", "5 m", {"units": "optional"}, "5", "correct"),
    ("quantity", "5 m", {}, "5 cm", "wrong"),
    ("quantity", "5 m", {}, "5 kg", "wrong"),
    ("quantity", "5 m", {"form": "same_unit"}, "500 cm", "form_issue"),
    ("quantity", "5 m", {}, "5 blarg", "malformed:unknown_unit"),
    ("quantity", "90 min", {}, "1 h 30 min", "correct"),
    ("quantity", "90 min", {}, "1 h 20 min", "wrong"),
    ("quantity", "25 %", {"units": "optional"}, "0.25", "correct"),
    ("quantity", "20 °C", {}, "68 °F", "correct"),
    ("quantity", "20 °C", {}, "20 K", "wrong"),
    ("quantity", "9.81 m/s^2", {"significant": 3}, "9.8 m/s^2", "form_issue"),
    ("quantity", "20 m/s", {}, "72 km/h", "correct"),
    ("number", "1234", {"significant": 2}, "1200", "correct"),
    ("number", "1234", {"significant": 2}, "1.2e3", "correct"),
    ("number", "1234", {"significant": 2}, "1234", "form_issue"),
    ("number", "4", {}, "sqrt(16)", "form_issue"),
    ("number", "-7", {}, "negative 7", "correct"),
    ("number", "1500000", {}, "1.5 million", "correct"),
    ("number", "3/4", {}, "three quarters", "correct"),
)


@pytest.mark.parametrize(("kind", "answer", "policy", "given", "expected"), CASES)
def test_an_answer_gets_its_verdict(kind: str, answer: str, policy: dict[str, Any], given: str, expected: str) -> None:
    verdict = check(asked(kind, answer, **policy), given, typed=True)

    wanted, _, code = expected.partition(":")
    assert verdict.verdict == wanted
    assert not code or verdict.code == code
    assert verdict.feedback


def test_sending_the_question_back_is_no_answer() -> None:
    expand = asked("expression", "3*x + 6", prompt="Expand $3(x+2)$.", vars=["x"])
    solve = asked("equation", "x = 2", prompt="Solve $2x + 3 = 7$.", vars=["x"])

    assert check(expand, "3*(x + 2)").code == "same_as_question"
    assert check(expand, "3(x+2) = 3x + 6").verdict == "correct"
    assert check(solve, "2x+3=7").code == "same_as_question"
    assert check(solve, "2x = 4").verdict == "form_issue"


def test_what_is_right_says_so_and_what_is_partly_right_says_which_part() -> None:
    verdict = check(asked("point", "(2, -3)"), "(2, 3)")

    assert verdict.score == 0.5
    assert verdict.parts == ["1"]


def test_what_cannot_be_decided_is_not_called_wrong() -> None:
    # Defined only where both have hardly a value in common.
    question = asked("expression", "sqrt(x - 10^9)", vars=["x"])

    assert check(question, "sqrt(x - 10^9 + 0*x)").verdict in {"correct", "undecided"}
