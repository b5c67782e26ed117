r"""Answers that are a matrix or a vector: ``[[1, 2], [3, 4]]``, ``1 2; 3 4``, ``\begin{pmatrix} 1 & 2 \\ … ``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

_CLOSING = {"(": ")", "[": "]", "{": "}", "|": "|"}
#: "1 0 / 0 1", "1 0 | 0 1", "1 0 , 0 1": rows of several entries.
_ROWS = re.compile(r"-?[0-9.]+(?:\s+-?[0-9.]+)+(?:\s+[/|,]\s+-?[0-9.]+(?:\s+-?[0-9.]+)+)+")
_WRAPPED = re.compile(r"^(?:matrix|Matrix|np\.array|array)\((.*)\)$", re.DOTALL)
_NESTED = re.compile(r"[\[({]\s*[\[({]")
#: "[1 0], [0 1]"
_SPACED = re.compile(r"[\[({]\s*-?[0-9.]+(?:[ \t]+-?[0-9.]+)+\s*[\])}]")
_GAP = re.compile(r"(?<=[0-9A-Za-z)}])[ \t]+(?=[-−0-9A-Za-z(\\√])")


@dataclass(frozen=True)
class Matrix:
    """Rows of equal length."""

    rows: tuple[tuple[Node, ...], ...]

    @property
    def trees(self) -> tuple[Node, ...]:
        return tuple(entry for row in self.rows for entry in row)

    @property
    def text(self) -> str:
        return f"[{', '.join('[' + ', '.join(text_of(entry) for entry in row) + ']' for row in self.rows)}]"

    @property
    def size(self) -> tuple[int, int]:
        return len(self.rows), len(self.rows[0])

    def changed(self, change: Callable[[Node], Node]) -> Matrix:
        return Matrix(tuple(tuple(change(entry) for entry in row) for row in self.rows))


class MatrixFormat(FormulaFormat):
    """``type: matrix``. Policies: vars, unevaluated, decimal_comma. A vector may be written in one line."""

    comma_in_numbers = False
    semicolon_separates = False

    def prepared(self, text: str) -> str:
        plain = _WRAPPED.sub(r"\1", text.strip())
        if "\\begin" in plain:
            plain = re.sub(r"\\left\s*[(\[|]|\\right\s*[)\]|]", " ", plain)
        # Bars around each line, as they are drawn by hand.
        plain = re.sub(r"^[ \t]*\|([^|\n]*)\|[ \t]*$", r"\1", plain, flags=re.MULTILINE)
        # A line that ends with a comma goes on; any other is a row.
        plain = bare(re.sub(r"\s*\n\s*", ";", re.sub(r"([,;])\s*\n\s*", r"\1 ", plain)))
        if _ROWS.fullmatch(plain):
            plain = re.sub(r"\s+[/|,]\s+", ";", plain)
        if re.match(r"[\[({]", plain) and re.search(r"[\])}]\s*[,;]\s*[\[({]", plain) and not _NESTED.match(plain):
            plain = f"[{plain}]"
        if _SPACED.search(plain) and "," in plain:
            plain = _GAP.sub(",", plain)
        if "," not in plain and "&" not in plain and "\\" not in plain:
            plain = _GAP.sub(",", plain)
        return plain

    def parse(self, parser: Parser) -> Matrix:
        if parser.peek().kind == "name" and parser.peek(1).text == "=":
            # "A = [[1, 2], [3, 4]]"
            parser.take()
            parser.take()
        rows = self._latex(parser) if parser.peek().text == "begin" else self._plain(parser)
        parser.expect_end()
        if not rows or any(len(row) != len(rows[0]) for row in rows):
            raise MalformedAnswer("ragged", "All rows of a matrix have equally many entries, such as [[1, 2], [3, 4]].")
        if len(rows) > limits.MAX_MATRIX_SIDE or len(rows[0]) > limits.MAX_MATRIX_SIDE:
            side = limits.MAX_MATRIX_SIDE
            raise MalformedAnswer("too_many", f"A matrix has at most {side} rows and {side} columns.")
        return Matrix(tuple(tuple(row) for row in rows))

    def _latex(self, parser: Parser) -> list[list[Node]]:
        self._environment(parser)
        rows = self._rows(parser)
        if parser.peek().text != "end" or parser.peek().kind != "command":
            raise parser.unexpected()
        self._environment(parser)
        return rows

    @staticmethod
    def _environment(parser: Parser) -> None:
        parser.take()
        parser.expect("{")
        name = parser.take()
        if not name.text.endswith(("matrix", "array")):
            raise parser.unexpected()
        parser.expect("}")
        if name.text == "array" and parser.accept("{"):
            while not parser.accept("}"):
                if parser.at_end():
                    raise parser.unexpected()
                parser.take()

    def _plain(self, parser: Parser) -> list[list[Node]]:
        place = parser.place
        closing = _CLOSING.get(parser.peek().text)
        if closing:
            parser.take()
            try:
                rows = self._listed(parser) if parser.sees("[", "(", "{") else self._rows(parser)
                parser.expect(closing)
                if parser.at_end():
                    return rows
            except MalformedAnswer:
                pass
            parser.back_to(place)
        return self._rows(parser)

    def _listed(self, parser: Parser) -> list[list[Node]]:
        """``[1, 2], [3, 4]``"""
        place = parser.place
        rows: list[list[Node]] = []
        try:
            while parser.sees("[", "(", "{"):
                closing = _CLOSING[parser.take().text]
                rows.append(self._row(parser))
                parser.expect(closing)
                if not parser.accept(",", ";") and not parser.sees("[", "(", "{"):
                    break
        except MalformedAnswer:
            parser.back_to(place)
            return self._rows(parser)
        return rows

    def _rows(self, parser: Parser) -> list[list[Node]]:
        rows = [self._row(parser)]
        while parser.accept(";"):
            if parser.sees(")", "]", "}", "|") or parser.peek().text in {"", "end"}:
                break
            rows.append(self._row(parser))
            if len(rows) > limits.MAX_ITEMS:
                raise MalformedAnswer("too_many", f"A matrix has at most {limits.MAX_MATRIX_SIDE} rows.")
        return rows

    @staticmethod
    def _row(parser: Parser) -> list[Node]:
        row = [parser.formula()]
        while parser.accept(",", "&"):
            row.append(parser.formula())
        return row

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        assert isinstance(one, Matrix)  # noqa: S101 — parse gives nothing else
        assert isinstance(gold, Matrix)  # noqa: S101 — as above
        return _fits(one, gold) and all(same_function(a, b) for a, b in zip(one.trees, gold.trees, strict=True))

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        given, golds = reading.parsed, self.golds(question)
        assert isinstance(given, Matrix)  # noqa: S101 — parse gives nothing else
        for gold in golds:
            if self.equal(given, gold):
                if not question.format.unevaluated and self.unfinished(given, question):
                    return Verdict(verdict="form_issue", feedback="The entries are right; now work them out.")
                return Verdict(verdict="correct", feedback="Yes, that is right.")
        gold = golds[0]
        assert isinstance(gold, Matrix)  # noqa: S101 — as above
        if not _fits(given, gold):
            rows, columns = gold.size
            return Verdict(verdict="wrong", feedback=f"The answer has {rows} rows and {columns} columns.")
        right = [same_function(a, b) for a, b in zip(given.trees, gold.trees, strict=True)]
        if sum(right) * 2 >= len(right):
            return Verdict(
                verdict="partial",
                score=sum(right) / len(right),
                parts=[_place(at, gold) for at, one in enumerate(right) if one],
                feedback=f"{sum(right)} of {len(right)} entries are right; check the others again.",
            )
        return Verdict(verdict="wrong", feedback="That is not right yet: work out one entry after the other.")

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        return any(not tree.symbols and shape.unfinished(tree) for tree in parsed.trees)


def _fits(given: Matrix, gold: Matrix) -> bool:
    """Whether the sizes agree; a column vector may be written as a row."""
    return given.size == gold.size or (given.size[0] == 1 == gold.size[1] and given.size[1] == gold.size[0])


def _place(at: int, matrix: Matrix) -> str:
    row, column = divmod(at, matrix.size[1])
    return f"{row + 1},{column + 1}"
