"""Cases with known answers that every judge has to get right before its verdict counts.

They hold the traps judges are known to fall into: a text that orders its own verdict, one that imitates the answer's
form, a fluent false equation, a right value in another form, a refusal in kind words. A judge that falls for one trap,
or is wrong more often than ``LEAST_RIGHT`` allows, is reported and not counted.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from tutor.evals.case import Case
from tutor.evals.exceptions import JudgeError
from tutor.evals.judges.contract import Judge
from tutor.evals.judges.metrics import judged

SET = Path(__file__).with_name("self_test.yaml")
#: Share of right verdicts below which a judge does not count.
LEAST_RIGHT = 0.9


class KnownAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A case whose verdict is known."""

    metric: str
    passes: bool
    output: str
    input: str = ""
    expected: str | None = None
    context: list[str] = []
    #: To be wrong here once is to be unfit.
    trap: bool = False

    @property
    def case(self) -> Case:
        return Case(input=self.input, output=self.output, expected=self.expected, context=self.context)


class Score(msgspec.Struct, frozen=True):
    """How often a judge was right about one metric."""

    metric: str
    right: int
    total: int


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """How a judge did."""

    judge: str
    scores: list[Score]
    #: Each verdict that was wrong, and each that was not given.
    mistakes: list[str]
    trapped: bool

    @property
    def right(self) -> int:
        return sum(score.right for score in self.scores)

    @property
    def total(self) -> int:
        return sum(score.total for score in self.scores)

    @property
    def passed(self) -> bool:
        """Whether the judge's verdicts count."""
        return bool(self.total) and not self.trapped and self.right >= LEAST_RIGHT * self.total


def known_answers(path: Path = SET) -> list[KnownAnswer]:
    """The set, in the order of its file."""
    return msgspec.yaml.decode(path.read_bytes(), type=list[KnownAnswer])


def examine(judge: Judge, answers: list[KnownAnswer] | None = None) -> SelfTest:
    """Have the judge decide every case it claims to be able to."""
    right: dict[str, int] = {}
    total: dict[str, int] = {}
    mistakes: list[str] = []
    trapped = False
    for known in known_answers() if answers is None else answers:
        metric = judged(known.metric)
        if not judge.judges(metric):
            continue
        total[metric.name] = total.get(metric.name, 0) + 1
        try:
            judgement = judge.judge(metric, known.case)
            is_right = metric.passes(judgement) is known.passes
            said = f"{judgement.label} ({judgement.score:.2f}): {judgement.reason}"
        except JudgeError as error:
            is_right, said = False, str(error)
        right[metric.name] = right.get(metric.name, 0) + is_right
        if not is_right:
            trapped = trapped or known.trap
            mistakes.append(f"{metric.name}: “{known.output}” should {'pass' if known.passes else 'fail'}; {said}")
    scores = [Score(name, right[name], total[name]) for name in total]
    return SelfTest(judge=judge.name, scores=scores, mistakes=mistakes, trapped=trapped)
