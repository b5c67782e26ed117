"""Where results go: a gate fails at the first violation, an evaluation takes them down and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from tutor.evals.case import Case, Result

Mode = Literal["gate", "eval"]


class Violation(AssertionError):
    """An output failed a metric in gate mode, or nobody could decide. ``result`` has the details."""

    def __init__(self, case: Case, result: Result) -> None:
        self.case = case
        self.result = result
        super().__init__(told(case, result))


class Recording:
    """Every result of one test or of one run."""

    def __init__(self, mode: Mode = "gate") -> None:
        self.mode: Mode = mode
        self.entries: list[tuple[Case, Result]] = []

    def take(self, case: Case, result: Result) -> None:
        """Keep the result. Raises ``Violation`` in gate mode unless it passed."""
        self.entries.append((case, result))
        if self.mode == "gate" and not result.passed:
            raise Violation(case, result)


_current: ContextVar[Recording | None] = ContextVar("tutor_evals_recording", default=None)


@contextmanager
def recording(mode: Mode = "gate") -> Iterator[Recording]:
    """Have the assertions called in this block recorded in this mode."""
    taken = Recording(mode)
    token = _current.set(taken)
    try:
        yield taken
    finally:
        _current.reset(token)


def take(case: Case, result: Result) -> None:
    """Hand a result to the recording around, or be a gate of its own where there is none."""
    (_current.get() or Recording()).take(case, result)


def told(case: Case, result: Result) -> str:
    """A result as the message of a failed test."""
    lines = [f"{result.metric}: {result.reason or result.status}"]
    lines += [
        f"  {one.judge}: {one.error or f'{one.label} ({one.score:.2f}) {one.reason}'}" for one in result.judgements
    ]
    if case.input:
        lines.append(f"  input: {_short(case.input)}")
    lines.append(f"  output: {_short(case.output)}")
    return "\n".join(lines)


def _short(text: str, limit: int = 400) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}…"
