from __future__ import annotations

import pytest

from tests.unit.tutor.checking.answers import question
from tutor import course as content
from tutor.checking import check
from tutor.questions import InstanceError

ASKED = question(
    content.Format(type="short_text", aliases=["opposite operation"]),
    "inverse operation",
    errors=[InstanceError(known_error="mixed_up", match="reverse operation", say="That is another word.")],
)


@pytest.mark.parametrize(
    "given",
    [
        "inverse operation",
        "Inverse Operation.",
        "the inverse operation",
        "it is called inverse operation",
        "INVERSE  OPERATION",
        "invers operation",
        "inverse opertaion",
        "ínverse operátion",
        "opposit operation",
    ],
)
def test_spelling_case_and_accents_do_not_matter(given: str) -> None:
    assert check(ASKED, given).verdict == "correct"


@pytest.mark.parametrize("given", ["operation", "not inverse operation", "equation"])
def test_another_text_is_wrong(given: str) -> None:
    assert check(ASKED, given).verdict == "wrong"


def test_a_known_wrong_answer_is_never_taken_for_a_slip() -> None:
    assert check(ASKED, "reverse operation").known_error == "mixed_up"


def test_more_slips_than_may_be_forgiven_are_asked_about() -> None:
    assert check(ASKED, "invrs opraton").code == "spelling"


def test_short_words_and_digits_have_no_slips() -> None:
    assert check(question(content.Format(type="short_text"), "even"), "ever").verdict == "wrong"
    assert (
        check(question(content.Format(type="short_text"), "add 3 on both sides"), "add 4 on both sides").verdict
        == "wrong"
    )


def test_case_and_typos_can_matter() -> None:
    strict = question(content.Format(type="short_text", case=True, typos=False), "Newton")
    assert check(strict, "Newton").verdict == "correct"
    assert check(strict, "newton").verdict == "wrong"
    assert check(strict, "Newtan").verdict == "wrong"
