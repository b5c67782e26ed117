"""Answers that are one formula: ``3x + 6``, ``\\frac{2x}{3}``, ``y = 2x - 1``, ``sqrt(2)/2``, ``f(x) = x^2``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from tutor.checking.algebra import shape
from tutor.checking.algebra.equivalence import same_function
from tutor.checking.algebra.evaluation import constant
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.tree import Function, Negative, Node, Number, text_of
from tutor.checking.answer_format import Reading
from tutor.checking.formula import FormulaFormat, FormulaReading, Parsed
from tutor.checking.malformed import MalformedAnswer
from tutor.checking.precision import Fit, fit
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance


@dataclass(frozen=True)
class Formula:
    """One formula, and the letter it was given for, as in ``y = 2x``."""

    node: Node
    label: str | None = field(default=None, compare=False)
    #: The other sides of ``2(x + 1) = 2x + 2``: the same function in other forms.
    others: tuple[Node, ...] = field(default=(), compare=False)

    @property
    def trees(self) -> tuple[Node, ...]:
        return (self.node,)

    @property
    def text(self) -> str:
        return text_of(self.node)

    def changed(self, change: Callable[[Node], Node]) -> Formula:
        return Formula(change(self.node), self.label)


_DERIVATIVE = re.compile(r"^(?:[A-Za-z]['′]{1,2}(?:\s*\([a-z]\))?|d[a-z]/d[a-z]|\\frac\{d[a-z]\}\{d[a-z]\})\s*=\s*")


class ExpressionFormat(FormulaFormat):
    """``type: expression``. Policies: vars, form (any, simplified, expanded, factored, single_fraction, mixed),
    unevaluated, decimals and tolerances for a constant, accept_bare_value, decimal_comma, log_base."""

    def prepared(self, text: str) -> str:
        """``y' =`` and ``f'(x) =`` name a derivative; what it is follows."""
        return _DERIVATIVE.sub("", super().prepared(text))

    def parse(self, parser: Parser) -> Formula:
        label = self._label(parser)
        sides = [parser.formula()]
        while parser.accept("="):
            sides.append(parser.formula())
        parser.expect_end()
        for side in sides[1:]:
            if not same_function(side, sides[0]):
                raise MalformedAnswer(
                    "sides_differ", "The two sides of what you wrote are not equal; please send the answer alone."
                )
        return Formula(sides[-1], label, tuple(sides[:-1]))

    @staticmethod
    def _label(parser: Parser) -> str | None:
        """``y =`` and ``f(x) =`` in front, where the letter is none of the formula's own."""
        place = parser.place
        token = parser.peek()
        if token.kind == "name" and len(token.text) == 1:
            parser.take()
            # "f(x) =" names a function, so it is for no unknown.
            function = parser.accept("(")
            argument = not function or (parser.take().kind == "name" and parser.accept(")"))
            if argument and parser.accept("=") and not parser.at_end():
                return None if function else token.text
        parser.back_to(place)
        return None

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        return same_function(one.trees[0], gold.trees[0])

    def judge(self, question: QuestionInstance, reading: Reading) -> Verdict:
        verdict = super().judge(question, reading)
        parsed = reading.parsed if isinstance(reading, FormulaReading) else None
        if verdict.verdict == "correct" or not isinstance(parsed, Formula):
            return verdict
        # All sides are the same function: the one in the form asked for counts.
        for side in parsed.others:
            found = super().judge(question, FormulaReading(text=reading.text, parsed=Formula(side, parsed.label)))
            if found.verdict == "correct":
                return found
        return verdict

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        parsed = reading.parsed
        assert isinstance(parsed, Formula)  # noqa: S101 — parse gives nothing else
        self._check_label(question, parsed)
        issue = ""
        for gold in self.golds(question):
            found = self._fit(question, parsed.node, gold.trees[0])
            if found.right:
                return self._formed(question, parsed, gold.trees[0])
            issue = issue or found.issue
        if issue:
            return Verdict(verdict="form_issue", feedback=issue)
        return Verdict(verdict="wrong", feedback="That is not right yet: go through your steps once more.")

    def _fit(self, question: QuestionInstance, node: Node, gold: Node) -> Fit:
        sign, size = (-1, node.of) if isinstance(node, Negative) else (1, node)
        if isinstance(size, Number) and size.places is not None and not gold.symbols:
            right = constant(gold)
            if right is not None:
                return fit(question.format, sign * size.value, size.places, right)
        tolerant = question.format.tolerance_abs or question.format.tolerance_rel
        values = constant(node), constant(gold)
        if tolerant and values[0] is not None and values[1] is not None:
            return fit(question.format, values[0], None, values[1])
        return Fit(right=same_function(node, gold))

    @staticmethod
    def _check_label(question: QuestionInstance, parsed: Formula) -> None:
        names = question.format.vars
        if (
            parsed.label
            and names
            and not parsed.node.symbols
            and parsed.label.lower() not in {n.lower() for n in names}
        ):
            raise MalformedAnswer("other_variable", f"This question asks for {names[0]}, not for {parsed.label}.")

    def _formed(self, question: QuestionInstance, parsed: Formula, gold: Node) -> Verdict:
        form = question.format
        undone = shape.unfinished(parsed.node) or (isinstance(constant(gold), Fraction) and _has_function(parsed.node))
        number = not parsed.node.symbols and not gold.symbols
        if number and undone and not form.unevaluated and not shape.unfinished(gold):
            return Verdict(verdict="form_issue", feedback="The value is right; now work it out.")
        issue = shape.left_to_do(parsed.node, form.form, gold)
        if issue:
            return Verdict(verdict="form_issue", feedback=f"The value is right; {issue}.")
        if form.vars and not form.accept_bare_value and parsed.label is None:
            return Verdict(
                verdict="form_issue",
                feedback="The value is right; now write it as an equation that begins with its letter and =.",
            )
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def formula(self, reading: Reading) -> Node | None:
        return reading.parsed.trees[0] if isinstance(reading, FormulaReading) else None

    def unfinished(self, parsed: Parsed, question: QuestionInstance) -> bool:
        return any(shape.unfinished(tree) for tree in parsed.trees)

    def problems(self, question: QuestionInstance) -> list[str]:
        found = super().problems(question)
        if question.format.form not in shape.FORMS:
            found.append(f"form of an expression is {', '.join(shape.FORMS)}, not {question.format.form!r}")
        return found


def _has_function(node: Node) -> bool:
    return any(isinstance(part, Function) for part in node.walk())
