"""Which question comes next, and why, in words a learner can read and contest.

In this order: what the learner has asked to be tested on; a warm-up after a long pause; a review that is due (at most
a quarter of the questions); a re-test that is owed; now and then something from an earlier topic, so that it stays;
what a skill that does not move rests on; else the weakest skill of the topic whose prerequisites stand. Inside a skill:
unseen before seen, put off last, the question whose chance of success is closest to 0.75 by Elo, and never the same
template twice running if there is another.

Every question has a limit of askings, so a topic always ends: with its skills mastered or with its bank exhausted.
Reviews and warm-ups are beyond that limit: years may lie between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from tutor import elo, mastery, retention, wording
from tutor.course import Question, Skill, Topic
from tutor.mastery import SkillRecord

#: The chance of success a question should offer: hard enough to teach, easy enough to go on.
TARGET_SUCCESS = 0.75
#: A prerequisite stands from this P on.
PREREQUISITE_P = 0.6
#: Every how many questions one comes from an earlier topic.
INTERLEAVE_EVERY = 4
#: Of so many questions at most one is a review.
REVIEW_EVERY = 4
#: How often a template (new numbers each time) and a fixed question may be asked.
TEMPLATE_ASKINGS = 3
FIXED_ASKINGS = 2


class Retest(msgspec.Struct, frozen=True, kw_only=True):
    """A question like one whose solution the learner has seen is owed."""

    skill: str
    question: str
    #: Not before this number of questions has been asked.
    due: int


class Detour(msgspec.Struct, frozen=True, kw_only=True):
    """A skill does not move, so what it rests on comes first. One detour a skill."""

    to: str
    #: Questions of it that are still to come; 0: it is over.
    left: int


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
    #: The skill that the learner has asked to be tested on.
    wanted: str = ""
    #: Coming back after a long pause: something known comes first.
    warm_up: bool = False
    #: Reviews asked so far.
    reviews: int = 0
    #: Skills that this session is still to review; None: it is a lesson.
    revision: Sequence[str] | None = None
    #: known error -> skill, of those that were seen and have not passed a re-test since.
    unresolved: Mapping[str, str] = {}
    #: skill -> the detour it is on.
    detours: Mapping[str, Detour] = {}
    #: Something else waits to be gone on with, so the topic is not over when its skills are mastered.
    elsewhere: bool = False
    #: question id -> its difficulty as estimated from answers, in logits; the author's where it has none.
    difficulty: Mapping[str, float] = {}
    #: Milliseconds since 1970, as the event says.
    now_ms: int = 0


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The next question."""

    question: str
    skill: str
    why: str
    retest: bool = False
    review: bool = False


class Exhausted(msgspec.Struct, frozen=True, kw_only=True):
    """There is nothing left to ask. ``unmastered``: skills the bank could not bring to mastery."""

    unmastered: tuple[str, ...]


def difficulty(question: Question, progress: Progress) -> float:
    """How hard the question is, in logits."""
    return progress.difficulty.get(question.id, elo.of_author(question.difficulty))


def choices(question: Question) -> int:
    """How many options the question offers; 0 where the answer is typed."""
    return len(question.format.choices) if question.format.type == "choice" else 0


def success_chance(record: SkillRecord, question: Question, progress: Progress) -> float:
    """How likely the learner solves the question alone. Guessing aside: that makes no choice easier to understand."""
    return elo.chance(record.rating, difficulty(question, progress))


def askings_left(question: Question, asked: Mapping[str, int]) -> int:
    """How often the question may still be asked."""
    return (TEMPLATE_ASKINGS if question.params else FIXED_ASKINGS) - asked.get(question.id, 0)


def could_show(question: Question) -> frozenset[str]:
    """Known errors that an answer to the question can show."""
    named = {error.ref or error.id for error in question.errors} | {c.known_error for c in question.format.choices}
    return frozenset(name for name in named if name)


def is_mastered(skill: str, topic: Topic, progress: Progress) -> bool:
    """Whether the topic's rule holds for the skill, and no known error of it waits for a re-test that can be asked."""
    typed = any(skill in q.skills and q.format.type != "choice" for q in topic.questions)
    if not mastery.mastered(progress.skills[skill], topic.mastery, typed_in_bank=typed):
        return False
    waiting = {name for name, of in progress.unresolved.items() if of == skill}
    return not any(
        skill in question.skills and askings_left(question, progress.asked) > 0 and waiting & could_show(question)
        for question in topic.questions
    )


def open_skills(topic: Topic, progress: Progress) -> list[str]:
    """Skills of the topic that are worth another question: not mastered, and not only wearing the learner out."""
    return [
        skill
        for skill in topic.skills
        if not is_mastered(skill, topic, progress)
        and not mastery.spinning(progress.skills[skill])
        and not _is_away(progress.detours.get(skill))
    ]


def is_finished(topic: Topic, progress: Progress) -> bool:
    """Whether everything of the topic is mastered and nothing is owed."""
    owed = any(retest.skill in topic.skills for retest in progress.retests)
    return not owed and not progress.elsewhere and all(is_mastered(skill, topic, progress) for skill in topic.skills)


def choose(
    topic: Topic, earlier: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress
) -> Selection | Exhausted:
    """The next question of ``topic``; ``earlier``: topics that were finished before, for reviews and interleaving."""
    everything = (topic, *earlier)
    for first in (_wanted, warm_up, _review):
        chosen = first(everything, skills, progress)
        if chosen is not None:
            return chosen
    due = _retest(everything, skills, progress, progress.number)
    if due is not None:
        return due
    if progress.revision is not None:
        return _retest(everything, skills, progress, math.inf) or Exhausted(unmastered=())
    candidates = _by_need(topic, skills, progress)
    if candidates and (progress.number + 1) % INTERLEAVE_EVERY == 0 and not progress.probing:
        interleaved = _interleaved(earlier, skills, progress)
        if interleaved is not None:
            return interleaved
    for skill, detour in _detours(topic, progress):
        question = _best(detour.to, [q for one in everything for q in one.questions], progress)
        if question is not None:
            why = wording.why_detour(skills[skill].name, skills[detour.to].name)
            return Selection(question=question.id, skill=detour.to, why=why)
    for skill in candidates:
        question = _best(skill, topic.questions, progress)
        if question is not None:
            return Selection(question=question.id, skill=skill, why=_why(skills[skill], progress))
    # Nothing else is left to put between, so what is owed comes now.
    owed = _retest(everything, skills, progress, math.inf)
    if owed is not None:
        return owed
    return Exhausted(unmastered=tuple(s for s in topic.skills if not is_mastered(s, topic, progress)))


def due_skills(progress: Progress) -> list[str]:
    """Skills whose review is due, the longest overdue first."""
    due = [(record.card.due_ms, skill) for skill, record in progress.skills.items() if record.card is not None]
    return [skill for at, skill in sorted(due) if at <= progress.now_ms]


def prerequisite(skill: str, skills: Mapping[str, Skill], bank: Sequence[Question], progress: Progress) -> str | None:
    """The weakest skill that this one rests on directly and that questions are left for; else what that rests on."""
    level, seen = list(skills[skill].prereq), {skill}
    while level:
        askable = [s for s in level if _best(s, bank, progress) is not None]
        if askable:
            return min(askable, key=lambda s: (progress.skills[s].p, s))
        seen |= set(level)
        level = sorted({below for s in level for below in skills[s].prereq} - seen)
    return None


def _is_away(detour: Detour | None) -> bool:
    return detour is not None and detour.left > 0


def _detours(topic: Topic, progress: Progress) -> list[tuple[str, Detour]]:
    return [(skill, detour) for skill, detour in progress.detours.items() if detour.left > 0 and skill in topic.skills]


def _by_need(topic: Topic, skills: Mapping[str, Skill], progress: Progress) -> list[str]:
    """Open skills, weakest first; those whose prerequisites do not stand yet come after all others."""

    def waits(skill: str) -> bool:
        return any(progress.skills[required].p < PREREQUISITE_P for required in skills[skill].prereq)

    return sorted(open_skills(topic, progress), key=lambda s: (waits(s), progress.skills[s].p, topic.skills.index(s)))


def _best(skill: str, bank: Sequence[Question], progress: Progress, *, again: bool = False) -> Question | None:
    """The question of the bank that fits the skill best now; None if all have been asked often enough.

    ``again``: their limit of askings does not count.
    """
    candidates = [q for q in bank if skill in q.skills and (again or askings_left(q, progress.asked) > 0)]
    if not candidates:
        return None
    record = progress.skills[skill]
    hardest = progress.probing or progress.wanted == skill

    # Known errors are looked for once the rest is there: first those that wait for a re-test, then those that no
    # question could show yet, so that nobody is called a master who was not asked the telling question.
    nearly = record.p >= PREREQUISITE_P
    waiting = {name for name, of in progress.unresolved.items() if of == skill} if nearly else set()
    tested = {name for q in bank if skill in q.skills and progress.asked.get(q.id) for name in could_show(q)}

    def rank(question: Question) -> tuple[bool, bool, int, bool, int, float]:
        fit = abs(success_chance(record, question, progress) - TARGET_SUCCESS)
        return (
            question.id == progress.last_question,
            bool(waiting) and not waiting & could_show(question),
            progress.asked.get(question.id, 0),
            question.id in progress.put_off,
            -len(could_show(question) - tested) if nearly and not hardest else 0,
            -difficulty(question, progress) if hardest else fit,
        )

    return min(candidates, key=rank)


def _wanted(topics: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress) -> Selection | None:
    """The hardest question that fits, of the skill the learner says they know."""
    skill = progress.wanted
    if skill not in skills:
        return None
    question = _best(skill, [q for topic in topics for q in topic.questions], progress, again=True)
    if question is None:
        return None
    return Selection(question=question.id, skill=skill, why=wording.why_probing(skills[skill].name))


def warm_up(topics: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress) -> Selection | None:
    """After a long pause: what is due, else what went best."""
    if not progress.warm_up:
        return None
    practised = sorted(
        (s for s, record in progress.skills.items() if record.opportunities and s in skills),
        key=lambda s: (-progress.skills[s].p, s),
    )
    for skill in (*due_skills(progress), *practised):
        question = _best(skill, [q for topic in topics for q in topic.questions], progress, again=True)
        if question is not None:
            why = wording.why_warm_up(skills[skill].name)
            return Selection(question=question.id, skill=skill, why=why, review=True)
    return None


def _review(topics: Sequence[Topic], skills: Mapping[str, Skill], progress: Progress) -> Selection | None:
    """What is due; in a session for reviewing, whatever it is still to review."""
    if progress.revision is not None:
        wanted: Sequence[str] = progress.revision
    elif progress.probing or (progress.reviews + 1) * REVIEW_EVERY > progress.number + 1:
        return None
    else:
        wanted = due_skills(progress)
    for skill in wanted:
        if skill not in skills:
            continue
        question = _best(skill, [q for topic in topics for q in topic.questions], progress, again=True)
        if question is not None:
            name, card = skills[skill].name, progress.skills[skill].card
            due = retention.is_due(card, progress.now_ms)
            why = wording.why_review(name) if due or card is None else wording.why_review_early(name)
            return Selection(question=question.id, skill=skill, why=why, review=True)
    return None


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
    if record.since == record.opportunities and skill.id in progress.detours:
        return wording.why_back(skill.name)
    return wording.why_weakest(skill.name, record.unassisted, record.p)
