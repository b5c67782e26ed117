"""Answers that are intervals: ``(-1, 5]``, ``(-∞, 2) ∪ [3, ∞)``, ``]1; 2]``, ``∅``, ``all real numbers``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.checking.formula import Parsed
from tutor.checking.inequality import SolutionFormat
from tutor.checking.solution_set import Intervals
from tutor.checking.verdict import Verdict

if TYPE_CHECKING:
    from tutor.questions import QuestionInstance


class IntervalFormat(SolutionFormat):
    """``type: interval``. Policies: vars (for answers as inequalities), decimal_comma."""

    def formed(self, question: QuestionInstance, given: Parsed) -> Verdict:
        if not isinstance(given, Intervals):
            return Verdict(
                verdict="form_issue", feedback="The set is right; now write it as an interval, with brackets."
            )
        return Verdict(verdict="correct", feedback="Yes, that is right.")

    def problems(self, question: QuestionInstance) -> list[str]:
        found = super().problems(question)
        if not found and any(isinstance(gold, Intervals) and gold.solutions() is None for gold in self.golds(question)):
            found.append("an interval's end points are numbers, the lower one first")
        return found
