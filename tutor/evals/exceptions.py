"""What can go wrong while evaluating, apart from an output that fails.

EvaluationError
├── UnknownMetric      a name no metric has
├── BadOptions         a metric was given options it does not take, or a case lacks what it needs
├── DatasetError       a dataset file cannot be read
├── BaselineError      a baseline file cannot be read
├── EndpointError      a model's endpoint gave no answer; carries the HTTP status where there was one
└── JudgeError         a judge gave no verdict that may be used
"""

from __future__ import annotations


class EvaluationError(Exception):
    """Base of all errors of this package."""


class UnknownMetric(EvaluationError):
    """There is no metric of this name."""


class BadOptions(EvaluationError):
    """A metric was given options it does not take, or the case lacks something the metric needs."""


class DatasetError(EvaluationError):
    """The file is not a dataset; the message says where and why."""


class BaselineError(EvaluationError):
    """The file is not a baseline; the message says why."""


class EndpointError(EvaluationError):
    """A model's endpoint gave no answer that can be read."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class JudgeError(EvaluationError):
    """A judge gave no verdict that may be used. It never counts as a pass."""
