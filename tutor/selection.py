"""Which question comes next, and why, in words a learner can read and contest.

In this order: a re-test that is owed; now and then something from an earlier topic, so that it stays; else the weakest
skill of the topic whose prerequisites stand. Inside a skill: unseen before seen, put off last, the question whose
chance of success is closest to 0.75, and never the same template twice running if there is another.

Every question has a limit of askings, so a topic always ends: with its skills mastered or with its bank exhausted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from tutor import mastery, wording
from tutor.course import Question, Skill, Topic
from tutor.mastery import SkillRecord

#: The chance of success a question should offer: hard enough to teach, easy enough to go on.
TARGET_SUCCESS = 0.75
#: A prerequisite stands from this P on.
PREREQUISITE_P = 0.6
#: Every how many questions one comes from an earlier topic.
INTERLEAVE_EVERY = 4
#: How often a template (new numbers each time) and a fixed question may be asked.
TEMPLATE_ASKINGS = 3
FIXED_ASKINGS = 2


class Retest(msgspec.Struct, frozen=True, kw_only=True):
    """A question like one whose solution the learner has seen is owed."""

    skill: str
    question: str
    #: Not before this number of questions has been asked.
    due: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What selection has to know of the learner."""

    skills: Mapping[str, SkillRecord]
    #: question id -> how often asked in this session.
    asked: Mapping[str, int]
    retests: Sequence[Retest]
    #: Questions put off, oldest first.
    put_off: Sequence[str]
    #: Questions asked so far.
    number: int
    last_question: str | None = None
    #: The learner said "I know this": ask something that shows it.
    probing: bool = False


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The next question."""

    question: str
    skill: str
    why: str
    retest: bool = False


class Exhausted(msgspec.Struct, frozen=True, kw_only=True):
    """There is nothing left to ask. ``unmastered``: skills the bank could not bring to mastery."""

    unmastered: tuple[str, ...]


def success_chance(p: float, difficulty: float) -> float:
    """How likely a learner with P solves a question of this difficulty (both 0 to 1); logistic, as in Elo."""
    return 1 / (1 + math.exp(-4 * (p - difficulty)))


def askings_left(question: Question, asked: Mapping[str, int]) -> int:
    """How often the question may still be asked."""
    return (TEMPLATE_ASKINGS if question.params else FIXED_ASKINGS) - asked.get(question.id, 0)


def is_mastered(skill: str, topic: Topic, progress: Progress) -> bool:
    """Whether the topic's rule holds for the skill."""
    typed = any(skill in q.skills and q.format.type != "choice" for q in topic.questions)
    return mastery.mastered(progress.skills[skill], topic.mastery, typed_in_bank=typed)


def open_skills(topic: Topic, progress: Progress) -> list[str]:
    """Skills of the topic that are worth another question: not mastered, and not only wearing the learner out."""
    return [
        skill
        for skill in topic.skills
        if not is_mastered(skill, topic, progress) and not mastery.spinning(progress.skills[skill])
    ]


def is_finished(topic: Topic, progress: Progress) -> bool:
    """Whether everything of the topic is mastered and nothing is owed."""
    owed = any(retest.skill in topic.skills for retest in progress.retests)
    return not owed and all(is_mastered(skill, topic, progress) for skill in topic.skills)


def choose(
    topic: Topic, earlier: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress
) -> Selection | Exhausted:
    """The next question of ``topic``; ``earlier``: topics already finished, for interleaving."""
    everything = (topic, *earlier)
    due = _retest(everything, skills, progress, progress.number)
    if due is not None:
        return due
    candidates = _by_need(topic, skills, progress)
    if candidates and (progress.number + 1) % INTERLEAVE_EVERY == 0 and not progress.probing:
        interleaved = _interleaved(earlier, skills, progress)
        if interleaved is not None:
            return interleaved
    for skill in candidates:
        question = _best(skill, topic.questions, progress)
        if question is not None:
            return Selection(question=question.id, skill=skill, why=_why(skills[skill], progress))
    # Nothing else is left to put between, so what is owed comes now.
    owed = _retest(everything, skills, progress, math.inf)
    if owed is not None:
        return owed
    return Exhausted(unmastered=tuple(s for s in topic.skills if not is_mastered(s, topic, progress)))


def _by_need(topic: Topic, skills: Mapping[str, Skill], progress: Progress) -> list[str]:
    """Open skills, weakest first; those whose prerequisites do not stand yet come after all others."""

    def waits(skill: str) -> bool:
        return any(progress.skills[required].p < PREREQUISITE_P for required in skills[skill].prereq)

    return sorted(open_skills(topic, progress), key=lambda s: (waits(s), progress.skills[s].p, topic.skills.index(s)))


def _best(skill: str, bank: Sequence[Question], progress: Progress) -> Question | None:
    """The question of the bank that fits the skill best now; None if all have been asked often enough."""
    p = progress.skills[skill].p
    candidates = [q for q in bank if skill in q.skills and askings_left(q, progress.asked) > 0]
    if not candidates:
        return None

    def rank(question: Question) -> tuple[bool, int, bool, float]:
        fit = -question.difficulty if progress.probing else abs(success_chance(p, question.difficulty) - TARGET_SUCCESS)
        return (
            question.id == progress.last_question,
            progress.asked.get(question.id, 0),
            question.id in progress.put_off,
            fit,
        )

    return min(candidates, key=rank)


def _retest(topics: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress, up_to: float) -> Selection | None:
    """The first re-test that is due: the same template with new numbers, else another question of the skill."""
    for retest in progress.retests:
        if retest.due > up_to:
            continue
        bank = [q for topic in topics for q in topic.questions if retest.skill in q.skills]
        same = [q for q in bank if q.id == retest.question and q.params and askings_left(q, progress.asked) > 0]
        others = [q for q in bank if q.id != retest.question]
        question = same[0] if same else _best(retest.skill, others, progress)
        if question is not None:
            return Selection(
                question=question.id,
                skill=retest.skill,
                why=wording.why_retest(skills[retest.skill].name),
                retest=True,
            )
    return None


def _interleaved(earlier: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress) -> Selection | None:
    """An unseen question of the earlier topics' weakest skill."""
    bank = [q for topic in earlier for q in topic.questions if not progress.asked.get(q.id)]
    known = sorted({s for q in bank for s in q.skills if s in skills}, key=lambda s: (progress.skills[s].p, s))
    for skill in known:
        question = _best(skill, bank, progress)
        if question is not None:
            return Selection(question=question.id, skill=skill, why=wording.why_interleaved(skills[skill].name))
    return None


def _why(skill: Skill, progress: Progress) -> str:
    if progress.probing:
        return wording.why_probing(skill.name)
    record = progress.skills[skill.id]
    if record.opportunities == 0:
        return wording.why_first(skill.name)
    return wording.why_weakest(skill.name, record.unassisted, record.p)
