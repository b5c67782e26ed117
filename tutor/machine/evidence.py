"""What an answer says about a learner's skills, written down once per question."""

from __future__ import annotations

from tutor import mastery, retention, selection, wording
from tutor.effects import RateQuestion, Record
from tutor.interactions import MasteryChanged
from tutor.machine import misconceptions
from tutor.machine.data import OpenQuestion, TutoringData
from tutor.machine.situation import Situation, change
from tutor.mastery import Evidence, SkillRecord
from tutor.selection import Detour, Retest
from tutor.statem import Action

#: How many other questions come between a solution and its re-test.
RETEST_AFTER = 2
#: Questions of a prerequisite before the skill that rests on it is tried again.
DETOUR_QUESTIONS = 3


def of_correct(question: OpenQuestion) -> Evidence:
    """What a right answer shows, by the help that came before it."""
    if question.hint_level == 0:
        return Evidence.UNASSISTED
    return Evidence.AFTER_HINT if question.hint_level == 1 else Evidence.WITH_HELP


def witness(
    s: Situation, data: TutoringData, question: OpenQuestion, shown: Evidence
) -> tuple[TutoringData, tuple[Action, ...]]:
    """Take the question's evidence, unless it was taken already; to mark it as taken is left to the caller."""
    if question.witnessed:
        return data, ()
    source, topic = s.syllabus.questions[question.id], s.syllabus.topic_of(question.id)
    choices = selection.choices(source)
    if shown is Evidence.UNASSISTED:
        data = change(data, known_errors=misconceptions.passed(data, source, question.number))
    records, actions = dict(data.skills), list[Action]()
    if data.asked.get(question.id, 0) <= 1:
        # Only the first meeting tells how hard it is: later ones are of somebody who has seen its solution.
        records[question.skill], rating = _rated(s, data, question, right=shown is Evidence.UNASSISTED)
        actions.append(rating)
    for skill in source.skills:
        before = records[skill]
        records[skill] = after = mastery.witness(before, s.syllabus.skills[skill].bkt, shown, choices=choices)
        done = selection.is_mastered(skill, topic, s.syllabus.progress(change(data, skills=records)))
        records[skill] = after = mastery.remembered(after, shown, s.now_ms, mastered=done)
        actions.append(Record(changed(skill, after, wording.why_mastery(shown), mastered=done)))
    data = change(data, skills=records)
    data = _counted_down(s, data, source.skills)
    for skill in source.skills:
        if mastery.spinning(data.skills[skill]) and not mastery.spinning(s.data.skills[skill]):
            data = step_down(s, data, skill)
    return data, tuple(actions)


def changed(skill: str, record: SkillRecord, why: str, *, mastered: bool) -> MasteryChanged:
    """The fact that tells of a new estimate."""
    due = retention.day(record.card.due_ms) if record.card is not None else None
    return MasteryChanged(
        skill=skill,
        p=round(record.p, 4),
        why=why,
        mastered=mastered,
        opportunities=record.opportunities,
        next_review=due,
    )


def _rated(s: Situation, data: TutoringData, question: OpenQuestion, *, right: bool) -> tuple[SkillRecord, Action]:
    """The learner's Elo rating after the answer, and what moves the question's."""
    source, record = s.syllabus.questions[question.id], data.skills[question.skill]
    choices = selection.choices(source)
    effect = RateQuestion(
        question=question.id,
        start=selection.difficulty(source, s.syllabus.progress(data)),
        ability=record.rating,
        guess=mastery.chance_of_guess(choices),
        right=right,
    )
    return mastery.rated(record, effect.start, right=right, choices=choices), effect


# --- a skill that does not move ----------------------------------------------------------------------------------


def step_down(s: Situation, data: TutoringData, skill: str) -> TutoringData:
    """A detour to what the skill rests on, if there is something to ask of it; once a skill and session. Teachers are
    told by the observers (``tutor.observers.cognitive``)."""
    if skill in data.detours or skill not in s.syllabus.skills:
        return data
    bank = [q for topic in s.open_topics(data) for q in topic.questions]
    to = selection.prerequisite(skill, s.syllabus.skills, bank, s.syllabus.progress(data))
    if to is None:
        return data
    return change(data, detours={**data.detours, skill: Detour(to=to, left=DETOUR_QUESTIONS)})


def _counted_down(s: Situation, data: TutoringData, skills: list[str]) -> TutoringData:
    """Detours after one more question of these skills; a skill whose detour is over gets a fresh attempt."""
    detours, records = dict(data.detours), dict(data.skills)
    for skill, detour in data.detours.items():
        if detour.left and detour.to in skills:
            topic = s.syllabus.home_of(detour.to)
            done = topic is not None and selection.is_mastered(detour.to, topic, s.syllabus.progress(data))
            detours[skill] = change(detour, left=0 if done else detour.left - 1)
            if detours[skill].left == 0:
                records[skill] = change(records[skill], since=records[skill].opportunities)
    return change(data, detours=detours, skills=records) if detours != data.detours else data


def owe_retest(data: TutoringData, question: OpenQuestion) -> TutoringData:
    """A question like this one, for the learner to try alone, after a few others; not where it would only wear out."""
    if mastery.spinning(data.skills[question.skill]):
        return data
    if any(retest.skill == question.skill for retest in data.retests):
        return data
    owed = Retest(skill=question.skill, question=question.id, due=data.number + RETEST_AFTER)
    return change(data, retests=(*data.retests, owed))
