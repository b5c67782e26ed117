from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.tutor.checking.answers import number, question
from tutor import course as content
from tutor.checking import check
from tutor.intent import classify

WISHES = {
    "hint": "hint? | a hint please | help me | I'm stuck | "
    "I don't know | idk | no idea | where do I start | can I have a hint?",
    "give_up": "I give up | just tell me the answer | "
    "what's the answer? | show me the solution | can you tell me the answer?",
    "skip": "skip | next question please | can we skip this? | pass",
    "dispute": "mine is right | but my answer is correct! | you're wrong | "
    "are you sure? | why is it wrong? | I disagree",
    "clarify": "why? | ??? | what does coefficient mean? | "
    "I don't understand | can you explain that again | how do I undo adding?",
    "off_topic": "hello | how are you? | tell me a joke | I'm bored | are you a robot? | do you like pizza?",
    "continue": "continue | go on | I'm ready | let's go",
    "pause": "pause | I need a break | bye | see you tomorrow",
    "cancel": "cancel | stop | never mind",
}
NUMBER = number(7, vars=["x"])
CHOICE = question(
    content.Format(
        type="choice", choices=[content.Choice(id="a", text="I don't know"), content.Choice(id="b", text="Stop")]
    ),
    "b",
)
TEXT = question(content.Format(type="short_text", aliases=["help"]), "hint")


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, one) for intent, texts in WISHES.items() for one in texts.split(" | ")]
)
def test_a_wish_is_not_graded(intent: Any, text: str) -> None:
    assert classify(text, None) == intent
    verdict = check(NUMBER, text)
    assert (verdict.verdict, verdict.intent, verdict.counts) == ("not_an_answer", intent, False)


@pytest.mark.parametrize(
    "text",
    ["7", "x = 7", "is it 7?", "what about 7?", "seven", "maybe 7", "I think it is 7", "so 7", "7 because why not"],
)
def test_what_the_format_reads_is_an_answer(text: str) -> None:
    assert classify(text, NUMBER) is None


def test_an_option_or_a_word_that_sounds_like_a_wish_is_an_answer() -> None:
    assert check(CHOICE, "stop").verdict == "correct"
    assert check(CHOICE, "I don't know").verdict == "wrong"
    assert check(TEXT, "hint").verdict == "correct"
    assert check(TEXT, "Help!").verdict == "correct"


def test_a_questions_own_control_sends_answers_only() -> None:
    assert check(NUMBER, "hint", typed=True).verdict == "malformed"


# --- a set of real messages --------------------------------------------------------------------------------------

UTTERANCES: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("utterances.yaml").read_text())
EQUATION = number(7, vars=["x"], prompt="Solve $x + 5 = 12$.")


def test_the_rules_say_of_nearly_every_message_what_it_wants() -> None:
    labelled = [(label, str(text)) for label, texts in UTTERANCES.items() for text in texts]
    wrong = [(label, text) for label, text in labelled if (classify(text, EQUATION) or "answer") != label]

    assert len(labelled) >= 200
    assert len(wrong) <= 0.03 * len(labelled), wrong


@pytest.mark.parametrize("asked", [EQUATION, CHOICE], ids=["number", "choice"])
def test_no_off_topic_message_is_an_attempt(asked: Any) -> None:
    assert len(UTTERANCES["off_topic"]) >= 100
    assert [text for text in UTTERANCES["off_topic"] if check(asked, text).counts] == []


def test_of_a_question_in_words_no_off_topic_sentence_is_an_attempt() -> None:
    sentences = [text for text in UTTERANCES["off_topic"] if len(text.split()) > 2]

    assert [text for text in sentences if check(TEXT, text).counts] == []
