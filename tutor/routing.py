"""What a learner wants where the rules are unsure: a model is asked, and may only choose from a closed set.

Deterministic rules (``tutor.intent``) come first and decide nearly everything. A model is asked about a message that no
rule fits and that cannot be read as an answer. Such a message is no attempt whatever it says: so the model decides
which reply fits, never whether something is right. Whatever it says beyond the set is the rules' answer.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from tutor import injection
from tutor.checking.verdict import Verdict

#: Words below which a message is too short to mean more than the rules can see.
LEAST_WORDS = 3

Wish = Literal["hint", "clarify", "give_up", "skip", "dispute", "pause", "continue", "off_topic", "answer", "unsure"]
#: Of these, those that leave the rules' answer as it is.
_AS_IT_IS = frozenset({"answer", "unsure"})


class Routed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked for."""

    intent: Wish


def unsure(verdict: Verdict, text: str, *, typed: bool) -> bool:
    """Whether a model may be asked what the message means: it is no answer, it is words, and it gives no orders."""
    if typed or verdict.verdict != "malformed":
        return False
    return len(re.findall(r"[^\W\d_]{2,}", text)) >= LEAST_WORDS and injection.orders(text) is None


def decided(verdict: Verdict, routed: Routed) -> Verdict:
    """The verdict with the intent that the model chose; the rules' own where it chose none."""
    if verdict.verdict != "malformed" or routed.intent in _AS_IT_IS:
        return verdict
    return Verdict(verdict="not_an_answer", intent=routed.intent)
