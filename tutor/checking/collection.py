"""Answers of several items, formulas or words: ``{1, 2}``, ``x = 1 or x = 2``, ``x = ±3``, ``1, 4, 9``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tutor.checking import spoken
from tutor.checking.algebra import limits, shape
from tutor.checking.algebra.equivalence import same_function
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.tree import Node, text_of
from tutor.checking.answer_format import Reading
from tutor.checking.formula import FormulaFormat, FormulaReading, Parsed
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.phrasing import bare
from tutor.checking.solution_set import in_signs
from tutor.checking.verdict import Verdict
from tutor.checking.wording import folded, slips
from tutor.placeholders import fill

if TYPE_CHECKING:
    from tutor import course as content
    from tutor.questions import QuestionInstance

_NUMBERED = re.compile(r"\b([A-Za-z])_?\{?[1-9₁-₉]\}?\s*=")
_NAMED_AGAIN = re.compile(r"(?<=[0-9)}])\s*(?:/|\s)\s*([A-Za-z])\s*=")
_WORD_SEPARATOR = re.compile(r"\s*(?:,|;|\n|\band\b|&)\s*(?:and\s+)?", re.IGNORECASE)


@dataclass(frozen=True)
class Items:
    """Formulas in the order given."""

    trees: tuple[Node, ...]
    #: Whether a set or list was written as one.
    braced: bool = field(default=False, compare=False)

    @property
    def text(self) -> str:
        return f"{{{', '.join(text_of(tree) for tree in self.trees)}}}" if self.trees else "∅"

    def changed(self, change: Callable[[Node], Node]) -> Items:
        return Items(tuple(change(tree) for tree in self.trees))


@dataclass(frozen=True)
class WordsReading(Reading):
    """Folded words or phrases in the order given."""

    items: tuple[str, ...]


class CollectionFormat(FormulaFormat):
    """What sets and lists share. Policies: vars, items (formula, text), typos, unevaluated, decimal_comma."""

    comma_in_numbers = False

    def prepared(self, text: str) -> str:
        plain = in_signs(spoken.in_signs(bare(text)))
        if plain in {"∅", "{}"}:
            return "∅"
        # "x1 = 3, x2 = -3", "x = 3 / x = -3", "x=3 x=-3"
        return _NAMED_AGAIN.sub(r", \1 =", _NUMBERED.sub(r"\1 =", plain))

    def parse(self, parser: Parser) -> Items:
        if parser.accept("∅"):
            parser.expect_end()
            return Items(())
        if parser.sees("{") and parser.peek(1).text == "}" and parser.peek(2).kind == "end":
            return Items(())
        if parser.peek().kind == "name" and parser.peek(1).text in {"∈", "in"}:
            parser.take()
            parser.take()
        place = parser.place
        closing = {"{": "}", "[": "]", "(": ")"}.get(parser.peek().text)
        if parser.peek(1).text == "=" and parser.peek(2).text == "{":
            # "L = {1, 2}"
            parser.take()
            parser.take()
            place, closing = parser.place, "}"
        if closing:
            parser.take()
            try:
                items = self._items(parser)
                parser.expect(closing)
                parser.expect_end()
            except MalformedAnswer:
                parser.back_to(place)
                closing = None
        if not closing:
            items = self._items(parser)
            parser.expect_end()
        return Items(tuple(items), braced=bool(closing))

    def _items(self, parser: Parser) -> list[Node]:
        found: list[Node] = []
        while True:
            found += self._item(parser)
            if len(found) > limits.MAX_ITEMS:
                raise MalformedAnswer("too_many", f"At most {limits.MAX_ITEMS} items can be read.")
            if parser.accept(",", ";"):
                parser.accept("and", "or")
            elif not parser.accept("and", "or", "&"):
                return found

    @staticmethod
    def _item(parser: Parser) -> list[Node]:
        r"""One item, two where it has a ±; ``x =`` in front says only what it is for."""
        token = parser.peek()
        if token.kind == "name" and parser.peek(1).text in {"=", "_"}:
            place = parser.place
            parser.take()
            if parser.accept("_"):
                parser.take()
            if not parser.accept("=", "∈"):
                parser.back_to(place)
        place, parser.plus_minus = parser.place, "+"
        found = [parser.formula()]
        if parser.between(place, "±"):
            parser.back_to(place)
            parser.plus_minus = "-"
            found.append(parser.formula())
        parser.plus_minus = None
        return found

    def value(self, text: str, names: Mapping[str, int], form: content.Format) -> str:
        return fill(text, names) if form.items == "text" else super().value(text, names, form)

    def read(self, question: QuestionInstance, given: str) -> Reading:  # type: ignore[override]
        if question.format.items != "text":
            return super().read(question, given)
        if len(given) > limits.MAX_CHARS:
            message = f"That is very long: an answer has at most {limits.MAX_CHARS} characters."
            raise MalformedAnswer("too_long", message)
        items = _words(bare(given))
        if not items:
            raise MalformedAnswer("empty", "Please name the items with commas between, such as red, green, blue.")
        return WordsReading(text=folded(given), items=items)

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        if isinstance(reading, WordsReading):
            return self.matched(list(reading.items), list(_words(value)), question) is None
        return super().same(question, reading, value)

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        raise NotImplementedError

    def accepts(self, question: QuestionInstance, text: str) -> bool:
        """Any words are readable as a list of words: only a known item is certainly an answer."""
        if question.format.items != "text":
            return super().accepts(question, text)
        known = _words(question.answer)
        return len(text) <= limits.MAX_CHARS and any(item in known for item in _words(bare(text)))

    def matched(self, given: list[str], gold: list[str], question: QuestionInstance) -> list[str] | None:
        """None where the words are the right ones; otherwise those of them that are."""
        raise NotImplementedError

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        if not isinstance(reading, WordsReading):
            return super().judge(question, reading)
        golds = [list(_words(text)) for text in (question.answer, *question.alternatives)]
        found = [self.matched(list(reading.items), gold, question) for gold in golds]
        if None in found:
            return Verdict(verdict="correct", feedback="Yes, that is right.")
        return _counted(len(found[0] or []), len(golds[0]), len(reading.items), parts=found[0] or [])

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        given, golds = reading.parsed, self.golds(question)
        for gold in golds:
            if self.equal(given, gold):
                if not question.format.unevaluated and self.unfinished(given, question):
                    return Verdict(verdict="form_issue", feedback="The values are right; now work them out.")
                return Verdict(verdict="correct", feedback="Yes, that is right.")
        right = _common(list(given.trees), list(golds[0].trees))
        return _counted(len(right), len(golds[0].trees), len(given.trees), parts=[text_of(tree) for tree in right])

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        return any(not tree.symbols and shape.unfinished(tree) for tree in parsed.trees)

    def reveals(self, question: QuestionInstance, text: str) -> bool:
        if question.format.items != "text":
            return super().reveals(question, text)
        plain, prompt = f" {folded(text)} ", f" {folded(question.prompt)} "
        return all(f" {word} " in plain and f" {word} " not in prompt for word in _words(question.answer))

    def problems(self, question: QuestionInstance) -> list[str]:
        if question.format.items == "text":
            return [] if _words(question.answer) else ["the answer names no item"]
        if question.format.items != "formula":
            return [f"items is formula or text, not {question.format.items!r}"]
        return super().problems(question)


class SetFormat(CollectionFormat):
    """``type: set``: the order does not count, and neither does saying an item twice."""

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        return all(_among(tree, gold.trees) for tree in one.trees) and all(
            _among(tree, one.trees) for tree in gold.trees
        )

    def matched(self, given: list[str], gold: list[str], question: QuestionInstance) -> list[str] | None:
        right = [item for item in gold if any(_same_words(one, item, question) for one in given)]
        complete = len(right) == len(gold)
        return (
            None if complete and all(any(_same_words(one, item, question) for item in gold) for one in given) else right
        )


#: What stands between the items of a list besides commas: lines, "then", dashes with spaces around them.
_NEXT = re.compile(r"\s*(?:\n|,?\s*\b(?:and )?then\b)\s*", re.IGNORECASE)
_DASHED = re.compile(r"[0-9.]+(?:\s+[-–]\s+[0-9.]+){2,}")


class ListFormat(CollectionFormat):
    """``type: list``. Policy: order (true: the order counts; false: only how often each item is there)."""

    def prepared(self, text: str) -> str:
        text = _NEXT.sub(", ", re.sub(r"^\s*first\b[,:]?\s*", "", text.strip(), flags=re.IGNORECASE))
        if _DASHED.fullmatch(text):
            text = re.sub(r"\s+[-–]\s+", ", ", text)
        return super().prepared(text)

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        verdict = super().judged(question, reading)
        if question.format.order or verdict.verdict not in {"wrong", "partial"}:
            return verdict
        for gold in self.golds(question):
            right = _common(list(reading.parsed.trees), list(gold.trees))
            if len(right) == len(gold.trees) == len(reading.parsed.trees):
                return Verdict(verdict="correct", feedback="Yes, that is right.")
        return verdict

    def same(self, question: QuestionInstance, reading: Reading, value: str) -> bool:
        if super().same(question, reading, value):
            return True
        if question.format.order or not isinstance(reading, FormulaReading):
            return False
        gold = self.parsed(value, question.format)
        right = _common(list(reading.parsed.trees), list(gold.trees))
        return len(right) == len(gold.trees) == len(reading.parsed.trees)

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        return len(one.trees) == len(gold.trees) and all(
            same_function(a, b) for a, b in zip(one.trees, gold.trees, strict=True)
        )

    def matched(self, given: list[str], gold: list[str], question: QuestionInstance) -> list[str] | None:
        if not question.format.order:
            given = sorted(given, key=lambda one: _place(one, gold, question))
        right = [b for a, b in zip(given, gold, strict=False) if _same_words(a, b, question)]
        return None if len(right) == len(gold) == len(given) else right


def _words(text: str) -> tuple[str, ...]:
    plain = text.strip().strip("{}[]()")
    return tuple(item for item in (folded(part) for part in _WORD_SEPARATOR.split(plain)) if item)


def _same_words(given: str, wanted: str, question: QuestionInstance) -> bool:
    return given == wanted or (question.format.typos and slips(given, wanted) is not None)


def _place(one: str, gold: list[str], question: QuestionInstance) -> int:
    return next((at for at, item in enumerate(gold) if _same_words(one, item, question)), len(gold))


def _among(tree: Node, trees: tuple[Node, ...]) -> bool:
    return any(same_function(tree, other) for other in trees)


def _common(given: list[Node], gold: list[Node]) -> list[Node]:
    """The items of ``given`` that are in ``gold``, each as often as it is there."""
    waiting = list(gold)
    right: list[Node] = []
    for tree in given:
        match = next((other for other in waiting if same_function(tree, other)), None)
        if match is not None:
            waiting.remove(match)
            right.append(tree)
    return right


def _counted(right: int, wanted: int, given: int, *, parts: list[str]) -> Verdict:
    if right and right == given < wanted:
        return Verdict(
            verdict="partial",
            score=right / wanted,
            parts=parts,
            feedback="What you have is right, but something is missing.",
        )
    if right and right == wanted == given:
        return Verdict(verdict="wrong", feedback="These are the right items; look at their order again.")
    if right:
        noun = "item is" if right == 1 else "items are"
        return Verdict(verdict="wrong", feedback=f"{right} of your {noun} right; check the others again.")
    return Verdict(verdict="wrong", feedback="That is not right yet: check each item in the question.")
