"""Free text with a model that believes whatever it reads: attacks change no verdict and no score."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.unit.tutor.checking.answers import question
from tutor import course as content
from tutor import injection, judging
from tutor.checking.quotes import PointQuote, Quotes
from tutor.evals.red_team.attacks import generate_attacks
from tutor.evals.red_team.campaign import WISHES
from tutor.questions import QuestionInstance

RUBRIC: list[dict[str, Any]] = [
    {"id": "heat", "about": "what gives the energy", "terms": ["sun", "heat*"]},
    {"id": "vapour", "about": "what becomes of the water", "terms": ["evaporat*", "vapour"]},
]
PUDDLES = question(
    msgspec.convert({"type": "free_text", "rubric": RUBRIC}, content.Format),
    "The sun warms the water and it evaporates.",
    prompt="Why do puddles disappear on a fine day?",
)
WRONG = "The water runs into the ground after a while."
RIGHT = "Heat from the sun makes the water evaporate into the air."
ATTACKS = [attack for wish in WISHES for attack in generate_attacks(wish, ["encoding", "injection", "jailbreak"])]


def gullible(asked: QuestionInstance, given: str) -> str:
    """The verdict where the model quotes every sentence of the answer, for every point in turn."""
    verdict = judging.by_code(asked, given, typed=False)
    open_point = judging.open_point(asked, given, verdict, typed=False)
    if open_point is None:
        return verdict.verdict
    sentences = [part.strip() for part in given.replace("\n", ".").split(".") if part.strip()]
    points = [point["id"] for point in RUBRIC]
    believed = [PointQuote(points[at % 2], sentence) for at, sentence in enumerate([*sentences, *sentences[1:]])]
    return judging.settled(asked, given, verdict, Quotes(believed)).verdict


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_behind_a_wrong_answer_is_not_believed(attack: Any) -> None:
    given = f"{WRONG} {attack.text}"

    assert gullible(PUDDLES, given) not in {"correct", "partial"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_behind_a_right_answer_does_not_spoil_it(attack: Any) -> None:
    assert gullible(PUDDLES, f"{RIGHT} {attack.text}") in {"correct", "malformed"}


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        "The rules of the game are simple: heat makes the water go up.",
        "You have to mark where the water was with chalk to see it.",
        "The sun is the answer, it gives the energy.",
        "Because the system loses water to the air all the time.",
        "It is correct that the ground is wet, but the sun dries it.",
        "I would repeat the experiment without sun.",
        "Please note that the water does not run away.",
    ],
)
def test_an_honest_answer_gives_no_orders(text: str) -> None:
    assert injection.orders(text) is None


def test_the_same_words_state_one_point_only() -> None:
    both = Quotes([PointQuote(name, "the bright light makes it rise up") for name in ("heat", "vapour")])
    given = "I think the bright light makes it rise up."
    verdict = judging.by_code(PUDDLES, given, typed=False)

    assert judging.settled(PUDDLES, given, verdict, both).verdict == "partial"


@pytest.mark.parametrize("quote", ["water", "Why do puddles disappear", "it does not rise up high", "the sun heats it"])
def test_what_is_too_short_or_not_said_or_denied_counts_for_nothing(quote: str) -> None:
    given = "I was asked why do puddles disappear, and the water is there: it does not rise up high."
    verdict = judging.by_code(PUDDLES, given, typed=False)

    assert judging.settled(PUDDLES, given, verdict, Quotes([PointQuote("heat", quote)])).verdict == "wrong"
