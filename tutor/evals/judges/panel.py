"""Several judges decide together, and every word of theirs is kept.

Who decides: a conclusive failure (arithmetic, a rule) stands whatever a model says. Otherwise the last judge of the
panel whose verdict counts decides; the panel lists the offline judge first. A judge that fails to answer makes the
result an error, never a pass; a judge that has not passed its self-test is reported and not counted.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tutor.evals.case import Case, Judgement, Result
from tutor.evals.exceptions import JudgeError
from tutor.evals.judges import llm
from tutor.evals.judges.cache import JudgementCache
from tutor.evals.judges.contract import THRESHOLD, Judge, JudgedMetric
from tutor.evals.judges.offline import OfflineJudge
from tutor.evals.judges.self_test import SelfTest, examine


class Panel:
    """The judges of one run. Thread-safe; each judge is examined once, before its first verdict counts."""

    def __init__(self, judges: Sequence[Judge], threshold: float = THRESHOLD) -> None:
        self.judges = tuple(judges)
        self.threshold = threshold
        self._examined: dict[str, SelfTest] = {}
        self._lock = threading.Lock()

    def self_test(self, judge: Judge) -> SelfTest:
        """How the judge did on the cases with known answers."""
        with self._lock:
            if judge.name not in self._examined:
                self._examined[judge.name] = examine(judge)
            return self._examined[judge.name]

    def self_tests(self) -> list[SelfTest]:
        """How every judge did."""
        return [self.self_test(judge) for judge in self.judges]

    def decide(self, metric: JudgedMetric, case: Case, threshold: float | None = None) -> Result:
        """The panel's result. Raises ``BadOptions`` where the case lacks what the metric needs."""
        metric.check(case)
        limit = self.threshold if threshold is None else threshold
        judgements = [self._asked(judge, metric, case) for judge in self.judges if judge.judges(metric)]
        counting = [one for one in judgements if one.counts]
        failed = next((one for one in counting if one.conclusive and one.label and not metric.passes(one, limit)), None)
        silent = next((one for one in counting if one.label is None), None)
        decisive = failed or silent or (counting[-1] if counting else None)
        if decisive is None:
            return Result(
                metric=metric.name,
                status="error",
                reason="no judge that counts can decide this; configure a model with JUDGE_BASE_URL and JUDGE_MODEL",
                judgements=judgements,
            )
        if decisive.label is None:
            return Result(metric=metric.name, status="error", reason=decisive.error, judgements=judgements)
        passed = metric.passes(decisive, limit)
        good = 1 - decisive.score if metric.negative else decisive.score
        return Result(
            metric=metric.name,
            status="passed" if passed else "failed",
            reason="" if passed else decisive.reason,
            score=round(good, 4),
            judgements=judgements,
        )

    def _asked(self, judge: Judge, metric: JudgedMetric, case: Case) -> Judgement:
        try:
            judgement = judge.judge(metric, case)
        except JudgeError as error:
            judgement = Judgement(judge=judge.name, error=str(error))
        return msgspec.structs.replace(judgement, counts=self.self_test(judge).passed)


def configured(threshold: float = THRESHOLD, cache: Path | None = None) -> Panel:
    """The offline judge, and behind it the model of ``JUDGE_BASE_URL`` and ``JUDGE_MODEL`` if there is one."""
    model = llm.from_environment(os.environ, JudgementCache(cache))
    return Panel([OfflineJudge(), *([model] if model is not None else [])], threshold)


# One panel per process and not per context: worker threads of a run have to see it, and examining a judge costs money.
_current: list[Panel] = []


def current() -> Panel:
    """The panel in use; the configured one where none was put in use."""
    if not _current:
        _current.append(configured())
    return _current[-1]


@contextmanager
def using(panel: Panel) -> Iterator[Panel]:
    """Have judged metrics decided by this panel in this block, in every thread."""
    current()
    _current.append(panel)
    try:
        yield panel
    finally:
        _current.remove(panel)
