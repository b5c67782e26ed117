"""How hard a question is, learned from its answers."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import elo
from tutor.elo import Answer, Rating

logits = st.floats(-6, 6)


def answer(*, right: bool, ability: float = 0.0, guess: float = 0.0) -> Answer:
    return Answer("c", "q", 0.0, ability, guess, right)


@pytest.mark.parametrize(("difficulty", "logit"), [(0.0, -2.0), (0.5, 0.0), (1.0, 2.0)])
def test_an_authors_difficulty_is_where_a_question_begins(difficulty: float, logit: float) -> None:
    assert elo.of_author(difficulty) == logit
    assert elo.as_author(logit) == difficulty


@given(logits, logits, st.floats(0, 0.5))
def test_a_chance_is_never_below_the_guess_and_falls_with_difficulty(a: float, d: float, guess: float) -> None:
    assert guess <= elo.chance(a, d, guess) <= 1
    assert elo.chance(a, d + 1, guess) <= elo.chance(a, d, guess)


def test_the_step_is_as_the_design_says() -> None:
    assert elo.step(0) == 1
    assert elo.step(20) == pytest.approx(0.5)
    assert elo.step(180) == pytest.approx(0.1)


def test_a_question_that_is_not_solved_is_harder_than_thought() -> None:
    begun = Rating(0.0, 0)

    assert begun.after(answer(right=False)).difficulty > 0 > begun.after(answer(right=True)).difficulty
    assert begun.after(answer(right=True)).answers == 1


def test_a_right_guess_says_less_about_a_choice() -> None:
    weak = -2.0
    typed = Rating(0.0, 0).after(answer(right=True, ability=weak))
    chosen = Rating(0.0, 0).after(answer(right=True, ability=weak, guess=0.5))

    assert typed.difficulty < chosen.difficulty < 0


def test_ratings_find_the_order_of_questions_whatever_their_authors_thought() -> None:
    chance = random.Random(1)
    truth = [-1.5, -0.5, 0.5, 1.5]
    ratings = [Rating(0.0, 0) for _ in truth]
    for _ in range(1_200):
        which, ability = chance.randrange(4), chance.gauss(0, 1)
        right = chance.random() < elo.chance(ability, truth[which])
        ratings[which] = ratings[which].after(answer(right=right, ability=ability))

    found = [rating.difficulty for rating in ratings]
    assert found == sorted(found)
    assert all(abs(one - true) < 0.6 for one, true in zip(found, truth, strict=True))
