"""How hard a question is, learned from its answers: Elo ratings of learner and question, against each other.

Both stand on one scale, in logits: a learner as able as a question is hard has an even chance. After each answer both
move by what it surprised, the less the more answers stand behind them (K = 1 / (1 + 0.05 n)). The author's
``difficulty`` (0 easy to 1 hard) is where a question begins. Mastery is not decided here (``tutor.mastery``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

#: Logits between the author's 0 and 1.
SPREAD = 4.0
#: How fast an estimate settles.
SETTLING = 0.05


def of_author(difficulty: float) -> float:
    """The author's difficulty, or a probability of knowing (both 0 to 1), in logits."""
    return SPREAD * (difficulty - 0.5)


def as_author(rating: float) -> float:
    """A rating as an author would have written it, 0 to 1."""
    return min(1.0, max(0.0, rating / SPREAD + 0.5))


def chance(ability: float, difficulty: float, guess: float = 0.0) -> float:
    """How likely the learner solves the question alone. ``guess``: the chance of one who knows nothing."""
    return guess + (1 - guess) / (1 + math.exp(difficulty - ability))


def step(answers: int) -> float:
    """How far an estimate moves that so many answers stand behind."""
    return 1 / (1 + SETTLING * answers)


def moved(estimate: float, answers: int, surprise: float) -> float:
    """The estimate after one more answer. ``surprise``: result less expectation, from the estimate's own side."""
    return round(estimate + step(answers) * surprise, 4)


class Answer(NamedTuple):
    """One learner's first answer to a question; ratings in logits."""

    course: str
    question: str
    start: float
    ability: float
    guess: float
    right: bool


class Rating(NamedTuple):
    """A question's rating, and how many answers stand behind it."""

    difficulty: float
    answers: int

    def after(self, answer: Answer) -> Rating:
        """The rating after one more answer: a question is harder than thought if it was not solved."""
        expected = chance(answer.ability, self.difficulty, answer.guess)
        return Rating(moved(self.difficulty, self.answers, expected - answer.right), self.answers + 1)
