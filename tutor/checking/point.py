"""Answers that are a point or an ordered tuple: ``(2, -3)``, ``A(2; -3)``, ``x = 2, y = -3``, ``2, -3``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tutor.checking import spoken
from tutor.checking.algebra import limits, shape
from tutor.checking.algebra.equivalence import same_function
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.tree import Node, text_of
from tutor.checking.formula import FormulaFormat, FormulaReading, Parsed
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.phrasing import bare
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance


@dataclass(frozen=True)
class Point:
    """Coordinates in order."""

    trees: tuple[Node, ...]
    #: Whether they stood in brackets or were named, as a point should be.
    written: bool = field(default=True, compare=False)

    @property
    def text(self) -> str:
        return f"({', '.join(text_of(tree) for tree in self.trees)})"

    def changed(self, change: Callable[[Node], Node]) -> Point:
        return Point(tuple(change(tree) for tree in self.trees))


_NAMES = re.compile(r"^\(\s*[A-Za-z]\s*[,;|]\s*[A-Za-z]\s*\)\s*=\s*")
_PAIRS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\(?\s*([^|,;()]+)\|([^|,;()]+?)\s*\)?",
        r"\(\s*(-?[0-9.]+)\s*/\s*(-?[0-9.]+)\s*\)",
        r"(-?[0-9./]+)\s+(?:and\s+)?(-?[0-9./]+)",
    )
)


class PointFormat(FormulaFormat):
    """``type: point``. Policies: vars (names of the coordinates, for ``x = 2, y = 3``), unevaluated, decimal_comma."""

    comma_in_numbers = False

    def prepared(self, text: str) -> str:
        plain = spoken.in_signs(bare(text))
        plain = _NAMES.sub("", plain)
        plain = re.sub(r"(?<![A-Za-z])([A-Za-z])\s*:\s*(?=[-+0-9(])", r"\1 = ", plain)
        if plain.startswith("<") and plain.endswith(">"):
            plain = f"({plain[1:-1]})"
        # "(2|3)", "(2 / 3)", "2 and 3", "2 3"
        for pattern in _PAIRS:
            pair = pattern.fullmatch(plain)
            if pair:
                return f"({pair[1]}; {pair[2]})" if plain.startswith("(") else f"{pair[1]}; {pair[2]}"
        plain = plain.replace("|", ";") if plain.count("|") == 1 else plain
        # "x=2 y=3"
        return re.sub(r"(?<=[0-9)}])\s+(?=[A-Za-z]\s*=)", ", ", plain)

    def parse(self, parser: Parser) -> Point:
        named = parser.peek(1).text == "=" and parser.peek(2).text not in {"(", "[", "{"}
        if named:
            return self._named(parser)
        if parser.peek().kind == "name" and len(parser.peek().text) <= 2 and parser.peek(1).text in {"(", "=", "["}:
            parser.take()
            parser.accept("=")
        closing = {"(": ")", "[": "]", "{": "}"}.get(parser.peek().text)
        place = parser.place
        if closing:
            parser.take()
            try:
                found = self._coordinates(parser)
                parser.expect(closing)
                parser.expect_end()
            except MalformedAnswer:
                # "(1 + 2), 3" begins with a bracket of its own.
                parser.back_to(place)
                closing = None
        if not closing:
            found = self._coordinates(parser)
            parser.expect_end()
        return Point(tuple(found), written=bool(closing))

    @staticmethod
    def _coordinates(parser: Parser) -> list[Node]:
        found = [parser.formula()]
        while parser.accept(",", ";", "|"):
            found.append(parser.formula())
        if len(found) > limits.MAX_ITEMS:
            raise MalformedAnswer("too_many", f"A point of at most {limits.MAX_ITEMS} coordinates can be read.")
        if len(found) < 2:
            raise MalformedAnswer("one_coordinate", "A point has several coordinates, such as (2, 3).")
        return found

    @staticmethod
    def _named(parser: Parser) -> Point:
        found: dict[str, Node] = {}
        while True:
            name = parser.take()
            if name.kind != "name" or name.text in found or not parser.accept("="):
                raise MalformedAnswer("point", "Please write the point with its coordinates, such as (2, 3).")
            found[name.text] = parser.formula()
            if parser.accept(",", ";"):
                parser.accept("and")
            elif not parser.accept("and"):
                break
        parser.expect_end()
        if len(found) < 2:
            raise MalformedAnswer("one_coordinate", "Please give all coordinates, such as x = 2, y = 3.")
        return Point(tuple(found[name] for name in sorted(found)))

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        return len(one.trees) == len(gold.trees) and all(
            same_function(a, b) for a, b in zip(one.trees, gold.trees, strict=True)
        )

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        given = reading.parsed
        golds = self.golds(question)
        for gold in golds:
            if self.equal(given, gold):
                if not question.format.unevaluated and self.unfinished(given, question):
                    return Verdict(verdict="form_issue", feedback="The point is right; now work its coordinates out.")
                return Verdict(verdict="correct", feedback="Yes, that is right.")
        gold = golds[0]
        if len(given.trees) != len(gold.trees):
            return Verdict(verdict="wrong", feedback=f"The point has {len(gold.trees)} coordinates.")
        right = [same_function(a, b) for a, b in zip(given.trees, gold.trees, strict=True)]
        if any(right):
            parts = [str(at + 1) for at, one in enumerate(right) if one]
            return Verdict(
                verdict="partial",
                score=sum(right) / len(right),
                parts=parts,
                feedback=f"Coordinate {' and '.join(parts)} is right; look at the other again.",
            )
        if self.equal(Point(given.trees[::-1]), gold):
            return Verdict(verdict="wrong", feedback="Both numbers are there: which of them comes first?")
        return Verdict(verdict="wrong", feedback="That is not right yet: put your point into the question and see.")

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        return any(not tree.symbols and shape.unfinished(tree) for tree in parsed.trees)
