"""Answers judged and counted by form class."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.variants.trials import FORMATS, trials
from tests.variants.typed_answers import entries
from tutor.checking import check
from tutor.questions import QuestionInstance

ACCEPTED = {"correct", "form_issue"}


@dataclass
class Report:
    """What became of all answers."""

    #: By format and form class: how many were judged, how many accepted.
    judged: Counter[tuple[str, str]] = field(default_factory=Counter)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    #: ``(format, right answer, given, verdict)`` of what should not have happened.
    refused: list[tuple[str, str, str, str]] = field(default_factory=list)
    wrong_accepts: list[tuple[str, str, str]] = field(default_factory=list)
    #: In seconds of this thread's CPU, one per answer.
    times: list[float] = field(default_factory=list)

    def share(self) -> float:
        return sum(self.accepted.values()) / sum(self.judged.values())

    def shares(self) -> dict[tuple[str, str], float]:
        return {key: self.accepted[key] / count for key, count in self.judged.items()}

    def percentile(self, share: float) -> float:
        return sorted(self.times)[int(share * (len(self.times) - 1))]


def run(rounds: int, *, seed: int = 6, progress: Callable[[int], None] | None = None) -> Report:
    """Judges every answer of ``rounds`` questions of each format; ``progress(done)`` is told how many."""
    report = Report()
    for done, (name, trial) in enumerate(trials(rounds, seed), 1):
        gold = trial.question.answer
        for form, text in trial.right.items():
            verdict = _timed(report, trial.question, text)
            report.judged[name, form] += 1
            report.accepted[name, form] += verdict in ACCEPTED
            if verdict not in ACCEPTED:
                report.refused.append((f"{name}: {form}", gold, text, verdict))
        for text in trial.wrong.values():
            report.wrong[name] += 1
            if _timed(report, trial.question, text) in ACCEPTED:
                report.wrong_accepts.append((name, gold, text))
        if progress is not None:
            progress(done)
    return report


def typed() -> Report:
    """Judges what was written down by hand; no generator thought of it."""
    report = Report()
    for question, right, wrong in entries():
        kind = question.format.type
        for form, texts in right.items():
            for text in texts:
                verdict = _timed(report, question, text)
                report.judged[kind, form] += 1
                report.accepted[kind, form] += verdict in ACCEPTED
                if verdict not in ACCEPTED:
                    report.refused.append((f"{kind}: {form}", question.answer, text, verdict))
        for text in wrong:
            report.wrong[kind] += 1
            if _timed(report, question, text) in ACCEPTED:
                report.wrong_accepts.append((kind, question.answer, text))
    return report


def _timed(report: Report, question: QuestionInstance, text: str) -> str:
    started = time.thread_time()
    verdict = check(question, text).verdict
    report.times.append(time.thread_time() - started)
    return verdict


def by_format(report: Report) -> dict[str, tuple[int, int, float, int, int]]:
    """By format: variants, accepted, the lowest class, wrong variants, wrong accepts."""
    lowest: dict[str, float] = defaultdict(lambda: 1.0)
    for (name, _), share in report.shares().items():
        lowest[name] = min(lowest[name], share)
    table: dict[str, tuple[int, int, float, int, int]] = {}
    for name in dict.fromkeys((*FORMATS, *(one for one, _ in report.judged))):
        if not any(one == name for one, _ in report.judged):
            continue
        judged = sum(count for (one, _), count in report.judged.items() if one == name)
        accepted = sum(count for (one, _), count in report.accepted.items() if one == name)
        accepts = sum(1 for one, _, _ in report.wrong_accepts if one == name)
        table[name] = (judged, accepted, lowest[name], report.wrong[name], accepts)
    return table
