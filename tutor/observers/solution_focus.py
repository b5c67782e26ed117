"""What works: slips that learners find themselves, help that was enough, skills that are there; and how much of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tutor.interactions import (
    AnswerChecked,
    HintGiven,
    MasteryChanged,
    QuestionAsked,
    SessionClosed,
    SessionPaused,
    SessionStarted,
    StateChanged,
)
from tutor.observers.observer import Observer, Seen
from tutor.observers.registry import observer
from tutor.observers.remark import Remark, to_learner, to_teacher, to_tutor

#: Questions right at once and unaided, one after the other, that are worth a word.
STREAK = 4
#: A pause between two interactions longer than this does not count as time spent, in milliseconds.
AWAY_MS = 300_000
_RIGHT = {"correct", "form_issue"}


class Counts(msgspec.Struct):
    """A lesson in numbers, as the problem summary of cognitive tutors has them."""

    unaided: int = 0
    helped: int = 0
    errors_only: int = 0
    hints: int = 0
    time_ms: int = 0


class Asked(msgspec.Struct):
    """The question that is open."""

    question: str
    seed: int | None
    seq: int
    wrong: int = 0
    hints: int = 0


@observer(
    "solution_focus",
    on=["answer.checked", "mastery.changed", "session.paused", "session.closed"],
    reads=["question.asked", "hint.given", "state.changed", "session.started"],
)
class SolutionFocus(Observer):
    """Tells the learner and the tutor what went well, and the teacher how the lesson went."""

    counts: Counts = msgspec.field(default_factory=Counts)
    asked: Asked | None = None
    #: Where the questions stand that were right at once, one after the other.
    streak: list[int] = []
    mastered: list[str] = []
    #: Where the lesson, or the part of it that is summed up next, began; where something last happened.
    began: int = 0
    last_ms: int = 0

    def see(self, one: Seen) -> Iterator[Remark]:
        """Counts, and words for what is worth some."""
        self._spend(one)
        match one.fact:
            case QuestionAsked(question=question, seed=seed, part="main"):
                self._ask(question, seed, one.seq)
            case HintGiven() if self.asked is not None:
                self.asked.hints += 1
                self.counts.hints += 1
            case AnswerChecked(part="main", verdict=verdict) if self.asked is not None:
                if verdict in _RIGHT:
                    yield from self._right(one.seq, self.asked)
                elif verdict in {"wrong", "known_error", "partial"}:
                    self.asked.wrong += 1
                    self.streak = []
            case MasteryChanged(skill=skill, mastered=True) if skill not in self.mastered:
                self.mastered.append(skill)
                advice = f"The learner has {skill} now. Build on it, and say so when the next thing is hard."
                yield to_tutor("mastered", advice, one.seq)
            case SessionPaused() | SessionClosed():
                yield from self._sum_up(one.seq)
            case _:
                pass

    def _spend(self, one: Seen) -> None:
        self.began = self.began or one.seq
        if self.last_ms and not isinstance(one.fact, SessionStarted | StateChanged):
            gap = one.at_ms - self.last_ms
            self.counts.time_ms += gap if 0 < gap <= AWAY_MS else 0
        self.last_ms = one.at_ms

    def _ask(self, question: str, seed: int | None, seq: int) -> None:
        if self.asked is not None and (self.asked.question, self.asked.seed) == (question, seed):
            return  # shown again after a treatment: the asking goes on
        self._leave()
        self.asked = Asked(question, seed, seq)

    def _leave(self) -> None:
        """The question is not open any more, and was not solved."""
        if self.asked is not None and self.asked.wrong:
            self.counts.errors_only += 1
        self.asked = None

    def _right(self, seq: int, asked: Asked) -> Iterator[Remark]:
        self.asked = None
        if asked.wrong == 0 and asked.hints == 0:
            self.counts.unaided += 1
            self.streak = [*self.streak, seq][-STREAK:]
            if len(self.streak) == STREAK:
                advice = f"{STREAK} questions right at once and alone. Ask how the learner did it, then go further."
                yield to_tutor("streak", advice, *self.streak)
                self.streak = []
            return
        self.counts.helped += 1
        self.streak = []
        if asked.hints == 0:
            words = "You looked again and found it yourself. That is how it is done."
            yield to_learner("found_it", words, asked.seq, seq)

    def _sum_up(self, seq: int) -> Iterator[Remark]:
        self._leave()
        counts, self.counts, began, self.began = self.counts, Counts(), self.began, 0
        if not (counts.unaided or counts.helped or counts.errors_only or counts.hints):
            return
        minutes = round(counts.time_ms / 60_000)
        text = (
            f"Until here: {counts.unaided} right at once and alone, {counts.helped} after a slip or with help, "
            f"{counts.errors_only} not solved, {counts.hints} hints, {minutes} min of work."
        )
        yield to_teacher("summary", text, began, seq)
