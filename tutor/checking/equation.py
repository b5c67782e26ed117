"""Answers that are an equation: ``y = 2x + 1``, ``x^2 + y^2 = 9``, ``x = 3``. Equal where they say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.checking.algebra import shape
from tutor.checking.algebra.equivalence import cleared, is_zero, proportion, same_function
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.tree import Node, Symbol, text_of
from tutor.checking.answer_format import Reading
from tutor.checking.formula import FormulaFormat, FormulaReading, Parsed
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance

FORMS = ("any", "solved")


@dataclass(frozen=True)
class Equation:
    """Two sides; ``left`` is None where only a value was given."""

    left: Node | None
    right: Node

    @property
    def trees(self) -> tuple[Node, ...]:
        return (self.right,) if self.left is None else (self.left, self.right)

    @property
    def text(self) -> str:
        return " = ".join(text_of(tree) for tree in self.trees)

    def changed(self, change: Callable[[Node], Node]) -> Equation:
        return Equation(None if self.left is None else change(self.left), change(self.right))

    def solved(self) -> tuple[str, Node] | None:
        """The unknown and what it is, where one side is an unknown that the other does not have."""
        sides = ((self.left, self.right), (self.right, self.left))
        for one, other in sides:
            if isinstance(one, Symbol) and other is not None and one.name not in other.symbols:
                return one.name, other
        return None


class EquationFormat(FormulaFormat):
    """``type: equation``. Policies: vars, form (any, solved), accept_bare_value, unevaluated, decimal_comma, log_base.

    Where the right answer is solved for an unknown, such as ``x = 3``, the equation ``2x = 6`` is right in value only.
    """

    def parse(self, parser: Parser) -> Equation:
        sides = [parser.formula()]
        while parser.accept("="):
            sides.append(parser.formula())
        parser.expect_end()
        if len(sides) > 2:
            raise MalformedAnswer("one_equation", "Please send one equation with one equals sign.")
        return Equation(sides[0], sides[1]) if len(sides) == 2 else Equation(None, sides[0])

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        assert isinstance(one, Equation)  # noqa: S101 — parse gives nothing else
        assert isinstance(gold, Equation)  # noqa: S101 — as above
        if gold.left is None:
            return one.left is None and same_function(one.right, gold.right)
        if one.left is None:
            solved = gold.solved()
            return solved is not None and same_function(one.right, solved[1])
        left, right = cleared(one.left, one.right), cleared(gold.left, gold.right)
        return left.symbols == right.symbols and not is_zero(left) and proportion(left, right) is not None

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        given = reading.parsed
        assert isinstance(given, Equation)  # noqa: S101 — parse gives nothing else
        for gold in self.golds(question):
            if self.equal(given, gold):
                return self._formed(question, given, gold)
        if given.left is None and not any(
            isinstance(gold, Equation) and gold.solved() for gold in self.golds(question)
        ):
            raise MalformedAnswer("no_equation", "Please write an equation, with an equals sign, such as y = 2x + 1.")
        return Verdict(
            verdict="wrong", feedback="That is not right yet: try your equation with a point that it has to fulfil."
        )

    def _formed(self, question: QuestionInstance, given: Equation, gold: Parsed) -> Verdict:
        form = question.format
        solved = gold.solved() if isinstance(gold, Equation) else None
        if given.left is None:
            if not form.accept_bare_value:
                return _issue("now write it as an equation, with an equals sign")
            return self._finished(question, given.right)
        if form.form == "solved" or (solved is not None and not solved[1].symbols):
            found = given.solved()
            if found is None or (solved is not None and found[0] != solved[0]):
                name = f"get {solved[0]}" if solved else "get the unknown"
                return _issue(f"now {name} alone on one side")
            return self._finished(question, found[1])
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    @staticmethod
    def _finished(question: QuestionInstance, value: Node) -> Verdict:
        if not value.symbols and not question.format.unevaluated and shape.unfinished(value):
            return _issue("now work it out")
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def formula(self, reading: Reading) -> Node | None:
        given = reading.parsed if isinstance(reading, FormulaReading) else None
        if not isinstance(given, Equation):
            return None
        solved = given.solved()
        return given.right if given.left is None else solved[1] if solved else None

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        return any(shape.unfinished(tree) for tree in parsed.trees)

    def problems(self, question: QuestionInstance) -> list[str]:
        found = super().problems(question)
        if question.format.form not in FORMS:
            found.append(f"form of an equation is any or solved, not {question.format.form!r}")
        if not found and "=" not in question.answer:
            found.append("the answer to a question of format equation needs an equals sign")
        return found


def _issue(what: str) -> Verdict:
    return Verdict(verdict="form_issue", feedback=f"Your equation is right; {what}.")
