"""Answers that pick from options: ``b``, ``B)``, ``the second one``, the option's own text; many: ``A, C``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tutor import course as content
from tutor.checking.answer_format import MAX_ANSWER, AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.number import numbers_in
from tutor.checking.verdict import Verdict
from tutor.checking.wording import folded, slips, unmarked

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NUMERALS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th")
_LEAD_IN = re.compile(
    r"^(?:i (?:think|guess|believe|choose|pick|say|would say|would pick|(?:would )?go (?:with|for)|take|chose|picked)|"
    r"i'd (?:say|pick|choose|go (?:with|for)|take)|i'?ll (?:say|pick|choose|take|go (?:with|for))|"
    r"definitely|certainly|surely|it (?:must|has to|should|could) be|must be|"
    r"maybe|probably|(?:what|how) about|it's|it is|its|that's|that is|is it|"
    r"my answer is|(?:the )?(?:correct |right )?answer is|answer)(?![A-Za-z])\s*:?\s*",
    re.IGNORECASE,
)
_LABEL = r"(?:the\s+)?(?:option|answer|choice|letter|number|no\.?|#)?\s*"
_TRAIL = re.compile(r"\s+(?:it is|is (?:right|correct|it|(?:my|the) answer)|i think|i guess|please)$", re.IGNORECASE)
_BECAUSE = re.compile(r"\s*,?\s+(?:because|since|as|cause)\s.*$", re.IGNORECASE | re.DOTALL)
#: A letter in answer position; "the answer is a number" is none.
_STATED = (
    r"(?:answer|solution|option|choice|right one|correct one|pick|choose)\s*(?:is|=|:)?\s*(?:option\s+|choice\s+)?"
    r"\W{{0,3}}{letter}\W{{0,3}}\s*(?:[.,;!?:]|$|is\b)|\b{letter}\)?\W{{0,3}} (?:is|was) (?:the )?(?:right|correct)"
)
_NEGATION = re.compile(r"\b(?:not|no|never|none|neither|nor|without|isn|doesn|don|cannot|can)\b")
_SEPARATOR = re.compile(r"\s*(?:,|;|&|\+|/|\band\b)\s*", re.IGNORECASE)

#: Options are compared again and again, and there are few of them.
_option = lru_cache(maxsize=4096)(folded)


@dataclass(frozen=True)
class ChoiceReading(Reading):
    """The options picked, as ids."""

    ids: frozenset[str]


class ChoiceFormat(AnswerFormat):
    """``type: choice``. Policies: select (one, many), shuffle, and per option: feedback, known_error."""

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        return ",".join(sorted(part.strip() for part in text.split(",")))

    def renamed(self, value: str, ids: Mapping[str, str]) -> str:
        return ",".join(sorted(ids.get(one.strip(), one.strip()) for one in value.split(",")))

    def read(self, question: QuestionInstance, given: str) -> ChoiceReading:
        if len(given) > MAX_ANSWER:
            raise MalformedAnswer("too_long", f"That is very long: an answer has at most {MAX_ANSWER} characters.")
        choices = question.format.choices
        text = _BECAUSE.sub("", given.strip())
        one = _resolve(text, choices) or _resolve(_bare(text), choices)
        if one is not None:
            return ChoiceReading(text=folded(given), ids=frozenset({one}))
        many = _resolve_many(_bare(text), choices)
        if many is None:
            letters = ", ".join(choice.id for choice in choices)
            raise MalformedAnswer("not_an_option", f"Please pick from the options: {letters}.")
        if question.format.select == "one" and len(many) > 1:
            raise MalformedAnswer("one_option", "Please pick one option only.")
        return ChoiceReading(text=folded(given), ids=many)

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return isinstance(reading, ChoiceReading) and reading.ids == _ids(value)

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, ChoiceReading)  # noqa: S101 — the reading is this format's own
        right = _ids(question.answer)
        if reading.ids == right or any(reading.ids == _ids(other) for other in question.alternatives):
            return Verdict(verdict="correct", feedback="Yes, that is right.")
        if question.format.select == "many" and reading.ids < right:
            return Verdict(
                verdict="partial",
                score=len(reading.ids) / len(right),
                feedback="What you picked is right, but something is missing: look at the other options again.",
            )
        picked = [choice for choice in question.format.choices if choice.id in reading.ids - right]
        for choice in picked:
            if choice.known_error is not None:
                said = choice.feedback or next(
                    (error.say for error in question.errors if error.known_error == choice.known_error), ""
                )
                return Verdict(verdict="known_error", known_error=choice.known_error, feedback=said)
        said = next((choice.feedback for choice in picked if choice.feedback), "")
        return Verdict(verdict="wrong", feedback=said or "That is not right yet: compare the options once more.")

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        right = _ids(question.answer)
        plain, prompt = f" {folded(unmarked(text))} ", f" {folded(question.prompt)} "
        for choice in question.format.choices:
            if choice.id not in right:
                continue
            if _states_option(choice.text, text, plain, prompt):
                return True
            if re.search(_STATED.format(letter=re.escape(choice.id)), text, re.IGNORECASE | re.MULTILINE):
                return True
        return False

    def problems(self, question: QuestionInstance) -> list[str]:
        found: list[str] = []
        choices = question.format.choices
        ids = [choice.id for choice in choices]
        if len(choices) < 2:
            found.append("a choice question needs at least two options")
        if len(set(ids)) < len(ids):
            found.append("two options have the same id")
        missing = _ids(question.answer) - set(ids)
        if missing:
            found.append(f"the answer names options that do not exist: {', '.join(sorted(missing))}")
        flagged = {choice.id for choice in choices if choice.correct}
        if flagged and flagged != _ids(question.answer):
            found.append("the options marked correct are not those of the answer")
        if question.format.select not in {"one", "many"}:
            found.append(f"select is one or many, not {question.format.select!r}")
        if question.format.select == "one" and len(_ids(question.answer)) != 1:
            found.append("select: one needs exactly one right option")
        for at, choice in enumerate(choices):
            found += [
                f"options {choice.id!r} and {other.id!r} say the same"
                for other in choices[at + 1 :]
                if _same_text(choice.text, other.text)
            ]
        return found


def _ids(value: str) -> frozenset[str]:
    return frozenset(part.strip() for part in value.split(",") if part.strip())


def _bare(text: str) -> str:
    text = text.strip().strip("\"'“”‘’»«<>*_`").rstrip(" .?!")
    text = _TRAIL.sub("", text)
    for _ in range(3):
        text = _LEAD_IN.sub("", text, count=1).strip()
    return text


def _resolve(text: str, choices: list[content.Choice]) -> str | None:
    """The one option that ``text`` names; None where it names none or several."""
    plain = folded(text)
    if not plain:
        return None
    labelled = re.fullmatch(r"\(?([A-Za-z0-9]{1,12})(?:\s*[).:]\s*|\s+[-–=]\s+)(.+)", text.strip(), re.DOTALL)
    label = next((choice for choice in choices if labelled and choice.id.lower() == labelled[1].lower()), None)
    if labelled and label is not None:
        # "b) Subtract 3": the letter and the words have to agree.
        return label.id if _option(label.text) == folded(labelled[2]) else None
    exact = [choice.id for choice in choices if _option(choice.text) == plain]
    if exact:
        return exact[0] if len(exact) == 1 else None
    return _by_label(text.strip(), choices) or _by_words(plain, choices)


def _by_label(text: str, choices: list[content.Choice]) -> str | None:
    ids = {choice.id.lower(): choice.id for choice in choices}
    labelled = re.fullmatch(rf"{_LABEL}\(?\[?([A-Za-z0-9_-]{{1,20}})\]?\)?\.?", text, re.IGNORECASE)
    if labelled and labelled[1].lower() in ids:
        return ids[labelled[1].lower()]
    place = re.fullmatch(
        rf"{_LABEL}([A-Za-z]+|\d{{1,2}}(?:st|nd|rd|th)?)(?:\s+(?:one|option|answer|choice))?\.?", text, re.IGNORECASE
    )
    if not place:
        return None
    word = place[1].lower()
    if word == "last":
        return choices[-1].id
    for names in (_ORDINALS, _NUMERALS):
        if word in names and names.index(word) < len(choices):
            return choices[names.index(word)].id
    # A bare "2" is the second option only where it cannot be meant as a value.
    if word.isdecimal() and 0 < int(word) <= len(choices):
        values = any(re.search(r"\d", choice.text) for choice in choices)
        if not values or re.match(r"(?:the\s+)?(?:option|answer|choice|number|no|#)", text, re.IGNORECASE):
            return choices[int(word) - 1].id
    return None


def _by_words(plain: str, choices: list[content.Choice]) -> str | None:
    """An option by a slip of the keyboard or by a part of its words that no other option has."""
    near = [choice.id for choice in choices if slips(plain, _option(choice.text)) is not None]
    if near:
        return near[0] if len(near) == 1 else None
    if len(plain) < 4 and not plain.isdecimal():
        return None
    # "equal" must not pick "not equal": a part may not leave out a negation.
    parts = [choice for choice in choices if f" {plain} " in f" {_option(choice.text)} "]
    if len(parts) == 1 and (_NEGATION.search(plain) or not _NEGATION.search(_option(parts[0].text))):
        return parts[0].id
    return None


def _resolve_many(text: str, choices: list[content.Choice]) -> frozenset[str] | None:
    if re.fullmatch(
        r"(?:all(?: of (?:them|these|the above))?|both(?: of them)?|everything)", text.strip(), re.IGNORECASE
    ):
        return frozenset(choice.id for choice in choices)
    text = re.sub(r"^(?:both|all of|options?|answers?|letters?)\s+", "", text.strip(), flags=re.IGNORECASE)
    parts = [part for part in _SEPARATOR.split(text) if part]
    ids = {choice.id.lower(): choice.id for choice in choices}
    if len(parts) == 1 and all(len(choice.id) == 1 for choice in choices):
        letters = [letter.lower() for letter in text if not letter.isspace()]
        if len(letters) > 1 and len(set(letters)) == len(letters) and all(letter in ids for letter in letters):
            return frozenset(ids[letter] for letter in letters)
    if len(parts) < 2 or len(parts) > 20:
        return None
    found = [_resolve(part, choices) for part in parts]
    named = [one for one in found if one is not None]
    return frozenset(named) if len(named) == len(parts) else None


def _states_option(option: str, text: str, plain: str, prompt: str) -> bool:
    """Whether the right option's text stands in ``text`` and does not already stand in the prompt."""
    words = folded(option)
    if re.fullmatch(r"-?[0-9.,/ ]+", words):
        values = {value for value, _ in numbers_in(option)}
        return any(value in values for value, _ in numbers_in(text)) and f" {words} " not in prompt
    # Folding glues "= Add 8" to one word: a long option is looked for as it is written, too.
    as_written = len(option) >= 6 and option.casefold() in text.casefold()
    return bool(words) and (f" {words} " in plain or as_written) and f" {words} " not in prompt


def _same_text(one: str, other: str) -> bool:
    if folded(one) == folded(other):
        return True
    both = [numbers_in(text) for text in (one, other)]
    bare = all(re.fullmatch(r"(?:[a-z]=)?-?[0-9.,/ ]+", folded(text)) for text in (one, other))
    return bare and bool(both[0]) and both[0][0][0] == both[1][0][0]
