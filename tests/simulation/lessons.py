"""Lessons of simulated learners: the machine itself, its real tools, and the truth beside each of its calls."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from tests.simulation.mind import Mind, Profile, mind
from tutor import events
from tutor.course import Course
from tutor.effects import RateQuestion
from tutor.evals.lessons.session import LessonSession, open_question
from tutor.evals.lessons.transcript import Turn
from tutor.interactions import MasteryChanged
from tutor.machine import TutoringMachine

#: Turns after which a learner goes home.
MAX_TURNS = 600


@dataclass
class Outcome:
    """What a lesson came to."""

    profile: str
    questions: int = 0
    #: skill -> whether it was truly known when the machine called it mastered, for the first time.
    called: dict[str, bool] = field(default_factory=dict)
    #: skill -> whether it was truly known in the end; only skills that were practised.
    known: dict[str, bool] = field(default_factory=dict)
    #: Misconceptions held at first, and those of them held no more.
    held: int = 0
    cured: int = 0
    #: First meetings with questions, as they reach the ratings.
    met: list[RateQuestion] = field(default_factory=list)


def without_remediation(course: Course) -> Course:
    """The same course with nothing to treat known errors with: no contrast, no probe; what is wrong is still said."""
    topics = [
        msgspec.structs.replace(
            topic, known_errors=[msgspec.structs.replace(error, probe=None) for error in topic.known_errors]
        )
        for topic in course.topics
    ]
    return msgspec.structs.replace(course, topics=topics)


def take(machine: TutoringMachine, profile: Profile, seed: int) -> Outcome:
    """One learner takes the whole course."""
    return _Lesson(machine, profile, seed).run()


class _Lesson:
    def __init__(self, machine: TutoringMachine, profile: Profile, seed: int) -> None:
        self.mind: Mind = mind(machine.course, profile, seed)
        self.seat = LessonSession(machine.course, seed=seed, machine=machine)
        self.outcome = Outcome(profile.name, held=len(self.mind.held_at_first))
        self.machine = machine

    def run(self) -> Outcome:
        turns = 0
        while self.seat.state != "completed" and turns < MAX_TURNS:
            turns += 1
            self._see(self.seat.do(self._act()))
        data, outcome, mind_ = self.seat.data, self.outcome, self.mind
        outcome.questions = data.number
        outcome.known = {s: mind_.truly_knows(s) for s, record in data.skills.items() if record.opportunities}
        outcome.cured = sum(not mind_.held[name] for name in mind_.held_at_first)
        return outcome

    def _act(self) -> events.EventContent:
        seat, mind_ = self.seat, self.mind
        question = open_question(seat)
        if question is None:
            return events.Start() if seat.state == "created" else events.ContinueRequested()
        if seat.data.remediation is not None:
            treated = seat.data.remediation
            return events.UserMessage(text=mind_.answer_probe(question, treated.known_error, treated.tries))
        open_now = seat.data.question
        assert open_now is not None
        skills = self.machine.syllabus.questions[open_now.id].skills
        ignorant = not all(mind_.known[skill] for skill in skills)
        if ignorant and open_now.part == "main":
            if mind_.happens(mind_.profile.asks_hint):
                seat.rest()
                return events.HintRequested()
            if mind_.happens(mind_.profile.gives_up):
                return events.GiveUpRequested()
        return events.UserMessage(text=mind_.answer(question, skills, open_now.hint_level))

    def _see(self, turn: Turn) -> None:
        """Learn from what has happened, and note what the machine says."""
        before, after = turn.before.question, turn.after.question
        for fact in turn.facts:
            match fact:
                case MasteryChanged(skill=skill, mastered=True):
                    self.outcome.called.setdefault(skill, self.mind.truly_knows(skill))
        self.outcome.met += turn.rated
        if before is None:
            return
        skills = self.machine.syllabus.questions[before.id].skills
        if turn.state_after == "reviewing_solution" and turn.state_before != "reviewing_solution":
            self.mind.practises(skills, solution=True)
        elif after is None or after.number != before.number:
            self.mind.practises(skills)
        elif after.attempts > before.attempts:
            for skill in skills:
                self.mind.is_told_wrong(skill)
