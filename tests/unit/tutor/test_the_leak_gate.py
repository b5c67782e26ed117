from __future__ import annotations

import pytest

from tests.unit.tutor.checking.answers import number, question
from tutor import course as content
from tutor.leak_gate import Known, leaks

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


# --- what the learner has before them already --------------------------------------------------------------------

READ = Known(material=("Undo what was done. Taking 3 away 7 times is tiring. So $x = 7$ fits $x + 1 = 8$.",))


@pytest.mark.parametrize(
    "text", ["Taking 3 away 7 times is tiring.", "Undo what was done. So $x = 7$ fits $x + 1 = 8$."]
)
def test_a_sentence_that_stands_in_the_material_may_be_said_again(text: str) -> None:
    assert leaks(text, EQUATION)
    assert not leaks(text, EQUATION, READ)


@pytest.mark.parametrize("text", ["So $x = 7$.", "7", "**7**", "Taking 3 away gives 7.", "Here, too, $x = 7$."])
def test_its_numbers_in_other_words_are_a_statement_of_ours(text: str) -> None:
    assert leaks(text, EQUATION, READ)


def test_a_number_the_learner_wrote_may_be_mentioned_but_not_confirmed() -> None:
    asked = Known(learner="why do I get 7 here?")
    assert not leaks("Where did the 7 come from?", EQUATION, asked)
    assert leaks("The answer is 7.", EQUATION, asked)
    assert leaks("**7**", EQUATION, asked)


def test_who_tries_all_numbers_learns_nothing() -> None:
    assert leaks("Look at 7.", EQUATION, Known(learner="is it 5, 6, 7, 8 or 9?"))


def test_an_option_and_a_word_are_the_answer_wherever_they_stand() -> None:
    asked = question(content.Format(type="short_text", aliases=["opposite"]), "inverse", prompt="Name it.")
    assert leaks("It is the inverse.", asked, Known(material=("It is the inverse.",), learner="inverse?"))
