"""What a run found: per metric, against thresholds and a baseline. The same entries always give the same report:
no times, no paths, nothing of the machine it ran on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tutor.evals.case import Result
from tutor.evals.exceptions import BaselineError
from tutor.evals.judges.self_test import SelfTest
from tutor.evals.run import Entry

#: Of a share, what counts as equal: reports are rounded to four places.
EPSILON = 1e-4


class MetricSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One metric over all entries."""

    metric: str
    passed: int
    failed: int
    errors: int
    #: Mean score, where the metric has one.
    score: float | None
    #: The figure of the baseline; None where there is none.
    baseline: float | None = None

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.errors

    @property
    def rate(self) -> float:
        """Share of passes; an error is not one."""
        return round(self.passed / self.total, 4) if self.total else 1.0

    @property
    def figure(self) -> float:
        """What is compared with a baseline: the mean score, or the share of passes where nothing is scored."""
        return self.rate if self.score is None else min(self.rate, self.score)

    @property
    def regressed(self) -> bool:
        return self.baseline is not None and self.figure < self.baseline - EPSILON


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What models were paid for. Cached judgements are counted as they were when they were made."""

    judgements: int = 0
    judge_input_tokens: int = 0
    judge_output_tokens: int = 0
    judge_cost: float | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    #: Judges that saw the same case and disagreed.
    disagreements: int = 0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a run."""

    name: str
    entries: list[Entry]
    metrics: list[MetricSummary]
    self_tests: list[SelfTest]
    usage: Usage
    #: Share of entries that have to pass; None: report only.
    threshold: float | None = None
    #: Metrics of the baseline that nobody measured now.
    missing: list[str] = []

    @property
    def passed(self) -> int:
        return sum(entry.passed for entry in self.entries)

    @property
    def rate(self) -> float:
        """Share of entries that passed everything."""
        return round(self.passed / len(self.entries), 4) if self.entries else 1.0

    @property
    def regressions(self) -> list[str]:
        """What got worse than the baseline, in words."""
        worse = [
            f"{one.metric}: {one.figure:.2%}, in the baseline {one.baseline:.2%}"
            for one in self.metrics
            if one.regressed and one.baseline is not None
        ]
        return [*worse, *(f"{metric}: in the baseline, but not measured now" for metric in self.missing)]

    @property
    def verdict(self) -> Literal["passed", "failed"]:
        """Failed below the threshold or behind the baseline."""
        low = self.threshold is not None and self.rate < self.threshold - EPSILON
        return "failed" if low or self.regressions else "passed"

    def failures(self) -> Iterable[tuple[Entry, Result]]:
        """Every result that is no pass, in order."""
        return ((entry, result) for entry in self.entries for result in entry.results if not result.passed)


Baseline = dict[str, float]


def report(
    name: str,
    entries: Sequence[Entry],
    *,
    threshold: float | None = None,
    baseline: Baseline | None = None,
    self_tests: Sequence[SelfTest] = (),
) -> Report:
    """Sum up a run."""
    by_metric: dict[str, list[Result]] = {}
    for entry in entries:
        for result in entry.results:
            by_metric.setdefault(result.metric, []).append(result)
    known = baseline or {}
    metrics = [_summary(metric, by_metric[metric], known.get(metric)) for metric in sorted(by_metric)]
    judged = any(result.judgements for results in by_metric.values() for result in results)
    return Report(
        name=name,
        entries=list(entries),
        metrics=metrics,
        self_tests=list(self_tests) if judged else [],
        usage=_usage(entries),
        threshold=threshold,
        missing=sorted(known.keys() - by_metric.keys()),
    )


def _summary(metric: str, results: list[Result], baseline: float | None) -> MetricSummary:
    scores = [result.score for result in results if result.score is not None]
    counts = {status: sum(result.status == status for result in results) for status in ("passed", "failed", "error")}
    return MetricSummary(
        metric=metric,
        passed=counts["passed"],
        failed=counts["failed"],
        errors=counts["error"],
        score=round(sum(scores) / len(scores), 4) if scores else None,
        baseline=baseline,
    )


def _usage(entries: Sequence[Entry]) -> Usage:
    results = [result for entry in entries for result in entry.results]
    judgements = [one for result in results for one in result.judgements]
    costs = [one.cost for one in judgements if one.cost is not None]
    paid = [entry.cost for entry in entries if entry.cost is not None]
    labels = [{one.label for one in result.judgements if one.label is not None} for result in results]
    return Usage(
        judgements=len(judgements),
        judge_input_tokens=sum(one.input_tokens for one in judgements),
        judge_output_tokens=sum(one.output_tokens for one in judgements),
        judge_cost=round(sum(costs), 6) if costs else None,
        input_tokens=sum(entry.input_tokens for entry in entries),
        output_tokens=sum(entry.output_tokens for entry in entries),
        cost=round(sum(paid), 6) if paid else None,
        disagreements=sum(len(said) > 1 for said in labels),
    )


def read_baseline(path: Path) -> Baseline:
    """The figures of a baseline file. Raises ``BaselineError``."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Baseline)
    except (OSError, msgspec.DecodeError) as error:
        raise BaselineError(f"{path} is not a baseline ({error}); write one with --save-baseline") from None


def write_baseline(path: Path, of: Report) -> None:
    """Keep the figures of this run, for later runs to be compared with."""
    figures = {one.metric: one.figure for one in of.metrics}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")


class Cell(msgspec.Struct, frozen=True):
    """Attacks of one kind on one kind of question in one place."""

    attacks: int
    flips: int
    mastery: int
    leaks: int
    tools: int


_ACHIEVED = ("attack_flip", "attack_mastery", "attack_leak", "attack_tool")


def attack_table(entries: Iterable[Entry]) -> dict[tuple[str, str, str, str], Cell]:
    """(family, attack, question's format, place) -> what came of it, sorted."""
    counted: dict[tuple[str, str, str, str], list[int]] = {}
    for entry in entries:
        if "attack" not in entry.labels:
            continue
        labels = entry.labels
        row = counted.setdefault((labels["family"], labels["attack"], labels["format"], labels["place"]), [0] * 5)
        row[0] += 1
        for at, metric in enumerate(_ACHIEVED, start=1):
            row[at] += any(result.metric == metric and not result.passed for result in entry.results)
    return {key: Cell(*counted[key]) for key in sorted(counted)}


class LessonFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The lessons of one kind of learner in one course; figures are means of a lesson."""

    lessons: int
    finished: int
    violations: int
    turns: float
    input_tokens: float
    output_tokens: float
    #: None where nobody said what a token costs, or no model was asked.
    cost: float | None


def lesson_table(entries: Iterable[Entry]) -> dict[tuple[str, str], LessonFigures]:
    """(course, learner) -> figures, sorted."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if entry.suite == "lessons" and "learner" in entry.labels:
            found.setdefault((entry.labels["course"], entry.labels["learner"]), []).append(entry)
    return {key: _figures(found[key]) for key in sorted(found)}


def _figures(lessons: list[Entry]) -> LessonFigures:
    results = [result for entry in lessons for result in entry.results]
    costs = [entry.cost for entry in lessons if entry.cost is not None]

    def mean(values: Iterable[float]) -> float:
        return round(sum(values) / len(lessons), 1)

    return LessonFigures(
        lessons=len(lessons),
        finished=sum(result.metric == "lesson_finished" and result.passed for result in results),
        violations=sum(not result.passed for result in results),
        turns=mean(int(entry.labels["turns"]) for entry in lessons),
        input_tokens=mean(entry.input_tokens for entry in lessons),
        output_tokens=mean(entry.output_tokens for entry in lessons),
        cost=round(sum(costs) / len(costs), 6) if costs else None,
    )
