"""What is evaluated, and what came of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Status = Literal["passed", "failed", "error"]
#: A judge's answer to the metric's question; ``partial`` is weighed by its score.
Label = Literal["yes", "no", "partial"]


class Case(msgspec.Struct, frozen=True):
    """One output with what it answers and what it may rest on."""

    #: What was asked.
    input: str = ""
    #: What was answered: the text under evaluation.
    output: str = ""
    #: What a good answer says.
    expected: str | None = None
    #: What the answer may rest on, text by text.
    context: list[str] = []
    #: Anything else; ``latency_ms``, ``question`` and ``transcript`` are read by metrics and reports.
    metadata: dict[str, Any] = {}
    #: Names the case in reports.
    id: str = ""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What one judge said of one case under one metric."""

    judge: str
    #: None where the judge failed to decide; ``error`` then says why.
    label: Label | None = None
    #: How far the answer to the metric's question is yes, 0 to 1.
    score: float = 0.0
    reason: str = ""
    error: str = ""
    #: Rests on arithmetic or on a rule, so that no other judge can talk it away.
    conclusive: bool = False
    #: False where the judge has not passed its self-test: reported, not counted.
    counts: bool = True
    input_tokens: int = 0
    output_tokens: int = 0
    #: In the currency of the configured prices; None where no price is known.
    cost: float | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a metric found."""

    passed: bool
    reason: str = ""
    #: 0 to 1, 1 is best; None where the metric only knows yes and no.
    score: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A metric's result on a case. ``error`` means that nothing was decided, which is not a pass."""

    metric: str
    status: Status
    reason: str = ""
    score: float | None = None
    #: Every judge's word, where judges were asked.
    judgements: list[Judgement] = []

    @property
    def passed(self) -> bool:
        return self.status == "passed"


def case_of(output: str | Case) -> Case:
    """A bare output as a case."""
    return output if isinstance(output, Case) else Case(output=output)
