"""Hints to a question whose author wrote none: found in the course's material, or worded by a model within bounds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

import msgspec

from tutor import course as content
from tutor import leak_gate, wording
from tutor.leak_gate import Known
from tutor.lens.refused import Refused
from tutor.terms import terms

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In words.
LONGEST_HINT = 40

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z*$-])|\n+")
_FOREIGN = re.compile(r"!?\[[^\]]*\]\(|https?://|www\.|<[a-z/!]|`", re.IGNORECASE)


class Hint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked for."""

    #: How much it helps: where to look, which principle it takes, or how to begin.
    kind: Literal["look", "principle", "first_step"]
    text: str


def found(course: content.Course, question: QuestionInstance, level: int, shown: Collection[str] = ()) -> str:
    """The hint of this level (from 0) without a model (Markdown): first how to begin, then the sentence that fits best.

    ``shown``: ids of the material that the learner has read.
    """
    if level > 0:
        sentence = _fitting(course, question, shown)
        if sentence:
            return wording.read_again(sentence)
    return wording.plain_hint(level, question.format.type)


def _fitting(course: content.Course, question: QuestionInstance, shown: Collection[str]) -> str:
    wanted = terms(" ".join((question.prompt, *question.explain_keys)))
    best, most = "", 1
    for topic in course.topics:
        for material in topic.materials:
            if material.id not in shown:
                continue
            for sentence in _SENTENCE.split(material.body):
                fit = len(terms(sentence) & wanted)
                if fit > most and not leak_gate.leaks(sentence, question):
                    best, most = " ".join(sentence.split()), fit
    return best


def accepted(hint: Hint, question: QuestionInstance, known: Known = leak_gate.NOTHING) -> str:
    """The text of a model's hint. Raises ``Refused`` where it may not be given."""
    text = hint.text.strip()
    if not text or len(text.split()) > LONGEST_HINT:
        raise Refused(f"a hint has 1 to {LONGEST_HINT} words")
    if _FOREIGN.search(text) or text.count("$") % 2:
        raise Refused("a hint is plain Markdown with mathematics as $…$, without links, pictures, HTML and code")
    if leak_gate.withholds(text, question, known):
        raise Refused("the hint gives the answer away, or says whether something is right: say less")
    return text
