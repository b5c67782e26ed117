"""Answers of a few sentences, judged by a rubric: which of its points are stated, by their key terms. No model.

A point counts where one of its terms stands in a sentence that does not deny it. What has no sentence around its terms
is a list of words and not an explanation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tutor import injection
from tutor.checking.answer_format import AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict
from tutor.checking.wording import folded, slips

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

#: In characters.
MAX_TEXT = 2_000
#: In words: what is shorter explains nothing.
MIN_WORDS = 3
#: Words in front of a term in which a "not" denies it.
NEGATION_REACH = 4
#: The share of an answer's words that are not terms, so that it is more than a list of them.
MIN_OTHER_WORDS = 0.25

_SENTENCE = re.compile(r"[.!?;\n]+|\b(?:but|however|although|whereas)\b", re.IGNORECASE)
NEGATIONS = frozenset(
    {
        *("not", "no", "never", "none", "neither", "nor", "without", "cannot", "nothing", "nobody", "hardly", "fails"),
        *("cant", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "instead"),
    }
)


@dataclass(frozen=True)
class FreeTextReading(Reading):
    """The words of each sentence, folded."""

    sentences: tuple[tuple[str, ...], ...]


class FreeTextFormat(AnswerFormat):
    """``type: free_text``. Policies: rubric (points with terms and weights), pass_score, typos."""

    def read(self, question: QuestionInstance, given: str) -> FreeTextReading:
        if len(given) > MAX_TEXT:
            raise MalformedAnswer("too_long", f"That is very long: please use at most {MAX_TEXT:,} characters.")
        if injection.orders(given) is not None:
            given = injection.stripped(given)
            if not given:
                raise MalformedAnswer("orders", "Please write only your answer, in your own words.")
        sentences = tuple(words for part in _SENTENCE.split(given) if (words := words_of(part)))
        if sum(len(words) for words in sentences) < MIN_WORDS:
            raise MalformedAnswer("too_short", "Please write a sentence or two in your own words.")
        return FreeTextReading(text=folded(given), sentences=sentences)

    def accepts(self, question: QuestionInstance, text: str) -> bool:
        """Any text is readable here; only one that states a point is certainly an answer."""
        try:
            reading = self.read(question, text)
        except MalformedAnswer:
            return False
        return len(text.split()) > MIN_WORDS and any(_states(reading, point, question) for point in _rubric(question))

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        """Whether the text states the phrase ``value``."""
        return isinstance(reading, FreeTextReading) and _found(reading, value, typos=question.format.typos) > 0

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, FreeTextReading)  # noqa: S101 — the reading is this format's own
        stated = self.stated(question, reading)
        if stated and _only_terms(reading, _rubric(question), question):
            return Verdict(
                verdict="malformed",
                code="only_terms",
                feedback="Please say in a whole sentence how these belong together.",
            )
        return scored(question, stated)

    def stated(self, question: QuestionInstance, reading: FreeTextReading) -> list[content.RubricPoint]:
        """The points of the rubric whose terms stand in the answer."""
        return [point for point in _rubric(question) if _states(reading, point, question)]

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        """Stating so many points of the rubric that the text would be accepted is telling the answer."""
        shown = FreeTextReading(text="", sentences=tuple(words_of(part) for part in _SENTENCE.split(question.prompt)))
        said = FreeTextReading(text="", sentences=tuple(words_of(part) for part in _SENTENCE.split(text)))
        rubric = _rubric(question)
        hidden = [point for point in rubric if not _states(shown, point, question)] or rubric
        told = sum(point.weight for point in hidden if _states(said, point, question))
        return told > 0 and told >= question.format.pass_score * sum(point.weight for point in hidden) - 1e-9

    def problems(self, question: QuestionInstance) -> list[str]:
        form = question.format
        found: list[str] = []
        if not form.rubric:
            found.append("a free text needs a rubric: points with an id, about and terms")
        if len({point.id for point in form.rubric}) < len(form.rubric):
            found.append("two points of the rubric have the same id")
        found += [f"point {point.id!r} of the rubric has no terms" for point in form.rubric if not point.terms]
        found += [f"point {point.id!r} has no weight above 0" for point in form.rubric if point.weight <= 0]
        if not 0 < form.pass_score <= 1:
            found.append("pass_score is above 0 and at most 1")
        return found


def scored(question: QuestionInstance, stated: list[content.RubricPoint]) -> Verdict:
    """The verdict on an answer that states these points."""
    rubric = _rubric(question)
    score = sum(point.weight for point in stated) / (sum(point.weight for point in rubric) or 1)
    missing = next((point for point in rubric if point not in stated), None)
    parts = [point.id for point in stated]
    if score >= question.format.pass_score - 1e-9:
        return Verdict(verdict="correct", score=score, parts=parts, feedback="Yes, that says it.")
    about = missing.about if missing is not None else "what the question asks for"
    if stated:
        feedback = f"That is a good part of it. Say more about {about}."
        return Verdict(verdict="partial", score=score, parts=parts, feedback=feedback)
    return Verdict(verdict="wrong", feedback=f"That does not answer it yet. Think about {about}.")


def _rubric(question: QuestionInstance) -> list[content.RubricPoint]:
    return question.format.rubric


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded."""
    return tuple(re.findall(r"[^\W_]+", folded(text.replace("n't", "nt").replace("n’t", "nt"))))


@lru_cache(maxsize=4096)
def _term(text: str) -> tuple[tuple[str, bool], ...]:
    """The words of a term, each with whether it stands for all words that begin so."""
    return tuple((folded(word.rstrip("*")), word.endswith("*")) for word in text.split())


def _states(reading: FreeTextReading, point: content.RubricPoint, question: QuestionInstance) -> bool:
    return any(_found(reading, term, typos=question.format.typos) > 0 for term in point.terms)


def _found(reading: FreeTextReading, term: str, *, typos: bool) -> int:
    """How often a term is stated and not denied."""
    wanted = _term(term)
    if not wanted:
        return 0
    denies = any(word in NEGATIONS for word, _ in wanted)
    found = 0
    for words in reading.sentences:
        for at in range(len(words) - len(wanted) + 1):
            if all(_is(words[at + n], *wanted[n], typos=typos) for n in range(len(wanted))):
                found += denies or not denied(words, at)
    return found


def denied(words: tuple[str, ...], at: int) -> bool:
    """Whether a "not" stands closely in front of the word at this place of a sentence."""
    return not NEGATIONS.isdisjoint(words[max(0, at - NEGATION_REACH) : at])


def _is(word: str, wanted: str, prefix: bool, *, typos: bool) -> bool:
    if prefix:
        return word.startswith(wanted)
    if word == wanted or (word.startswith(wanted) and word[len(wanted) :] in {"s", "es", "ed", "d", "ing"}):
        return True
    return typos and slips(word, wanted) is not None


def _only_terms(reading: FreeTextReading, rubric: list[content.RubricPoint], question: QuestionInstance) -> bool:
    terms = [part for point in rubric for term in point.terms for part in _term(term)]
    words = [word for sentence in reading.sentences for word in sentence]
    others = [word for word in words if not any(_is(word, *term, typos=question.format.typos) for term in terms)]
    return len(others) < len(words) * MIN_OTHER_WORDS
