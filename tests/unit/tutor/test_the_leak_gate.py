from __future__ import annotations

import pytest

from tests.unit.tutor.checking.answers import number, question
from tutor import course as content
from tutor.leak_gate import leaks

EQUATION = number(7, prompt="Solve $x + 3 = 10$.", vars=["x"])


@pytest.mark.parametrize(
    "text",
    [
        "It is 7.",
        "So $x = 7$.",
        "$x=\\frac{14}{2}$",
        "The answer is seven.",
        "You get 7.0 in the end.",
        "x is **7**",
        "$\\boxed{7}$",
        "−7 with the other sign, no: 7",
    ],
)
def test_an_equal_value_in_any_writing_leaks(text: str) -> None:
    assert leaks(text, EQUATION)


@pytest.mark.parametrize(
    "text",
    [
        "Subtract $3$ from both sides of $x + 3 = 10$.",
        "What is $10 - 3$?",
        "17 and 70 are other numbers.",
        "Then $7x$ is left.",
        "7. Look at both sides.",
        "There are seven days in a week.",
        "$x^7$",
    ],
)
def test_other_numbers_and_the_next_step_do_not(text: str) -> None:
    assert not leaks(text, EQUATION)


def test_a_number_of_the_prompt_leaks_only_where_it_is_stated_as_the_answer() -> None:
    asked = number(3, prompt="Solve $x + 3 = 6$.", vars=["x"])
    assert not leaks("Subtract $3$ on both sides.", asked)
    assert leaks("So $x = 3$.", asked)
    assert leaks("The answer is 3.", asked)


def test_the_right_options_text_and_its_letter_in_answer_position_leak() -> None:
    choices = [content.Choice(id="a", text="Add $3$ to both sides"), content.Choice(id="b", text="Divide by $3$")]
    asked = question(content.Format(type="choice", choices=choices), "a")
    assert leaks("You should add 3 to both sides.", asked)
    assert leaks("The answer is A.", asked)
    assert leaks("Pick (a).", asked)
    assert not leaks("The answer is a step that keeps both sides equal.", asked)
    assert not leaks("Do not divide by $3$.", asked)


def test_the_word_of_a_short_text_leaks_as_a_whole_word_only() -> None:
    asked = question(content.Format(type="short_text", aliases=["opposite"]), "inverse", prompt="Name it.")
    assert leaks("We call it the *Inverse* operation.", asked)
    assert leaks("the opposite", asked)
    assert not leaks("inversely", asked)


def test_a_text_too_long_to_read_is_not_let_through() -> None:
    assert leaks("a" * 20_001, EQUATION)


@pytest.mark.parametrize("text", ["You cannot work out $1/0$.", "10e999 is a lot", "1/0 = 7"])
def test_what_is_no_number_stops_nobody_from_reading_on(text: str) -> None:
    assert leaks(text, EQUATION) is ("7" in text)
