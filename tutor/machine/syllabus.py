"""A course by its names: what the rows look up while they decide."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from tutor import questions
from tutor.course import Course, KnownError, Material, Question, Skill, Topic
from tutor.leak_gate import Known
from tutor.lens.variant import PLAIN, Variant
from tutor.machine.data import OpenQuestion, Remediation, TutoringData
from tutor.questions import QuestionInstance, UnknownQuestion
from tutor.selection import PREREQUISITE_P, Progress

#: Instances kept ready, over all sessions of one process.
INSTANCES_KEPT = 2_048


class Syllabus:
    """Look-ups over one version of a course. Immutable, shared by all its sessions."""

    def __init__(self, course: Course, difficulty: Mapping[str, float] | None = None) -> None:
        self.course = course
        #: question id -> its difficulty as estimated from answers, in logits (``tutor.elo``).
        self.difficulty = difficulty or {}
        self.topics = {topic.id: topic for topic in course.topics}
        self.skills: dict[str, Skill] = {skill.id: skill for skill in course.skills}
        self.questions: dict[str, Question] = {q.id: q for topic in course.topics for q in topic.questions}
        self.error_names = {error.id: error.name for topic in course.topics for error in topic.known_errors}
        self._taught = {skill: topic for topic in reversed(course.topics) for skill in topic.skills}
        self._home = {q.id: topic for topic in course.topics for q in topic.questions}
        self._instance = lru_cache(maxsize=INSTANCES_KEPT)(self._instantiate)

    def _instantiate(self, question: str, seed: int, part: str, variant: Variant) -> QuestionInstance:
        return questions.instantiate(self.course, question, seed, part, variant)

    def instance(self, question: str, seed: int, part: str = "main", variant: Variant = PLAIN) -> QuestionInstance:
        """The question as the learner sees it. Raises ``UnknownQuestion``."""
        return self._instance(question, seed, part, variant)

    def of(self, question: OpenQuestion, part: str = "main") -> QuestionInstance:
        """The open question itself, whatever sub-question stands in for it at the moment; or one of its parts."""
        return self._instance(question.id, question.seed, part, question.variant)

    def known_error(self, known_error: str, question: str, seed: int, variant: Variant = PLAIN) -> KnownError:
        """The known error in the words of this question. Raises ``UnknownQuestion``."""
        return questions.known_error(self.course, known_error, question, seed, variant)

    def treatment(self, known_error: str, question: str) -> str:
        """What the author wrote to treat a known error, whatever the question's numbers."""
        return questions.treatment(self.course, known_error, question)

    def probe(self, known_error: str, question: str, seed: int, variant: Variant = PLAIN) -> QuestionInstance | None:
        """The question that exposes the known error; None if its author wrote none."""
        try:
            return self._instance(question, seed, f"probe:{known_error}", variant)
        except UnknownQuestion:
            return None

    def probe_of(self, treated: Remediation) -> QuestionInstance | None:
        """The probe of the known error under treatment."""
        return self.probe(treated.known_error, treated.question, treated.seed, treated.variant)

    def treated(self, treated: Remediation) -> KnownError:
        """The known error under treatment, in the words of its question."""
        return self.known_error(treated.known_error, treated.question, treated.seed, treated.variant)

    def question_for(self, known_error: str, topic: str) -> str | None:
        """A question whose numbers a treatment out of the blue can use: of this topic if possible."""
        homes = [self.topics[topic]] if topic in self.topics else []
        for home in (*homes, *self.course.topics):
            if any(error.id == known_error for error in home.known_errors) and home.questions:
                naming = [q for q in home.questions if any(known_error in (e.ref, e.id) for e in q.errors)]
                return (naming or home.questions)[0].id
        return None

    def topic_of(self, question: str) -> Topic:
        """Where a question is at home."""
        return self._home[question]

    def home_of(self, skill: str) -> Topic | None:
        """The first topic that teaches a skill; None: none does."""
        return self._taught.get(skill)

    def chunks(self, topic: str) -> list[Material]:
        """The topic's material, chunk by chunk."""
        return self.topics[topic].materials

    def shown(self, topic: str, data: TutoringData) -> list[Material]:
        """The topic's material that this learner has been shown."""
        if topic == data.topic:
            return self.chunks(topic)[: data.chunks]
        return self.chunks(topic) if topic in data.finished else []

    def known(self, data: TutoringData) -> Known:
        """What the learner has before them: to say it again gives no answer away."""
        material = tuple(m.body for topic in self.topics for m in self.shown(topic, data) if m.body)
        # Only in an explanation is a learner's number spoken about; beside a verdict it would be confirmed.
        explaining = data.pending is not None and data.pending.tool == "clarify_concept"
        return Known(material=material, learner=data.pending.given if data.pending and explaining else "")

    def next_topic(self, data: TutoringData) -> Topic | None:
        """The next topic by prerequisites, in the course's order; None when all are finished.

        A topic whose prerequisites do not stand still comes in the end: a learner is never locked out.
        """
        left = [topic for topic in self.course.topics if topic.id not in data.finished]

        def ready(topic: Topic) -> bool:
            required = {r for s in topic.skills for r in self.skills[s].prereq if r not in topic.skills}
            return all(data.skills[r].p >= PREREQUISITE_P for r in required)

        return next((topic for topic in left if ready(topic)), left[0] if left else None)

    def progress(self, data: TutoringData, now_ms: int = 0) -> Progress:
        """What selection has to know. ``now_ms`` matters only for what is due."""
        return Progress(
            skills=data.skills,
            asked=data.asked,
            retests=data.retests,
            put_off=data.put_off,
            number=data.number,
            last_question=data.last_question,
            probing=data.probing,
            wanted=data.wanted,
            warm_up=data.warm_up,
            reviews=data.reviews,
            revision=data.revision,
            unresolved={
                name: record.skill
                for name, record in data.known_errors.items()
                if record.skill and record.standing not in {"resolved", "contested"}
            },
            detours=data.detours,
            elsewhere=data.shelf is not None or data.revision is not None,
            difficulty=self.difficulty,
            now_ms=now_ms,
        )
