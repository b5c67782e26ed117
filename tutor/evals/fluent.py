"""Several checks on one case, one after the other.

check(case).assert_contains("30 days").refute_pii().assert_max_length(200)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tutor.evals.case import Case, Result, case_of
from tutor.evals.recording import take
from tutor.evals.registry import ASSERTIONS


class Check:
    """A case under check. Every assertion is a method; ``results`` has what each found."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.results: list[Result] = []

    def __getattr__(self, name: str) -> Callable[..., Check]:
        found = ASSERTIONS.get(name)
        if found is None:
            raise AttributeError(f"there is no assertion {name!r}; tutor.evals.available_assertions() lists them")

        def asserted(*args: Any, **options: Any) -> Check:
            result = found.run(self.case, *args, **options)
            self.results.append(result)
            take(self.case, result)
            return self

        return asserted


def check(output: Case | str) -> Check:
    """Begin checking a case or a bare output."""
    return Check(case_of(output))
