"""What every source is read into before it becomes a question of ours: neutral, complete, not yet checked.

All texts are Markdown with formulas between dollars, as a learner reads them; nothing in them is a placeholder.
"""

from __future__ import annotations

from dataclasses import dataclass, field


class Refused(ValueError):
    """An item cannot become a question; ``args[0]`` says why, for its author."""


@dataclass(frozen=True)
class Option:
    """One option of a choice."""

    text: str
    right: bool
    feedback: str = ""


@dataclass(frozen=True)
class Choose:
    """The answer is picked from options."""

    options: list[Option]
    many: bool = False
    shuffle: bool = True


@dataclass(frozen=True)
class Compute:
    """The answer is mathematics: any of these, in LaTeX or as typed; the first is the one shown in solutions."""

    answers: list[str]
    #: A number may be off by this much.
    tolerance: float | None = None
    #: Decimal places asked for.
    places: int | None = None


@dataclass(frozen=True)
class Name:
    """The answer is a word or a short phrase: any of these."""

    answers: list[str]
    case: bool = False


@dataclass(frozen=True)
class Match:
    """Each of the left ones belongs to one of the right ones."""

    pairs: list[tuple[str, str]]
    #: Right ones that belong to none.
    others: list[str] = field(default_factory=list)


Answer = Choose | Compute | Name | Match


@dataclass(frozen=True)
class SubQuestion:
    """A hint that asks something smaller."""

    ask: str
    answer: Answer


@dataclass(frozen=True)
class Item:
    """One question as its source has it."""

    #: Names it within the source; the id of the question is made from it.
    key: str
    #: Where it stands, for people: ``problem a005, step b`` or ``line 12``.
    place: str
    #: Id and title.
    topic: tuple[str, str]
    #: Ids and names.
    skills: list[tuple[str, str]]
    prompt: str
    answer: Answer
    hints: list[str | SubQuestion] = field(default_factory=list)
    solution: list[str] = field(default_factory=list)
    #: Whose it is: shown with the question.
    source: str = ""
    #: Pictures that its texts show: path in the course's folder -> bytes.
    files: dict[str, bytes] = field(default_factory=dict)
    #: What was lost on the way here, one sentence each.
    losses: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Unreadable:
    """Something in the source that is no question of ours, and why."""

    key: str
    place: str
    why: str
