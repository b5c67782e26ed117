"""Answers that are an inequality: ``x > 3``, ``-2x < -6``, ``1 < x <= 5``, ``x < 1 or x > 5``, ``|x| < 2``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from tutor.checking import spoken
from tutor.checking.algebra import limits
from tutor.checking.algebra.grammar import Parser
from tutor.checking.algebra.language import Language
from tutor.checking.algebra.real_sets import same_ends, same_set
from tutor.checking.algebra.tree import Symbol
from tutor.checking.formula import FormulaFormat, FormulaReading, Parsed
from tutor.checking.phrasing import bare
from tutor.checking.solution_set import Inequality, Solution, in_signs, read_solution, same_conditions
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance


_INFINITE = r"(?:∞|\\infty|infinity|inf|oo)"
_UNBOUNDED = re.compile(
    rf"(?<=[A-Za-z0-9])\s*<\s*\+?{_INFINITE}$|^-\s*{_INFINITE}\s*<\s*(?=[A-Za-z]\s*<)", re.IGNORECASE
)
#: "(2|5]"
_BARS = re.compile(r"[\[\](][^|<>]+\|[^|<>]+[\[\])]")


class SolutionFormat(FormulaFormat):
    """A set of numbers in one of two notations. The other notation is right in value only."""

    comma_in_numbers = False

    def prepared(self, text: str) -> str:
        plain = in_signs(spoken.in_signs(bare(text.replace("<=>", "<="))))
        # "-3 < x < ∞": that it has no end says nothing more.
        plain = _UNBOUNDED.sub("", plain)
        if _BARS.fullmatch(plain):
            plain = plain.replace("|", ";")
        return plain

    def language(self, question: QuestionInstance) -> Language:
        """Intervals name no unknown: without one declared it is x."""
        language = super().language(question)
        return language if language.symbols else replace(language, symbols=frozenset({"x"}))

    def parse(self, parser: Parser) -> Solution:
        return read_solution(parser)

    def equal(self, one: Parsed, gold: Parsed) -> bool:
        assert isinstance(one, Solution)  # noqa: S101 — parse gives nothing else
        assert isinstance(gold, Solution)  # noqa: S101 — as above
        sets = one.solutions(), gold.solutions()
        if sets[0] is not None and sets[1] is not None:
            return _same_unknown(one, gold) and same_set(sets[0], sets[1])
        return isinstance(one, Inequality) and isinstance(gold, Inequality) and same_conditions(one, gold)

    def judged(self, question: QuestionInstance, reading: FormulaReading) -> Verdict:
        given = reading.parsed
        for gold in self.golds(question):
            if self.equal(given, gold):
                return self.formed(question, given)
        ends = [given.solutions() if isinstance(given, Solution) else None]
        ends += [gold.solutions() for gold in self.golds(question) if isinstance(gold, Solution)]
        first = ends[0]
        if first and any(one is not None and same_ends(first, one) for one in ends[1:]):
            return Verdict(
                verdict="wrong", feedback="The numbers are right; look again at whether the end points belong to it."
            )
        return Verdict(
            verdict="wrong", feedback="That is not right yet: try a number from your answer in the question."
        )

    def formed(self, question: QuestionInstance, given: Parsed) -> Verdict:
        """The verdict on a right set of numbers, by its notation."""
        raise NotImplementedError


class InequalityFormat(SolutionFormat):
    """``type: inequality``. Policies: vars, form (any, solved), decimal_comma."""

    def read(self, question: QuestionInstance, given: str) -> FormulaReading:
        """ "At least 4" is about the one unknown there is."""
        if len(question.format.vars) == 1 and re.match(r"[<>]", self.prepared(given[: limits.MAX_CHARS])):
            given = f"{question.format.vars[0]} {self.prepared(given)}"
        return super().read(question, given)

    def formed(self, question: QuestionInstance, given: Parsed) -> Verdict:
        if not isinstance(given, Inequality):
            return Verdict(
                verdict="form_issue", feedback="The set is right; now write it as an inequality, with < or >."
            )
        if question.format.form == "solved" and not _is_solved(given):
            return Verdict(verdict="form_issue", feedback="That is right; now get the unknown alone.")
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def problems(self, question: QuestionInstance) -> list[str]:
        found = super().problems(question)
        if question.format.form not in {"any", "solved"}:
            found.append(f"form of an inequality is any or solved, not {question.format.form!r}")
        return found


def _is_solved(given: Inequality) -> bool:
    atoms = [atom for clause in given.clauses for atom in clause]
    return all(
        (isinstance(atom.left, Symbol) and not atom.right.symbols)
        or (isinstance(atom.right, Symbol) and not atom.left.symbols)
        for atom in atoms
    )


def _same_unknown(one: Solution, gold: Solution) -> bool:
    """``y > 3`` is not ``x > 3``; intervals have no unknown."""
    names = [frozenset().union(*(tree.symbols for tree in side.trees)) for side in (one, gold)]
    return not all(names) or names[0] == names[1]
