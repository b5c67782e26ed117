"""Answers that put the options in order: ``c, a, b``, ``c a b``, ``cab``, ``c > a > b``, or the options' own texts."""

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
from tutor.checking.wording import folded, slips

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

_SEPARATOR = re.compile(
    r"\s*(?:,|;|\n|->|=>|→|⇒|>|<|\s/\s|\s[-–—]\s|\bthen\b|\bfollowed by\b|\band\b)\s*(?:and\s+(?:then\s+)?|then\s+)?",
    re.IGNORECASE,
)
#: "first b", "egg comes first", "hen last"
_PLACED = re.compile(
    r"^(?:first(?:ly)?|second(?:ly)?|third(?:ly)?|next|last(?:ly)?|finally)\b[,:]?\s*(?=\S)|"
    r"(?<=\S)\s+(?:(?:comes?|is|goes)\s+)?(?:first|second|third|next|last)$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^\s*\d{1,2}\s*[.):]\s*")


@dataclass(frozen=True)
class OrderReading(Reading):
    """Ids of the options, first to last."""

    ids: tuple[str, ...]


class OrderFormat(AnswerFormat):
    """``type: order``. ``choices`` are what is put in order; the answer names all their ids, first to last."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        return ",".join(part.strip() for part in text.split(","))

    def renamed(self, value: str, ids: Mapping[str, str]) -> str:
        return ",".join(ids.get(one.strip(), one.strip()) for one in value.split(","))

    def read(self, question: QuestionInstance, given: str) -> OrderReading:
        if len(given) > MAX_ANSWER * 4:
            raise MalformedAnswer("too_long", f"That is very long: an answer has at most {MAX_ANSWER * 4} characters.")
        choices = question.format.choices
        parts = _parts(bare(given), choices)
        # Twice as many parts as there are options may name some twice; more are no order, and not worth reading.
        known = parts if len(parts) <= 2 * len(choices) else []
        ids = [found for part in known if (found := _named(part, choices)) is not None]
        if not ids or len(ids) != len(parts):
            letters = ", ".join(choice.id for choice in choices)
            raise MalformedAnswer("not_an_option", f"Please write the letters {letters} in your order.")
        if len(set(ids)) < len(ids):
            raise MalformedAnswer("twice", "You named something twice; please put each in one place.")
        if len(ids) < len(choices):
            raise MalformedAnswer("incomplete", f"Please put all {len(choices)} in order; some are missing.")
        return OrderReading(text=folded(given), ids=tuple(ids))

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return isinstance(reading, OrderReading) and reading.ids == _ids(value)

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, OrderReading)  # noqa: S101 — the reading is this format's own
        golds = [_ids(text) for text in (question.answer, *question.alternatives)]
        if reading.ids in golds:
            return Verdict(verdict="correct", feedback="Yes, that is right.")
        right = [one for one, gold in zip(reading.ids, golds[0], strict=False) if one == gold]
        if len(right) * 2 >= len(golds[0]):
            return Verdict(
                verdict="partial",
                score=len(right) / len(golds[0]),
                parts=right,
                feedback=f"{len(right)} of {len(golds[0])} are in their right place; look at the others again.",
            )
        if reading.ids == golds[0][::-1]:
            return Verdict(verdict="wrong", feedback="That is the order from the other end: what comes first?")
        return Verdict(verdict="wrong", feedback="That is not the order yet: which of them certainly comes first?")

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        try:
            reading = self.read(question, text)
        except MalformedAnswer:
            return self._told(question, text)
        return reading.ids == _ids(question.answer)

    @staticmethod
    def _told(question: QuestionInstance, text: str) -> bool:
        """Whether the letters side by side, or the options' texts, stand in ``text`` in the right order."""
        ids = _ids(question.answer)
        letters = r"\s*(?:,|;|->|→|>|<|then|and)*\s*".join(re.escape(one) for one in ids)
        if re.search(rf"(?<![A-Za-z]){letters}(?![A-Za-z])", text, re.IGNORECASE):
            return True
        texts = {choice.id: folded(choice.text) for choice in question.format.choices}
        plain, at = folded(text), 0
        for one in ids:
            found = plain.find(texts.get(one, one), at)
            if found < 0:
                return False
            at = found + 1
        return True

    def problems(self, question: QuestionInstance) -> list[str]:
        ids = [choice.id for choice in question.format.choices]
        found: list[str] = []
        if len(ids) < 2:
            found.append("an order question needs at least two options")
        if len(set(ids)) < len(ids):
            found.append("two options have the same id")
        if sorted(ids) != sorted(_ids(question.answer)):
            found.append("the answer names each option once, first to last")
        return found


def _ids(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _parts(text: str, choices: list[content.Choice]) -> list[str]:
    text = re.sub(r"(?<=\S)\s+(?=\d{1,2}[.)]\s)", ", ", text)
    whole = {folded(choice.text) for choice in choices}
    parts = [
        _PLACED.sub("", _NUMBERED.sub("", part).strip()) if folded(part) not in whole else part
        for part in _SEPARATOR.split(text)
    ]
    parts = [part for part in parts if part]
    if len(parts) == 1 and re.fullmatch(r"[A-Za-z0-9](?:[-–/][A-Za-z0-9])+", parts[0]):
        parts = re.split(r"[-–/]", parts[0])
    if len(parts) == 1:
        parts = parts[0].split()
    if len(parts) == 1 and all(len(choice.id) == 1 for choice in choices):
        parts = list(parts[0])
    return parts


def _named(part: str, choices: list[content.Choice]) -> str | None:
    """The option that a part names by its id or its text; None where it names none or several."""
    plain = part.strip(" .()[]").lower()
    for choice in choices:
        if choice.id.lower() == plain:
            return choice.id
    words = folded(part)
    exact = [choice.id for choice in choices if folded(choice.text) == words]
    near = exact or [choice.id for choice in choices if slips(words, folded(choice.text)) is not None]
    return near[0] if len(near) == 1 else None
