"""What a learner wants where the rules are unsure: a model is asked, and may only choose from a closed set.

Deterministic rules (``tutor.intent``) come first and decide nearly everything. A model is asked about a message that no
rule fits and that cannot be read as an answer. Such a message is no attempt whatever it says: so the model decides
which reply fits, never whether something is right. Whatever it says beyond the set is the rules' answer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from tutor import injection, intent
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: Words below which a message is too short to mean more than the rules can see.
LEAST_WORDS = 3

Wish = Literal[
    "hint",
    "clarify",
    "give_up",
    "skip",
    "dispute",
    "pause",
    "continue",
    "tell_me",
    "upset",
    "off_topic",
    "answer",
    "unsure",
]
#: Of these, those that leave the rules' answer as it is.
_AS_IT_IS = frozenset({"answer", "unsure"})


class Routed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked for."""

    intent: Wish


def unsure(question: QuestionInstance, verdict: Verdict, text: str, *, typed: bool) -> bool:
    """Whether a model may be asked what the message means: it is no answer, it is words, and it gives no orders.

    The rules know nothing about it, or take it for off-topic only because they know none of its words.
    """
    if typed or not (verdict.verdict == "malformed" or intent.guessed(text, question)):
        return False
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= LEAST_WORDS and injection.orders(text) is None


def decided(verdict: Verdict, routed: Routed) -> Verdict:
    """The verdict with the intent that the model chose; the rules' own where it chose none."""
    if verdict.verdict not in {"malformed", "not_an_answer"} or routed.intent in _AS_IT_IS:
        return verdict
    return Verdict(verdict="not_an_answer", intent=routed.intent)
