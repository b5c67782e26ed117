"""A learner whose mind is known: which skills are there, which misconceptions are held, and how that changes.

The machine sees none of it. It sees answers, which follow from it: who knows a skill slips now and then, who does not
guesses, and who holds a misconception answers with it. A skill is *truly known* when it is there and no misconception
of it is held. Knowing comes by practice and by seeing solutions; a misconception goes by being confronted with it, and
seldom by anything else. Questions differ in a hidden way (``hardness``) that no author has written down.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tutor.course import Course
from tutor.questions import QuestionInstance


@dataclass(frozen=True)
class Profile:
    """A kind of learner; chances are 0 to 1."""

    name: str
    #: That a skill is there at first, comes with a question on it, and with a solution of one.
    knows: float
    learns: float
    learns_of_solution: float
    #: To err though it is known, and to be right by luck though it is not (a typed answer; of a choice it follows).
    slips: float
    lucky: float
    #: That a misconception of a course is held at first.
    misconceives: float
    #: To ask for a hint, and to give up, before an answer that is not known.
    asks_hint: float = 0.0
    gives_up: float = 0.0
    #: Never thinks: options at random, numbers near the right one.
    guesses: bool = False


PROFILES = (
    Profile("strong", 0.8, 0.35, 0.5, 0.05, 0.05, 0.1),
    Profile("weak", 0.15, 0.15, 0.25, 0.08, 0.08, 0.5, asks_hint=0.15, gives_up=0.05),
    Profile("slow", 0.1, 0.06, 0.12, 0.06, 0.05, 0.4, asks_hint=0.1, gives_up=0.05),
    Profile("guessing", 0.0, 0.0, 0.0, 0.0, 0.1, 0.0, guesses=True),
    Profile("hint-abusing", 0.2, 0.05, 0.1, 0.08, 0.08, 0.4, asks_hint=0.85),
)

#: A misconception goes: by a probe that was answered, by a solution, by being told that the answer is wrong.
CURED_BY_PROBE, CURED_BY_SOLUTION, CURED_BY_VERDICT = 0.8, 0.15, 0.05
#: Who holds it answers its probe rightly: at first, after the second explanation; and who does not hold it.
PROBE_RIGHT = (0.45, 0.6)
PROBE_RIGHT_WITHOUT = 0.95
#: The misconception shows where it can.
SHOWS = 0.85
#: What each hint adds to the chance of one who does not know.
HINT_HELPS = 0.25


def hardness(question: str) -> float:
    """What makes a question harder than it looks, 0 to 1: the same in every run."""
    return int.from_bytes(hashlib.sha256(question.encode()).digest()[:4]) / 2**32


@dataclass
class Mind:
    """One learner."""

    profile: Profile
    random: random.Random
    known: dict[str, bool]
    #: misconception -> whether it is held.
    held: dict[str, bool]
    #: skill -> misconceptions that can show in its questions.
    of_skill: Mapping[str, frozenset[str]]
    held_at_first: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.held_at_first = frozenset(name for name, held in self.held.items() if held)

    def truly_knows(self, skill: str) -> bool:
        """The truth that the machine's calls are held against."""
        return self.known[skill] and not any(self.held[name] for name in self.of_skill[skill])

    def happens(self, chance: float) -> bool:
        return self.random.random() < chance

    def answer(self, question: QuestionInstance, skills: Sequence[str], hints: int) -> str:
        """What the learner answers to a question, or to a part of it."""
        if self.profile.guesses:
            return self._guess(question)
        shown = [text for name, text in errors_of(question) if self.held.get(name)]
        if shown and self.happens(SHOWS):
            return self.random.choice(shown)
        hard = hardness(question.id)
        if all(self.known[skill] for skill in skills):
            right = 1 - self.profile.slips * (0.5 + 2 * hard)
        else:
            luck = 1 / len(question.choices) if question.choices else self.profile.lucky * (1.5 - hard)
            right = min(0.95, luck + HINT_HELPS * hints)
        return question.answer if self.happens(right) else self._wrong(question)

    def answer_probe(self, probe: QuestionInstance, known_error: str, tries: int) -> str:
        """What the learner answers where a misconception is confronted."""
        if self.profile.guesses:
            return self._guess(probe)
        held = self.held.get(known_error, False)
        right = self.happens(PROBE_RIGHT[min(tries, 1)] if held else PROBE_RIGHT_WITHOUT)
        if right and held and self.happens(CURED_BY_PROBE):
            self.held[known_error] = False
        return probe.answer if right else self._wrong(probe)

    def practises(self, skills: Sequence[str], *, solution: bool = False) -> None:
        """A question on these skills is over, or its solution was read."""
        for skill in skills:
            chance = self.profile.learns_of_solution if solution else self.profile.learns
            self.known[skill] = self.known[skill] or self.happens(chance)
            if solution:
                self.is_told_wrong(skill, CURED_BY_SOLUTION)

    def is_told_wrong(self, skill: str, cured: float = CURED_BY_VERDICT) -> None:
        """An answer was not right: now and then that alone is enough to think again."""
        for name in self.of_skill[skill]:
            self.held[name] = self.held[name] and not self.happens(cured)

    def _guess(self, question: QuestionInstance) -> str:
        if question.choices:
            return str(self.random.choice(question.choices)["id"])
        if self.happens(self.profile.lucky):
            return question.answer
        return self._wrong(question)

    def _wrong(self, question: QuestionInstance) -> str:
        """A wrong answer that no misconception gives, as far as there is one."""
        if question.choices:
            right = {one.strip() for one in question.answer.split(",")}
            plain = {choice["id"] for choice in question.choices} - right - {text for _, text in errors_of(question)}
            others = plain or {choice["id"] for choice in question.choices} - right
            return str(self.random.choice(sorted(others))) if others else "none"
        if question.format.type == "number":
            return str(self.random.randint(100, 999))
        return "no idea"


def errors_of(question: QuestionInstance) -> list[tuple[str, str]]:
    """``(known error, an answer that shows it)`` of a question."""
    if question.format.select != "one":
        return []
    options = [(choice.known_error, choice.id) for choice in question.format.choices if choice.known_error]
    values = [(error.known_error, error.match) for error in question.errors if error.match]
    return [(name, text) for name, text in (*options, *values) if text != question.answer]


def mind(course: Course, profile: Profile, seed: int) -> Mind:
    """A new learner of this kind: the same for the same seed."""
    chance = random.Random(f"{course.course.id}:{profile.name}:{seed}")
    of_skill: dict[str, set[str]] = {skill.id: set() for skill in course.skills}
    for topic in course.topics:
        for question in topic.questions:
            names = {error.ref or error.id for error in question.errors}
            names |= {choice.known_error for choice in question.format.choices}
            for skill in question.skills:
                of_skill[skill] |= {name for name in names if name}
    errors = sorted(set().union(*of_skill.values()))
    return Mind(
        profile,
        chance,
        known={skill.id: chance.random() < profile.knows for skill in course.skills},
        held={name: chance.random() < profile.misconceives for name in errors},
        of_skill={skill: frozenset(names) for skill, names in of_skill.items()},
    )
