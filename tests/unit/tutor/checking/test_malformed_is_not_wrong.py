"""A slip of the keyboard, a copied question, an unfinished step: said, and never counted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tutor.checking.answers import number
from tutor.checking import check


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("", "empty"),
        ("banana", "not_a_number"),
        ("x + 3 = 10", "not_solved"),
        ("2x = 14", "not_solved"),
        ("y = 7", "other_variable"),
        ("7 apples", "extra_text"),
        ("3/0", "division_by_zero"),
        ("10 - 3 = 8", "sides_differ"),
        ("7 or 8", "one_number"),
        ("1" * 31, "too_large"),
        ("7" + " " * 300, "too_long"),
        ("3 +", "not_a_number"),
    ],
)
def test_what_cannot_be_read_is_malformed_with_its_reason(given: str, code: Any) -> None:
    verdict = check(number(7, vars=["x"]), given)
    assert (verdict.verdict, verdict.code) == ("malformed", code)
    assert verdict.feedback
    assert not verdict.counts


def test_a_comma_that_may_be_decimal_is_asked_about() -> None:
    assert check(number("1.234"), "1,234").code == "ambiguous_comma"
    assert check(number(1234), "1,234").verdict == "correct"
    assert check(number(5), "1,234").verdict == "wrong"


@pytest.mark.parametrize(
    ("policy", "gold", "given", "verdict"),
    [
        ({}, "7", "2+5", "form_issue"),
        ({}, "7", "14/2", "form_issue"),
        ({"form": "simplified"}, "7/2", "14/4", "form_issue"),
        ({"form": "simplified"}, "7/2", "3.5", "correct"),
        ({"form": "mixed"}, "7/2", "7/2", "form_issue"),
        ({"form": "mixed"}, "7/2", "3 1/2", "correct"),
        ({"vars": ["x"], "accept_bare_value": False}, "7", "7", "form_issue"),
        ({"vars": ["x"], "accept_bare_value": False}, "7", "x = 7", "correct"),
        ({}, "1/3", "0.33", "form_issue"),
        ({}, "1/3", "0.34", "wrong"),
        ({"decimals": "round(2)"}, "2/3", "0.67", "correct"),
        ({"decimals": "round(2)"}, "2/3", "0.667", "form_issue"),
        ({"decimals": "round(2)"}, "2/3", "0.66", "wrong"),
        ({"decimals": "tolerance", "tolerance_abs": 0.1}, "7", "7.1", "correct"),
        ({"decimals": "tolerance", "tolerance_abs": 0.1}, "7", "7.2", "wrong"),
        ({"units": "percent"}, "50", "50%", "correct"),
        ({"units": "percent"}, "50", "50", "correct"),
        ({}, "1/2", "50%", "correct"),
        ({}, "50", "50%", "malformed"),
    ],
)
def test_policies_of_the_question_decide_the_form(policy: Any, gold: Any, given: str, verdict: Any) -> None:
    assert check(number(gold, **policy), given).verdict == verdict
