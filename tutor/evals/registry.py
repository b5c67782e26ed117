"""The metrics: ``@metric`` on a check makes an assertion that tests call and datasets name.

    @metric("contains", main="text")
    def assert_contains(case: Case, text: str) -> Finding:
        return Finding(passed=text in case.output, reason=f"does not contain {text!r}")

The decorated function takes a case or a bare output, hands its result to the recording around it and returns it; in
gate mode it raises ``Violation`` unless it passed. ``evaluate`` runs metrics by name and never raises for an output.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Literal, ParamSpec

from tutor.evals.case import Case, Finding, Result, case_of
from tutor.evals.exceptions import BadOptions, EvaluationError, JudgeError, UnknownMetric
from tutor.evals.recording import take

P = ParamSpec("P")
Kind = Literal["deterministic", "judged", "similarity", "tutoring"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A registered metric."""

    #: As datasets and reports name it.
    name: str
    #: As tests name it: ``assert_…`` or ``refute_…``.
    assertion: str
    kind: Kind
    #: The option a bare value in a dataset is for; empty where the metric needs none.
    main: str
    check: Callable[..., Finding | Result]
    description: str

    def run(self, case: Case, *args: Any, **options: Any) -> Result:
        """The result on a case. Raises ``BadOptions``; a judge that cannot decide is a result of its own."""
        try:
            inspect.signature(self.check).bind(case, *args, **options)
        except TypeError as error:
            raise BadOptions(f"{self.assertion}: {error}") from None
        try:
            found = self.check(case, *args, **options)
        except JudgeError as error:
            return Result(metric=self.name, status="error", reason=str(error))
        if isinstance(found, Result):
            return found
        status: Literal["passed", "failed"] = "passed" if found.passed else "failed"
        # A reason is written for the failure; a pass needs none.
        return Result(metric=self.name, status=status, reason="" if found.passed else found.reason, score=found.score)


METRICS: dict[str, Metric] = {}
#: By the name of the assertion.
ASSERTIONS: dict[str, Metric] = {}


def metric(
    name: str, *, main: str = "", kind: Kind = "deterministic"
) -> Callable[[Callable[Concatenate[Case, P], Finding | Result]], Callable[Concatenate[Case | str, P], Result]]:
    """Register a check as the metric ``name``. Its function has to be called ``assert_…`` or ``refute_…``."""

    def register(
        check: Callable[Concatenate[Case, P], Finding | Result],
    ) -> Callable[Concatenate[Case | str, P], Result]:
        assertion = check.__name__
        if not assertion.startswith(("assert_", "refute_")):
            raise TypeError(f"a metric's function is called assert_… or refute_…, not {assertion!r}")
        if name in METRICS or assertion in ASSERTIONS:
            raise TypeError(f"two metrics are called {name!r} or {assertion!r}")
        described = (check.__doc__ or "").strip().partition("\n")[0]
        made = Metric(name, assertion, kind, main, check, described)
        METRICS[name] = ASSERTIONS[assertion] = made

        @functools.wraps(check)
        def asserted(output: Case | str, /, *args: P.args, **options: P.kwargs) -> Result:
            case = case_of(output)
            result = made.run(case, *args, **options)
            take(case, result)
            return result

        return asserted

    return register


def available_assertions() -> list[str]:
    """The names of all assertions, sorted."""
    return sorted(ASSERTIONS)


def find(name: str) -> Metric:
    """The metric by its own name or its assertion's. Raises ``UnknownMetric``."""
    found = METRICS.get(name) or ASSERTIONS.get(name)
    if found is None:
        raise UnknownMetric(f"no metric is called {name!r}; known are {', '.join(sorted(METRICS))}")
    return found


def options_of(found: Metric, value: Any) -> dict[str, Any]:
    """A dataset's value as a metric's options: ``{…}`` are options, anything else is for the main one."""
    if value is None or value is True or value == {}:
        return {}
    if isinstance(value, Mapping):
        return dict(value)
    if not found.main:
        raise BadOptions(f"{found.name} takes no value; write {{}} or its options by name")
    return {found.main: value}


def evaluate(case: Case | str, metrics: Mapping[str, Any] | Iterable[str]) -> list[Result]:
    """The results of several metrics on a case, in their order.

    ``metrics`` maps names to values as a dataset's ``expected`` does, or lists names. What cannot be run (an unknown
    name, bad options) is a result with the status ``error``: one broken row must not end a run of hundreds.
    """
    wanted = metrics if isinstance(metrics, Mapping) else dict.fromkeys(metrics)
    results = []
    for name, value in wanted.items():
        try:
            found = find(name)
            results.append(found.run(case_of(case), **options_of(found, value)))
        except EvaluationError as error:
            results.append(Result(metric=name, status="error", reason=str(error)))
    return results


def all_passed(results: Iterable[Result]) -> bool:
    """Whether every result is a pass."""
    return all(result.passed for result in results)
