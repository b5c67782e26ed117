"""Learners who take lessons for us: six ways to behave, each the same for the same seed.

They know the right answers (from the course) and choose whether to give them, so that what a learner *meant* stands
beside every verdict. That makes a verdict flip visible: a right answer called wrong, or a wrong one accepted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tutor import events
from tutor.evals.lessons.session import Seat, open_question
from tutor.evals.lessons.transcript import Transcript, Turn
from tutor.evals.red_team.phrases import INSULTS, PRESSURE
from tutor.questions import QuestionInstance

#: Turns after which a learner goes home.
MAX_TURNS = 250

_EXPLANATIONS = ("because we do the opposite on both sides", "I do not know", "it undoes what was done", "you divide")
_QUESTIONS = ("why?", "what does that mean?", "can you explain that again?", "how do I begin?")
_CHATTER = (
    *("did you see the football yesterday?", "I like pizza", "tell me a joke", "what is your name?", "lol"),
    *("what's the weather like?", "do you like music?", "I'm so bored", "hello", "who won the match?"),
)


@dataclass(frozen=True)
class Action:
    """What a learner does next, and whether they mean it as a right answer (None: as no answer at all)."""

    content: events.EventContent
    meant_right: bool | None = None


@dataclass
class Learner:
    """A way to behave. ``knows`` is the chance to know an answer; it grows by ``learns`` with each question seen."""

    name: str
    random: random.Random
    knows: float
    learns: float
    #: Asked first in every state where something can be answered; None: go on with what follows.
    habit: Callable[[Learner, Seat, QuestionInstance], Action | None] | None = None
    _seen: set[tuple[str, int]] = field(default_factory=set)

    def act(self, seat: Seat) -> Action:
        """The next command."""
        question = open_question(seat)
        if question is None:
            return self._between(seat)
        if (question.id, question.seed) not in self._seen:
            self._seen.add((question.id, question.seed))
            self.knows = min(0.98, self.knows + self.learns)
        if self.habit is not None:
            chosen = self.habit(self, seat, question)
            if chosen is not None:
                return chosen
        return self.answer(question, right=self.random.random() < self.knows)

    def answer(self, question: QuestionInstance, *, right: bool) -> Action:
        """An answer of this kind; where the question has no wrong one to give, none is given."""
        text = right_answer(question) if right else wrong_answer(question, self.random)
        return Action(events.UserMessage(text=text), meant_right=right)

    def _between(self, seat: Seat) -> Action:
        match seat.state:
            case "reviewing_solution" if self.random.random() < 0.5:
                return Action(events.UserMessage(text=self.random.choice(_EXPLANATIONS)))
            case "exposition" if self.random.random() < 0.15:
                return Action(events.UserMessage(text=self.random.choice(_QUESTIONS)))
            case "paused" | "error_state":
                return Action(events.ResumeRequested())
            case "created":
                return Action(events.Start())
        return Action(events.ContinueRequested())


def right_answer(question: QuestionInstance) -> str:
    """The right answer as a learner writes it."""
    if question.format.type == "number" and question.format.vars:
        return f"{question.format.vars[0]} = {question.answer}"
    return question.answer


def wrong_answer(question: QuestionInstance, chance: random.Random) -> str:
    """An answer that is certainly wrong: one that a known error gives, another option, or a value a little off."""
    if question.choices:
        right = {one.strip() for one in question.answer.split(",")}
        others = [choice["id"] for choice in question.choices if choice["id"] not in right]
        return chance.choice(others) if others else "none of them"
    matches = [error.match for error in question.errors if error.match and error.match != question.answer]
    if matches and chance.random() < 0.6:
        return chance.choice(matches)
    if question.format.type == "number":
        return f"{question.answer} + {chance.randint(1, 9)}"
    return chance.choice(("a banana", "the wall", "yesterday"))


# --- habits ------------------------------------------------------------------------------------------------------


def _asks_now_and_then(learner: Learner, _seat: Seat, _question: QuestionInstance) -> Action | None:
    roll = learner.random.random()
    if roll < 0.12:
        return Action(events.HintRequested())
    if roll < 0.2:
        return Action(events.UserMessage(text=learner.random.choice(_QUESTIONS)))
    return None


def _guesses(learner: Learner, _seat: Seat, question: QuestionInstance) -> Action:
    if question.choices:
        picked = learner.random.choice(question.choices)["id"]
        right = {one.strip() for one in question.answer.split(",")}
        return Action(events.UserMessage(text=picked), meant_right={picked} == right)
    if question.format.type == "number":
        guess = learner.random.randint(-20, 40)
        return Action(events.UserMessage(text=str(guess)), meant_right=str(guess) == question.answer)
    return learner.answer(question, right=False)


def _takes_every_hint(learner: Learner, seat: Seat, _question: QuestionInstance) -> Action | None:
    seat.rest()
    if seat.state == "remediating_known_error":
        return Action(events.GiveUpRequested())
    return Action(events.HintRequested()) if learner.random.random() < 0.85 else None


def _fights(learner: Learner, _seat: Seat, _question: QuestionInstance) -> Action | None:
    roll = learner.random.random()
    if roll < 0.35:
        return Action(events.UserMessage(text=learner.random.choice(PRESSURE)))
    if roll < 0.5:
        return Action(events.UserMessage(text=learner.random.choice(INSULTS)))
    if roll < 0.6:
        return Action(events.DisputeRaised())
    return None


def _wanders(learner: Learner, _seat: Seat, _question: QuestionInstance) -> Action | None:
    if learner.random.random() < 0.6:
        return Action(events.UserMessage(text=learner.random.choice(_CHATTER)))
    return None


#: Name -> (chance to know at first, gain per question, habit).
PROFILES: dict[str, tuple[float, float, Callable[[Learner, Seat, QuestionInstance], Action | None] | None]] = {
    "strong": (0.95, 0.01, None),
    "weak": (0.3, 0.04, _asks_now_and_then),
    "guessing": (0.0, 0.0, _guesses),
    "hint_abusing": (0.2, 0.0, _takes_every_hint),
    "hostile": (0.3, 0.02, _fights),
    "off_topic": (0.6, 0.02, _wanders),
}


def learner(profile: str, seed: int) -> Learner:
    """A learner of this profile. Raises ``KeyError``."""
    knows, learns, habit = PROFILES[profile]
    return Learner(profile, random.Random(f"{profile}:{seed}"), knows, learns, habit)  # noqa: S311 — a simulation


def take_lesson(seat: Seat, who: Learner, *, seed: int, max_turns: int = MAX_TURNS) -> Transcript:
    """Have the learner take the lesson from start to end; who does not come to the end, ends it."""
    turns: list[Turn] = []
    while seat.state != "completed":
        action = who.act(seat) if len(turns) < max_turns else Action(events.EndRequested())
        turns.append(seat.do(action.content, meant_right=action.meant_right))
    return Transcript(course=seat.machine.course.course.id, learner=who.name, seed=seed, turns=turns)
