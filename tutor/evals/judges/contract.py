"""What a judge is asked and what it has to answer.

Every judged metric is one yes-or-no question about an output. A judge says yes, no or partial, and how far the answer
is yes (``score``, 0 to 1). Whether yes is good is the metric's business, not the judge's: for a negative metric
(hallucination, toxicity) yes is a failure and a partial yes passes only while its score is small.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from tutor.evals.case import Case, Judgement
from tutor.evals.exceptions import BadOptions

#: A partial yes passes from this score on; a partial yes of a negative metric up to one minus this.
THRESHOLD = 0.8


class JudgedMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A question about an output."""

    name: str
    #: Ends with a question mark and can be answered by yes or no.
    question: str
    #: Yes is a failure.
    negative: bool = False
    #: What a case must have: some of ``input``, ``expected``, ``context``.
    needs: tuple[str, ...] = ()

    def check(self, case: Case) -> None:
        """Raises ``BadOptions`` where the case lacks what the question is about."""
        missing = [name for name in self.needs if not getattr(case, name)]
        if missing:
            raise BadOptions(f"{self.name} needs a case with {' and '.join(missing)}")

    def passes(self, judgement: Judgement, threshold: float = THRESHOLD) -> bool:
        """What the judge's answer means for the output."""
        if judgement.label == "partial":
            return judgement.score <= round(1 - threshold, 9) if self.negative else judgement.score >= threshold
        return (judgement.label == "yes") is not self.negative


class Judge(Protocol):
    """Somebody who answers the questions of judged metrics."""

    name: str

    def judges(self, metric: JudgedMetric) -> bool:
        """Whether this judge knows what to do with the metric."""

    def judge(self, metric: JudgedMetric, case: Case) -> Judgement:
        """The answer. Raises ``JudgeError`` where there is none that may be used."""
