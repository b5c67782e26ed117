"""What the formats made of formulas have in common: how they are read, filled in and compared with the right answer."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Protocol

from tutor.checking.algebra import limits
from tutor.checking.algebra.equivalence import Undecided
from tutor.checking.algebra.folding import folded
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.tree import Constant, Node, rational, substituted
from tutor.checking.answer_format import AnswerFormat, Reading
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.phrasing import bare, last_step
from tutor.checking.spans import formulas_in
from tutor.checking.spoken import in_signs
from tutor.checking.verdict import Verdict
from tutor.expressions import ExpressionError

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

#: ``1/2x``, ``e^2x``: what belongs below the bar, or into the exponent?
_LOOSE = re.compile(r"/\s*[0-9A-Za-z.]+\s*[A-Za-z(\\]|\^\s*-?[0-9.]+[A-Za-z]")
UNDECIDED = Verdict(
    verdict="undecided",
    feedback="I cannot decide that by myself. Please write it in a simpler form; nothing is counted against you.",
)


class Parsed(Protocol):
    """An answer as read: formulas and what is between them."""

    @property
    def trees(self) -> tuple[Node, ...]:
        """The formulas in it."""

    def changed(self, change: Callable[[Node], Node]) -> Parsed:
        """The same with every formula changed."""

    @property
    def text(self) -> str:
        """As the format reads it again."""


@dataclass(frozen=True)
class FormulaReading(Reading):
    """An answer as trees."""

    parsed: Parsed
    #: Read with ``1/2x`` as 1/(2x) and ``e^2x`` as e^(2x), where that is something else.
    other: Parsed | None = None


class FormulaFormat(AnswerFormat):
    """A format whose answers are made of formulas. Policies of all: vars, decimal_comma, log_base."""

    #: Whether a comma between digits belongs to the number.
    comma_in_numbers: ClassVar[bool] = True
    #: Whether a semicolon separates items; otherwise rows.
    semicolon_separates: ClassVar[bool] = True

    @abstractmethod
    def parse(self, parser: Parser) -> Parsed:
        """The whole answer at the cursor. Raises ``MalformedAnswer``."""

    @abstractmethod
    def equal(self, one: Parsed, gold: Parsed) -> bool:
        """Whether an answer means the right one. Raises ``Undecided``."""

    @abstractmethod
    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        """The verdict. May raise ``Undecided``."""

    def prepared(self, text: str) -> str:
        """The answer without the words around it, before it is cut into tokens."""
        return in_signs(last_step(bare(text)))

    # --- values of the course -------------------------------------------------------------------------------------

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        language = _authors(self, {*form.vars, *names}, decimal_comma=form.decimal_comma, log_base=form.log_base)
        try:
            # A placeholder such as {b - a} is read as a group; braces of a set are its own.
            parsed = self.parse(Parser(text, language))
        except MalformedAnswer as error:
            raise ExpressionError(f"{text!r}: {error.message}") from None
        if names:
            values = {name: rational(Fraction(value)) for name, value in names.items() if name not in form.vars}
            parsed = parsed.changed(lambda node: folded(substituted(node, values)))
        return parsed.text

    def parsed(self, text: str, form: content.Format) -> Parsed:
        """A value of the course as trees. Raises ``MalformedAnswer``."""
        return _parsed(self, text, tuple(form.vars), form.decimal_comma, form.log_base)

    def golds(self, question: QuestionInstance) -> list[Parsed]:
        """The right answer and its alternatives."""
        return [self.parsed(text, question.format) for text in (question.answer, *question.alternatives)]

    # --- answers --------------------------------------------------------------------------------------------------

    def language(self, question: QuestionInstance) -> Language:
        """How this question's answers are read: the unknowns of its format and of its right answers."""
        trees = [tree for gold in self.golds(question) for tree in gold.trees]
        return Language(
            symbols=frozenset(question.format.vars).union(*(tree.symbols for tree in trees)),
            comma_in_numbers=self.comma_in_numbers,
            semicolon_separates=self.semicolon_separates,
            decimal_comma=question.format.decimal_comma,
            scientific=not any(part == Constant("e") for tree in trees for part in tree.walk()),
            log_base=question.format.log_base,
        )

    def read(self, question: QuestionInstance, given: str) -> FormulaReading:
        if len(given) > limits.MAX_CHARS:
            raise MalformedAnswer(
                "too_long", f"That is very long: an answer has at most {limits.MAX_CHARS} characters."
            )
        text = self.prepared(given)
        if not text:
            raise MalformedAnswer("empty", "Please write an answer.")
        language = self.language(question)
        parsed = self.parse(Parser(text, language))
        other = None
        if _LOOSE.search(text):
            other = self.parse(Parser(text, replace(language, tight=True)))
        return FormulaReading(text=text.lower(), parsed=parsed, other=other if other != parsed else None)

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        if not isinstance(reading, FormulaReading):
            return False
        try:
            return self.equal(reading.parsed, self.parsed(value, question.format))
        except Undecided:
            return False

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        assert isinstance(reading, FormulaReading)  # noqa: S101 — the reading is this format's own
        try:
            if self.pasted(question, reading):
                return Verdict(
                    verdict="malformed",
                    code="same_as_question",
                    feedback="That is what the question gives you. Please work on it and send what you get.",
                )
            verdict = self.judged(question, reading)
            if verdict.verdict == "wrong" and reading.other is not None and self._fits(question, reading.other):
                return Verdict(
                    verdict="malformed",
                    code="ambiguous",
                    feedback="That can be read in two ways: please put brackets around what belongs together.",
                )
        except Undecided:
            return UNDECIDED
        return verdict

    def _fits(self, question: QuestionInstance, parsed: Parsed) -> bool:
        return any(self.equal(parsed, gold) for gold in self.golds(question))

    def pasted(self, question: QuestionInstance, reading: FormulaReading) -> bool:
        """Whether the answer is a formula of the prompt, sign by sign, and not the right answer as it stands."""
        if reading.parsed in self.golds(question):
            return False
        return any(reading.parsed == given for given in self._parsed_in(question, question.prompt))

    # --- what is said while the question is open -----------------------------------------------------------------

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        shown = list(self._parsed_in(question, question.prompt))
        for parsed in self._parsed_in(question, text):
            if parsed in shown:
                continue
            try:
                reading = FormulaReading(text="", parsed=parsed)
                if self.judged(question, reading).verdict == "correct" and not self.unfinished(parsed, question):
                    return True
            except (Undecided, MalformedAnswer):
                # A formula that could not be an answer here, such as one about another unknown, tells none.
                continue
        return False

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        """Whether what stands there still has to be worked out, so that it gives nothing away."""
        return False

    def _parsed_in(self, question: QuestionInstance, text: str) -> Iterator[Parsed]:
        yield from _formulas(self, text, self.language(question))

    def problems(self, question: QuestionInstance) -> list[str]:
        try:
            self.golds(question)
        except MalformedAnswer as error:
            return [f"the answer cannot be read: {error.message}"]
        if question.format.log_base not in {"10", "e", "2"}:
            return [f"log_base is 10, e or 2, not {question.format.log_base!r}"]
        return []


@lru_cache(maxsize=4096)
def _parsed(form: FormulaFormat, text: str, names: tuple[str, ...], decimal_comma: bool, log_base: str) -> Parsed:
    """Values of a course, kept: the same ones are compared again and again."""
    return form.parse(Parser(text, _authors(form, names, decimal_comma=decimal_comma, log_base=log_base)))


@lru_cache(maxsize=512)
def _formulas(form: FormulaFormat, text: str, language: Language) -> tuple[Parsed, ...]:
    """What can be read in running text; kept, for a prompt is compared with each sentence that is said."""
    found: list[Parsed] = []
    for span in dict.fromkeys(formulas_in(text)):
        try:
            found.append(form.parse(Parser(form.prepared(span), language)))
        except (MalformedAnswer, Undecided):
            continue
    return tuple(found)


def _authors(form: FormulaFormat, names: Iterable[str], *, decimal_comma: bool, log_base: str) -> Language:
    """How a course writes: any letter is an unknown, and ``2e`` is twice e."""
    return Language(
        symbols=frozenset(names),
        open=True,
        comma_in_numbers=form.comma_in_numbers,
        semicolon_separates=form.semicolon_separates,
        decimal_comma=decimal_comma,
        scientific=False,
        log_base=log_base,
    )
