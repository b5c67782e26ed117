"""Free text with a model's help: it quotes the words that state a point of the rubric, and code decides what counts.

A quote counts where it stands in the answer, says at least three words that are not the question's own, is not denied,
and shares no words of the answer with another point's. The score is computed here from the points. What code finds by
itself always counts; a text that gives orders is read by code alone, and its teacher is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from tutor import injection
from tutor.checking.free_text import NEGATIONS, FreeTextFormat, FreeTextReading, denied, scored, words_of
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: In words.
SHORTEST_QUOTE = 3


class PointQuote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of an answer that state one point."""

    point: str
    quote: str


class Quotes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is asked for."""

    quotes: list[PointQuote]


def wanted(question: QuestionInstance, verdict: Verdict, text: str) -> bool:
    """Whether a model may help: code has not found every point, and the text gives no orders."""
    return (
        question.format.type == "free_text"
        and verdict.verdict in {"wrong", "partial"}
        and injection.orders(text) is None
    )


def judged(question: QuestionInstance, text: str, verdict: Verdict, quotes: Quotes) -> Verdict:
    """The verdict of the points that code found and those whose quotes count; never worse than ``verdict``."""
    form = FreeTextFormat()
    try:
        reading = form.read(question, text)
    except MalformedAnswer:
        return verdict
    stated = {point.id for point in form.stated(question, reading)}
    stated |= _counting(question, reading, quotes.quotes)
    better = scored(question, [point for point in question.format.rubric if point.id in stated])
    return better if (better.score or 0) > (verdict.score or 0) else verdict


def _counting(question: QuestionInstance, reading: FreeTextReading, quotes: Sequence[PointQuote]) -> set[str]:
    known = {point.id for point in question.format.rubric}
    asked = set(words_of(question.prompt))
    taken: dict[int, set[int]] = {}
    counting: set[str] = set()
    for one in quotes:
        words = words_of(one.quote)
        if one.point not in known or len(words) < SHORTEST_QUOTE or len(set(words) - asked) < SHORTEST_QUOTE:
            continue
        place = _place(reading, words)
        if place is None:
            continue
        sentence, at = place
        span = set(range(at, at + len(words)))
        if not NEGATIONS.isdisjoint(words) or denied(reading.sentences[sentence], at):
            continue
        if span & taken.get(sentence, set()):
            continue
        taken[sentence] = taken.get(sentence, set()) | span
        counting.add(one.point)
    return counting


def _place(reading: FreeTextReading, words: tuple[str, ...]) -> tuple[int, int] | None:
    """Where the quoted words stand in the answer: sentence and first word; None where they do not."""
    for number, sentence in enumerate(reading.sentences):
        for at in range(len(sentence) - len(words) + 1):
            if sentence[at : at + len(words)] == words:
                return number, at
    return None
