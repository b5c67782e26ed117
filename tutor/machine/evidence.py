"""What an answer says about a learner's skills, written down once per question."""

from __future__ import annotations

from tutor import mastery, selection, wording
from tutor.effects import Record
from tutor.interactions import MasteryChanged
from tutor.machine.data import OpenQuestion, TutoringData
from tutor.machine.situation import change
from tutor.machine.syllabus import Syllabus
from tutor.mastery import Evidence
from tutor.selection import Retest
from tutor.statem import Action

#: How many other questions come between a solution and its re-test.
RETEST_AFTER = 2


def of_correct(question: OpenQuestion) -> Evidence:
    """What a right answer shows, by the help that came before it."""
    if question.hint_level == 0:
        return Evidence.UNASSISTED
    return Evidence.AFTER_HINT if question.hint_level == 1 else Evidence.WITH_HELP


def witness(
    syllabus: Syllabus, data: TutoringData, question: OpenQuestion, evidence: Evidence
) -> tuple[TutoringData, tuple[Action, ...]]:
    """Take the question's evidence, unless it was taken already; to mark it as taken is left to the caller."""
    if question.witnessed:
        return data, ()
    source = syllabus.questions[question.id]
    topic = syllabus.topic_of(question.id)
    choices = len(source.format.choices) if source.format.type == "choice" else 0
    records, actions = dict(data.skills), list[Action]()
    for skill in source.skills:
        before = records[skill]
        records[skill] = after = mastery.witness(before, syllabus.skills[skill].bkt, evidence, choices=choices)
        done = selection.is_mastered(skill, topic, syllabus.progress(change(data, skills=records)))
        changed = MasteryChanged(
            skill=skill,
            p=round(after.p, 4),
            why=wording.why_mastery(evidence),
            mastered=done,
            opportunities=after.opportunities,
        )
        actions.append(Record(changed))
    return change(data, skills=records), tuple(actions)


def owe_retest(data: TutoringData, question: OpenQuestion) -> TutoringData:
    """A question like this one, for the learner to try alone, after a few others; not where it would only wear out."""
    if mastery.spinning(data.skills[question.skill]):
        return data
    if any(retest.skill == question.skill for retest in data.retests):
        return data
    owed = Retest(skill=question.skill, question=question.id, due=data.number + RETEST_AFTER)
    return change(data, retests=(*data.retests, owed))
