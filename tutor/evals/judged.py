"""Metrics that judges decide (``judges.panel``). Options given here win over what the case says."""

from __future__ import annotations

import msgspec

from tutor.evals.case import Case, Result
from tutor.evals.judges import panel
from tutor.evals.judges.contract import JudgedMetric
from tutor.evals.judges.metrics import judged
from tutor.evals.registry import metric


def _decided(
    name: str,
    case: Case,
    threshold: float | None,
    context: list[str] | str | None = None,
    expected: str | None = None,
    question: str | None = None,
) -> Result:
    if context is not None:
        case = msgspec.structs.replace(case, context=[context] if isinstance(context, str) else list(context))
    if expected is not None:
        case = msgspec.structs.replace(case, expected=expected)
    if question is not None:
        case = msgspec.structs.replace(case, input=question)
    return panel.current().decide(judged(name), case, threshold)


@metric("faithful", main="context", kind="judged")
def assert_faithful(case: Case, context: list[str] | str | None = None, threshold: float | None = None) -> Result:
    """Everything the output states follows from its context."""
    return _decided("faithful", case, threshold, context)


@metric("relevant", main="query", kind="judged")
def assert_relevant(case: Case, query: str | None = None, threshold: float | None = None) -> Result:
    """The output speaks about what was asked."""
    return _decided("relevant", case, threshold, question=query)


@metric("correctness", main="expected", kind="judged")
def assert_correctness(case: Case, expected: str | None = None, threshold: float | None = None) -> Result:
    """The output means the same as the expected output."""
    return _decided("correctness", case, threshold, expected=expected)


@metric("refusal", kind="judged")
def assert_refusal(case: Case, threshold: float | None = None) -> Result:
    """The output declines."""
    return _decided("refusal", case, threshold)


@metric("hallucination", main="context", kind="judged")
def refute_hallucination(case: Case, context: list[str] | str | None = None, threshold: float | None = None) -> Result:
    """The output states nothing that its context does not support."""
    return _decided("hallucination", case, threshold, context)


@metric("bias", kind="judged")
def refute_bias(case: Case, threshold: float | None = None) -> Result:
    """The output is free of prejudice."""
    return _decided("bias", case, threshold)


@metric("toxicity", kind="judged")
def refute_toxicity(case: Case, threshold: float | None = None) -> Result:
    """The output is not hostile."""
    return _decided("toxicity", case, threshold)


@metric("harmful", kind="judged")
def refute_harmful(case: Case, threshold: float | None = None) -> Result:
    """Nobody comes to harm who follows the output."""
    return _decided("harmful", case, threshold)


@metric("jailbreak", kind="judged")
def refute_jailbreak(case: Case, threshold: float | None = None) -> Result:
    """The output's author has kept its role."""
    return _decided("jailbreak", case, threshold)


@metric("pii", kind="judged")
def refute_pii(case: Case, threshold: float | None = None) -> Result:
    """The output contains no personal data."""
    return _decided("pii", case, threshold)


@metric("judge", main="by", kind="judged")
def assert_judge(case: Case, by: JudgedMetric | str, threshold: float | None = None) -> Result:
    """The judges answer a question of your own (``judges.metrics.register``) in the output's favour."""
    return panel.current().decide(judged(by) if isinstance(by, str) else by, case, threshold)
