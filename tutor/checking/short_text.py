"""Answers of a word or a short phrase: spellings count, slips are forgiven, another known answer never is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from tutor.checking.answer_format import MAX_ANSWER, AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict
from tutor.checking.wording import LETTERS_PER_SLIP, folded, slips, unmarked

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

#: An answer may have so many words more than the longest one known; beyond that it is a message.
SPARE_WORDS = 1
#: The same, for a text that holds a right answer among other words.
WORDS_AROUND = 2

_LEAD_IN = re.compile(
    r"^(?:i (?:think|guess|believe|would|say|would say)|i'd(?: say)?|maybe|probably|(?:what|how) about|"
    r"it'?s|it s|it is|its|that'?s|that s|that is|is it|they are|they'?re|they re|"
    r"we call (?:it|them|that|this)|it is called|it's called|"
    r"(?:this|that) is called|called|you|we|you have to|we have to|you must|by|to|"
    r"(?:my |the )?(?:answer|word|term|result)(?: (?:is|would be))?)(?![A-Za-z])\s*:?\s*",
    re.IGNORECASE,
)


_PARTS = re.compile(r"[,;()=/]")
#: Letters and digits mixed, or longer than any word of a lesson.
_NO_WORD = re.compile(r"[^\W\d]\d|\d[^\W\d]|[^\W\d]{25}")


@dataclass(frozen=True)
class TextReading(Reading):
    """A text and how it was written."""

    #: What stands between commas, brackets and signs of equality, folded.
    parts: tuple[str, ...] = ()
    #: Full stops and the like that end a sentence.
    sentences: int = 0
    asks: bool = False


#: What people put behind an answer.
_TRAIL = re.compile(r"\s+(?:i (?:think|guess|believe)|maybe|right|please|probably|is it|i m sure|for sure)$")
#: Words that may stand around an answer besides those of its question. No "not", no "or".
_AROUND = frozenset(
    {*("the", "a", "an", "is", "are", "was", "it", "its", "they", "this", "that", "these", "one", "ones", "called")}
    | {*("of", "in", "on", "at", "by", "from", "to", "we", "you", "there", "be", "named", "word", "name", "type")}
)
_NEVER_AROUND = frozenset(
    {*("not", "no", "never", "or", "nor", "neither", "without", "opposite", "than", "but", "except", "different")}
)


class ShortTextFormat(AnswerFormat):
    """``type: short_text``. Policies: aliases, typos, case."""

    def read(self, question: QuestionInstance, given: str) -> Reading:
        if len(given) > MAX_ANSWER:
            raise MalformedAnswer("too_long", f"That is very long: an answer has at most {MAX_ANSWER} characters.")
        text = folded(given, case=question.format.case)
        if not text:
            raise MalformedAnswer("empty", "Please answer with a word or a short phrase.")
        return TextReading(
            parts=tuple(part for one in _PARTS.split(given) if (part := folded(one, case=question.format.case))),
            text=text,
            sentences=len(re.findall(r"[.!?]+(?:\s|$)", given.strip() + "\n")),
            asks="?" in given,
        )

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        return folded(value, case=question.format.case) in _forms(reading.text)

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        right = self._right(question)
        forms = _forms(reading.text)
        assert isinstance(reading, TextReading)  # noqa: S101 — the reading is this format's own
        if self._says(question, forms, right) or (
            len(reading.parts) > 1 and all(self._says(question, _forms(part), right) for part in reading.parts)
        ):
            return Verdict(verdict="correct", feedback="Yes, that is right.")
        if question.format.typos and not self._another_answer(question, forms):
            if any(slips(form, wanted) is not None for form in forms for wanted in right):
                return Verdict(verdict="correct", feedback="Yes, that is right; only mind the spelling.")
            if any(_close(form, wanted) for form in forms for wanted in right):
                return Verdict(
                    verdict="malformed",
                    code="spelling",
                    feedback="I am not sure which word that is: please check the spelling and send it again.",
                )
        if self._is_message(question, reading):
            return Verdict(
                verdict="malformed",
                code="too_many_words",
                feedback="Please answer with a word or a short phrase, and nothing else.",
            )
        return Verdict(verdict="wrong", feedback="That is not it yet: think about what the question asks for.")

    def _says(self, question: QuestionInstance, forms: list[str], right: list[str]) -> bool:
        """Whether one of the forms is a right answer, alone or among words of its question."""
        if any(form in right for form in forms):
            return True
        if any(_together(form) == _together(one) for form in forms for one in right if _formula_like(one)):
            return True
        asked = set(_words(question.prompt).split())
        # Where the prompt names alternatives, its words choose among them.
        around = _AROUND | (asked if "or" not in asked else set()) - _NEVER_AROUND
        others = {word for one in self._other(question) for word in one.split()}
        return any(_within(form, one, around - others) for form in forms for one in right)

    def accepts(self, question: QuestionInstance, text: str) -> bool:
        """Any text is readable here, so only a known answer is certainly one."""
        if len(text) > MAX_ANSWER:
            return False
        forms = _forms(folded(text, case=question.format.case))
        known = [*self._right(question), *self._other(question)]
        return any(form == one or slips(form, one) is not None for form in forms for one in known)

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        plain, prompt = f" {_words(text)} ", f" {_words(question.prompt)} "
        for form in self._right(question):
            words = _words(form).strip()
            # Between other letters it is another word; between signs, as in "x = inverse", it is the answer.
            stands = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
            if words and stands.search(plain) and f" {words} " not in prompt:
                return True
        return False

    def _right(self, question: QuestionInstance) -> list[str]:
        texts = [question.answer, *question.alternatives, *question.format.aliases]
        return [folded(text, case=question.format.case) for text in texts]

    def _other(self, question: QuestionInstance) -> list[str]:
        """What this question knows as a wrong answer: never to be taken for a slip of the right one."""
        texts = [error.match for error in question.errors if error.match]
        texts += [
            detector.formula for error in question.errors for detector in error.detect if detector.kind == "value"
        ]
        return [folded(text, case=question.format.case) for text in texts]

    def _is_message(self, question: QuestionInstance, reading: Reading) -> bool:
        """Whether this is a message rather than a wrong answer: it may hold the right one, a wish, or anything."""
        assert isinstance(reading, TextReading)  # noqa: S101 — the reading is this format's own
        right = self._right(question)
        known = [*right, *self._other(question)]
        text = _forms(reading.text)[-1]
        size = len(text.split())
        if size > SPARE_WORDS + max(len(one.split()) for one in known):
            return True
        if any(f" {one} " in f" {_words(text)} " and size > WORDS_AROUND + len(one.split()) for one in right):
            return True  # the right word in the middle of others: neither right nor wrong
        # Two sentences, a question of several words, "4nsw3r" and strings of code are not words somebody answers with.
        if reading.sentences > 1 or (reading.asks and size > WORDS_AROUND):
            return True
        odd = [word for word in text.split() if _NO_WORD.search(word)]
        return bool(odd) and not any(_NO_WORD.search(one) for one in known)

    def _another_answer(self, question: QuestionInstance, forms: list[str]) -> bool:
        other = self._other(question)
        return any(form in other for form in forms)


def _forms(text: str) -> list[str]:
    """The folded answer with and without the words people put in front of it."""
    forms = [text]
    for _ in range(4):
        shorter = folded(_TRAIL.sub("", _LEAD_IN.sub("", forms[-1], count=1)), case=True)
        if not shorter or shorter == forms[-1]:
            break
        forms.append(shorter)
    return forms


def _within(form: str, wanted: str, around: set[str] | frozenset[str]) -> bool:
    """Whether ``wanted`` stands in the form and everything else may stand around it."""
    words, inner = form.split(), wanted.split()
    for at in range(len(words) - len(inner) + 1):
        if words[at : at + len(inner)] == inner:
            rest = [*words[:at], *words[at + len(inner) :]]
            return all(word in around for word in rest)
    return False


def _formula_like(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


def _together(text: str) -> str:
    return re.sub(r"[\s_{}]", "", text)


def _close(given: str, wanted: str) -> bool:
    """Too far for a slip that may be forgiven, too near to be called another word."""
    allowed = sum(char.isalpha() for char in wanted) // LETTERS_PER_SLIP
    if not allowed or given[:1] != wanted[:1] or re.search(r"\d", given + wanted):
        return False
    return OSA.distance(given, wanted, score_cutoff=allowed + 1) <= allowed + 1


@lru_cache(maxsize=1_024)
def _words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[^\w+*/=<>^%-]+", " ", folded(unmarked(text))))
