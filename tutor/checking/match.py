"""Answers that match options with targets: ``a-2, b-1``, ``a:2 b:1``, ``a → 2; b → 1``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor import course as content
from tutor.checking.answer_format import MAX_ANSWER, AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.phrasing import bare
from tutor.checking.verdict import Verdict
from tutor.checking.wording import folded

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

_LINK = re.compile(
    r"\s*(?:->|→|=>|=|:|-|–|,|\b(?:(?:goes|belongs|fits|matches|pairs)\s+)?(?:with|to)\b|\b(?:is|says|matches|means|and)\b)\s*",
    re.IGNORECASE,
)
#: "a goes with 2"
_TOLD = r"(?<![A-Za-z0-9]){}\s*(?:->|→|=|:|-|–|(?:goes |belongs )?(?:with|to))\s*{}(?![A-Za-z0-9])"
_SEPARATOR = re.compile(r"\s*[,;\n]\s*(?:and\s+)?")
_OTHER_SEPARATOR = re.compile(r"\)\s*[,;]?\s*\(|\s*[;\n]\s*|\s*,?\s+and\s+", re.IGNORECASE)
_TURNED = re.compile(r"([0-9]{1,2})\s*(?:->|→|=>|=|:|-|–)?\s*([A-Za-z]{1,2})(?![A-Za-z])")
_PAIR = re.compile(r"([A-Za-z]{1,2})\s*(?:->|→|=>|=|:|-|–)?\s*([0-9]{1,2})")


@dataclass(frozen=True)
class MatchReading(Reading):
    """Pairs of option and target, by id."""

    pairs: frozenset[tuple[str, str]]


class MatchFormat(AnswerFormat):
    """``type: match``. ``choices`` are matched with ``targets``; the answer is ``a:2, b:1``, one pair per choice."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        return ",".join(f"{one}:{other}" for one, other in sorted(_pairs(text)))

    def renamed(self, value: str, ids: Mapping[str, str]) -> str:
        return ",".join(sorted(f"{ids.get(one, one)}:{other}" for one, other in _pairs(value)))

    def read(self, question: QuestionInstance, given: str) -> MatchReading:
        if len(given) > MAX_ANSWER * 4:
            raise MalformedAnswer("too_long", f"That is very long: an answer has at most {MAX_ANSWER * 4} characters.")
        form, text = question.format, bare(given)
        found = [_pair(part, form) for part in _SEPARATOR.split(text) if part]
        if not found or None in found:
            # "(a, 2), (b, 1)", "the dog says woof and the cat says meow"
            found = [_pair(part, form) for part in _OTHER_SEPARATOR.split(text) if part.strip(" ()")]
        if not found or None in found:
            found = [_pair(" ".join(pair), form) for pair in _PAIR.findall(text)]
        if not found or None in found:
            found = [_pair(f"{letter} {digit}", form) for digit, letter in _TURNED.findall(text)]
        pairs = [pair for pair in found if pair is not None]
        if not pairs or len(pairs) != len(found):
            first, target = (form.choices[0].id, form.targets[0].id) if form.choices and form.targets else ("a", "1")
            raise MalformedAnswer("not_pairs", f"Please write pairs with commas between, each like {first}-{target}.")
        if len({one for one, _ in pairs}) < len(pairs):
            raise MalformedAnswer("twice", "You matched something twice; please give each one partner.")
        if len(pairs) < len(form.choices):
            raise MalformedAnswer("incomplete", f"Please match all {len(form.choices)}; some are missing.")
        return MatchReading(text=folded(given), pairs=frozenset(pairs))

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return isinstance(reading, MatchReading) and reading.pairs == _pairs(value)

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, MatchReading)  # noqa: S101 — the reading is this format's own
        golds = [_pairs(text) for text in (question.answer, *question.alternatives)]
        if reading.pairs in golds:
            return Verdict(verdict="correct", feedback="Yes, that is right.")
        right = sorted(one for one, _ in reading.pairs & golds[0])
        if right:
            return Verdict(
                verdict="partial",
                score=len(right) / len(golds[0]),
                parts=right,
                feedback=f"{len(right)} of {len(golds[0])} pairs are right; look at the others again.",
            )
        return Verdict(verdict="wrong", feedback="No pair is right yet: begin with the one you are surest of.")

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        """Telling half of the pairs is telling too much."""
        gold = _pairs(question.answer)
        texts = {choice.id: folded(choice.text) for choice in question.format.choices}
        targets = {target.id: folded(target.text) for target in question.format.targets}
        told = 0
        for sentence in re.split(r"[.,;\n!?]+", text):
            plain = f" {folded(sentence)} "
            for one, other in gold:
                named = f" {texts.get(one, one)} " in plain and f" {targets.get(other, other)} " in plain
                lettered = re.search(_TOLD.format(re.escape(one), re.escape(other)), sentence, re.IGNORECASE)
                told += bool(named or lettered)
        return told * 2 >= len(gold)

    def problems(self, question: QuestionInstance) -> list[str]:
        form = question.format
        ids, targets = [choice.id for choice in form.choices], [target.id for target in form.targets]
        found: list[str] = []
        if len(ids) < 2 or len(targets) < 2:
            found.append("a match question needs at least two choices and two targets")
        if len(set(ids)) < len(ids) or len(set(targets)) < len(targets):
            found.append("two choices or two targets have the same id")
        pairs = _pairs(question.answer)
        if sorted(one for one, _ in pairs) != sorted(ids):
            found.append("the answer has one pair for each choice, such as a:2, b:1")
        missing = {other for _, other in pairs} - set(targets)
        if missing:
            found.append(f"the answer names targets that do not exist: {', '.join(sorted(missing))}")
        return found


def _pairs(value: str) -> frozenset[tuple[str, str]]:
    parts = [part.partition(":") for part in value.split(",") if part.strip()]
    return frozenset((one.strip(), other.strip()) for one, _, other in parts)


def _pair(part: str, form: content.Format) -> tuple[str, str] | None:
    sides = [side for side in _LINK.split(part.strip(" ()"), maxsplit=1) if side]
    if len(sides) == 1:
        sides = sides[0].split(maxsplit=1)
    if len(sides) != 2:
        return None
    choices = {choice.id: choice.text for choice in form.choices}
    targets = {target.id: target.text for target in form.targets}
    one, other = _named(sides[0], choices), _named(sides[1], targets)
    if one is None or other is None:
        # "2-a": the other way round.
        one, other = _named(sides[1], choices), _named(sides[0], targets)
    return None if one is None or other is None else (one, other)


def _named(text: str, options: Mapping[str, str]) -> str | None:
    plain = text.strip(" .()").lower()
    by_id = next((key for key in options if key.lower() == plain), None)
    if by_id is not None:
        return by_id
    words = folded(text)
    return next((key for key, option in options.items() if folded(option) == words), None)
