"""A log written by hand, and what observers make of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tutor import interactions
from tutor.interactions import (
    AnswerChecked,
    HintGiven,
    Interaction,
    MasteryChanged,
    QuestionAsked,
    StateChanged,
    Verdict,
)
from tutor.observers import registry
from tutor.observers.looking import Looked, look
from tutor.observers.remark import Remark
from tutor.projections.fact import Fact

registry.load(["tutor.observers"])
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
BEGAN_MS = int(_BEGAN.timestamp()) * 1_000


@dataclass
class HandLog:
    """Facts a few seconds apart. Each method returns the seq of what it adds."""

    facts: list[Fact] = field(default_factory=list)
    #: Since the log began.
    now_s: float = 0.0
    questions: int = 0

    @property
    def now_ms(self) -> int:
        return BEGAN_MS + int(self.now_s * 1_000)

    def add(self, fact: Interaction, after_s: float = 5.0, turn: str | None = None) -> int:
        self.now_s += after_s
        at = (_BEGAN + timedelta(seconds=self.now_s)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        payload = interactions.encode(fact)
        seq = len(self.facts) + 1
        self.facts.append(Fact(seq, fact.kind, fact.version, at, int(fact.visibility), turn, None, payload))
        return seq

    def all(self, facts: Iterable[Interaction]) -> HandLog:
        for fact in facts:
            self.add(fact)
        return self

    def ask(self, question: str = "q1", **more: Any) -> int:
        self.questions += 1
        asked = QuestionAsked(question=question, prompt="", format={}, skill="s", number=self.questions, **more)
        return self.add(asked)

    def answer(self, verdict: Verdict, answer: str = "7", question: str = "q1", **more: Any) -> int:
        return self.add(AnswerChecked(question=question, answer=answer, verdict=verdict, feedback="", **more))

    def hint(self, level: int = 1, after_s: float = 5.0, question: str = "q1") -> int:
        return self.add(HintGiven(question=question, level=level, text="think"), after_s)

    def mastery(self, p: float, opportunities: int = 1, skill: str = "s", *, mastered: bool = False) -> int:
        return self.add(
            MasteryChanged(skill=skill, p=p, why="", mastered=mastered, opportunities=opportunities),
        )

    def moves(self, to: str, why: str = "", after_s: float = 5.0) -> int:
        return self.add(StateChanged(from_="x", to=to, why=why), after_s)

    # --- what is made of it --------------------------------------------------------------------------------------

    def looked(self, observer: str, at_s: float | None = None) -> Looked:
        """One look at everything, now or so many seconds after the log began."""
        now_ms = self.now_ms if at_s is None else BEGAN_MS + int(at_s * 1_000)
        return look(registry.find(observer), None, self.facts, now_ms)

    def told(self, observer: str) -> list[tuple[str, str, tuple[int, ...]]]:
        """(to whom, about what, with which evidence) of everything, as if somebody had looked all the time."""
        return [(one.audience, one.about, one.evidence) for one in self.remarks(observer)]

    def remarks(self, observer: str) -> list[Remark]:
        known, found, view = registry.find(observer), list[Remark](), None
        for fact in self.facts:
            looked = look(known, view, [fact], at_ms(fact), seen=fact.seq - 1)
            view, found = looked.view, [*found, *looked.remarks]
        return found


def at_ms(fact: Fact) -> int:
    return int(datetime.fromisoformat(fact.at).timestamp() * 1_000)
