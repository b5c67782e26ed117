"""How the learner thinks: misconceptions that stay, the same slip twice, practice without progress, hints in a rush."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TypeVar

from tutor.interactions import (
    AnswerChecked,
    EstimateContested,
    HintGiven,
    HintRefused,
    MasteryChanged,
    QuestionAsked,
    RemediationFinished,
)
from tutor.mastery import SPINNING_OPPORTUNITIES, SPINNING_P
from tutor.observers.observer import Observer, Seen
from tutor.observers.registry import observer
from tutor.observers.remark import Remark, to_learner, to_teacher, to_tutor

T = TypeVar("T")

#: Hints wished for within so many milliseconds that are a rush.
RUSH_HINTS = 3
RUSH_MS = 10_000
#: Sightings of one known error after which treating it once more would only tire.
STUBBORN = 3
#: Skills and known errors that are remembered.
REMEMBERED = 100


@observer(
    "cognitive",
    on=["answer.checked", "hint.given", "hint.refused", "remediation.finished", "mastery.changed"],
    reads=["question.asked", "estimate.contested"],
)
class Cognitive(Observer):
    """What stands in the way of understanding."""

    question: str = ""
    #: Digest of the last wrong answer to it, and where it stands: no learner's words are kept here.
    wrong: str = ""
    wrong_at: int = 0
    #: Known error -> where it was seen.
    errors: dict[str, list[int]] = {}
    #: Known errors that a treatment has ended well for, and where.
    treated: dict[str, int] = {}
    #: Skills that the learner spins on.
    spinning: list[str] = []
    #: ``[seq, ms]`` of the newest wishes for a hint, and the question whose rush was told of.
    wishes: list[tuple[int, int]] = []
    rushed: str = ""

    def see(self, one: Seen) -> Iterator[Remark]:
        """Each kind tells of one thing."""
        match one.fact:
            case QuestionAsked(question=question, part="main"):
                self._ask(question)
            case AnswerChecked(verdict="wrong" | "known_error") as checked:
                yield from self._wrong(one.seq, checked)
            case HintGiven(question=question) | HintRefused(question=question):
                yield from self._wish(one, question)
            case RemediationFinished(known_error=name, outcome="passed"):
                self.treated = _newest({**self.treated, name: one.seq})
            case RemediationFinished(known_error=name, outcome="not_yet"):
                text = f"The known error “{name}” stood after two explanations: it may need a person."
                yield to_teacher("probe_failed", text, *self.errors.get(name, ()), one.seq)
            case EstimateContested(claim="not_mine", known_error=str(name)):
                # The learner disagrees: what was seen of it does not count any more.
                self.errors = {known: places for known, places in self.errors.items() if known != name}
            case MasteryChanged() as changed:
                yield from self._mastery(one.seq, changed)
            case _:
                pass

    def _ask(self, question: str) -> None:
        if question != self.question:
            self.question, self.wrong, self.wrong_at, self.wishes = question, "", 0, []
            # The same question may come again later, and be rushed through again.
            self.rushed = ""

    def _wrong(self, seq: int, checked: AnswerChecked) -> Iterator[Remark]:
        if checked.part == "main":
            given = _digest(checked.question, checked.answer)
            if given == self.wrong:
                text = f"The same wrong answer twice to {checked.question}: what was said about it did not help."
                yield to_teacher("same_wrong_answer", text, self.wrong_at, seq)
                advice = "The same wrong answer came again. Explain in another way: a picture, other numbers."
                yield to_tutor("same_wrong_answer", advice, self.wrong_at, seq)
            self.wrong, self.wrong_at = given, seq
            if checked.known_error is not None:
                yield from self._misconception(seq, checked.known_error)

    def _misconception(self, seq: int, name: str) -> Iterator[Remark]:
        places = [*self.errors.get(name, ()), seq]
        self.errors = _newest({**self.errors, name: places[-2 * STUBBORN :]})
        if name in self.treated:
            text = f"The known error “{name}” is back after it was treated and its probe was right."
            yield to_teacher("relapse", text, self.treated.pop(name), seq)
        if len(places) == STUBBORN:
            text = f"The known error “{name}” was seen {STUBBORN} times: it may need a person, or a step before it."
            yield to_teacher("misconception", text, *places)
            advice = f"“{name}” keeps coming back. Let the learner say why it seems right before you explain again."
            yield to_tutor("misconception", advice, *places)

    def _wish(self, one: Seen, question: str) -> Iterator[Remark]:
        recent = [(seq, at) for seq, at in self.wishes if one.at_ms - at < RUSH_MS]
        self.wishes = [*recent, (one.seq, one.at_ms)][-RUSH_HINTS:]
        if len(self.wishes) < RUSH_HINTS or self.rushed == question:
            return
        self.rushed = question
        places = [seq for seq, _ in self.wishes]
        text = f"{RUSH_HINTS} hints wished for within {RUSH_MS // 1_000} s at {question}: they are not being read."
        yield to_teacher("hint_rush", text, *places)
        yield to_learner("hint_rush", "Take a moment with that hint: what does it say about this question?", *places)

    def _mastery(self, seq: int, changed: MasteryChanged) -> Iterator[Remark]:
        spins = changed.opportunities >= SPINNING_OPPORTUNITIES and changed.p < SPINNING_P
        if spins and changed.skill not in self.spinning:
            text = (
                f"{changed.opportunities} tries at {changed.skill} without progress: a step before it may be missing."
            )
            yield to_teacher("wheel_spinning", text, seq)
            advice = f"More of {changed.skill} will not help now. Go back to what it builds on, with a worked example."
            yield to_tutor("wheel_spinning", advice, seq)
        kept = [skill for skill in self.spinning if skill != changed.skill]
        self.spinning = [*kept, changed.skill][-REMEMBERED:] if spins else kept


def _digest(question: str, answer: str) -> str:
    return hashlib.sha256(f"{question}\x1f{' '.join(answer.split())}".encode()).hexdigest()[:16]


def _newest(remembered: dict[str, T]) -> dict[str, T]:
    return dict(list(remembered.items())[-REMEMBERED:])
