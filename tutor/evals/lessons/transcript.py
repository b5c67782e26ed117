"""What happened in a lesson, turn by turn, from the facts of its log: in memory or out of the database alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from tutor import events, interactions
from tutor.effects import RateQuestion
from tutor.interactions import AnswerChecked, HintGiven, Interaction, MasteryChanged, OutputCommitted, QuestionAsked
from tutor.machine import State
from tutor.machine.data import TutoringData


class Line(msgspec.Struct, frozen=True):
    """One line of a transcript as a person reads it."""

    #: learner, tutor, question, hint, verdict or note.
    who: str
    text: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one event of the learner set off, until the tutor waits again."""

    event: events.EventContent
    facts: list[Interaction]
    state_before: str
    state_after: str
    before: TutoringData
    after: TutoringData
    #: Whether the learner meant this as a right answer; None: not meant as an answer, or nobody knows.
    meant_right: bool | None = None
    #: The tools that were called, in order.
    tools: list[str] = []
    #: First meetings with questions, as they reach the questions' ratings.
    rated: list[RateQuestion] = []
    #: What the learner is told where the command has no place now; nothing else happens then.
    refusal: str = ""

    @property
    def said(self) -> list[str]:
        """The tutor's own texts, hints included."""
        return [fact.text for fact in self.facts if isinstance(fact, OutputCommitted | HintGiven)]

    @property
    def verdicts(self) -> list[AnswerChecked]:
        return [fact for fact in self.facts if isinstance(fact, AnswerChecked)]

    @property
    def lines(self) -> list[Line]:
        """The turn as lines of a transcript."""
        said = words(self.event)
        refused = [Line("note", self.refusal)] if self.refusal else []
        facts = (line for fact in self.facts for line in _lines(fact))
        return [*([Line("learner", said)] if said else []), *refused, *facts]


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson from its start."""

    course: str
    learner: str
    seed: int
    turns: list[Turn]

    @property
    def states(self) -> list[str]:
        """The states after each turn, and the one at the beginning."""
        return [*(turn.state_before for turn in self.turns[:1]), *(turn.state_after for turn in self.turns)]

    @property
    def finished(self) -> bool:
        """Whether the lesson came to its end."""
        return bool(self.turns) and self.turns[-1].state_after == State.COMPLETED

    def facts(self, kind: type[interactions.Interaction]) -> Iterator[Any]:
        """Every fact of this kind, in order."""
        return (fact for turn in self.turns for fact in turn.facts if isinstance(fact, kind))

    @property
    def lines(self) -> list[Line]:
        """The whole lesson as a person reads it."""
        return [line for turn in self.turns for line in turn.lines]


def words(content: events.EventContent) -> str:
    """What the learner said or did, as a transcript shows it."""
    match content:
        case events.UserMessage(text=text):
            return text
        case events.AnswerSubmitted(value=value):
            return value if isinstance(value, str) else ", ".join(value)
        case events.Start():
            return ""
        case events.FileReady(name=name):
            return f"[hands in the file “{name}”]"
        case events.FileFailed(name=name):
            return f"[hands in the file “{name}”, which cannot be read]"
        case other:
            name = type(other).__name__.removesuffix("Requested").removesuffix("Raised")
            return f"[{name.lower()}]"


def _lines(fact: Interaction) -> Iterator[Line]:
    match fact:
        case OutputCommitted(text=text):
            yield Line("tutor", text)
        case HintGiven(text=text):
            yield Line("hint", text)
        case QuestionAsked(prompt=prompt, number=number, choices=choices, part=part):
            options = "".join(f"\n- **{choice['id']}**) {choice['text']}" for choice in choices or ())
            yield Line("question", f"{f'{number}. ' if part == 'main' else ''}{prompt}{options}")
        case AnswerChecked(verdict=verdict, feedback=feedback, known_error=known_error):
            yield Line("verdict", f"{verdict}{f' ({known_error})' if known_error else ''}: {feedback}")
        case MasteryChanged(skill=skill, p=p, why=why):
            yield Line("note", f"{skill}: P = {p:.2f}. {why}")
