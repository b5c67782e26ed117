"""A learner who disagrees with what the tutor believes (A14): heard, written down, and put to the test."""

from __future__ import annotations

import msgspec

from tutor import events, wording
from tutor.effects import Record
from tutor.interactions import AuthorNoted, EstimateContested
from tutor.machine import evidence, misconceptions
from tutor.machine.situation import Situation, change, tell
from tutor.machine.state import EVERY, State
from tutor.machine.table import Guard, Rows
from tutor.statem import KeepState, Result

rows = Rows()

#: P of a skill that the learner says they do not know.
UNSURE_P = 0.5


def _of_skill(claim: str) -> Guard:
    return lambda s: s.content.claim == claim and s.content.skill in s.data.skills


def _of_known_error(s: Situation) -> bool:
    return s.content.claim == "not_mine" and s.content.known_error in s.data.known_errors


@rows.row("A14", EVERY, events.EstimateContested, when=_of_skill("known"))
def put_to_the_test(s: Situation) -> Result:
    """Nothing is believed, and nothing doubted: the next question shows it."""
    data = change(s.data, wanted=s.content.skill)
    name = s.syllabus.skills[s.content.skill].name
    return KeepState(data, (_contested(s), *tell(wording.contested_known(name, over=s.state is State.COMPLETED))))


@rows.row("A14", EVERY, events.EstimateContested, when=_of_skill("unsure"))
def believe_the_doubt(s: Situation) -> Result:
    """Who says they do not know it is believed: it is practised again, and reviewed now."""
    skill, record = s.content.skill, s.data.skills[s.content.skill]
    card = record.card and msgspec.structs.replace(record.card, due_ms=min(record.card.due_ms, s.now_ms))
    record = change(record, p=min(record.p, UNSURE_P), since=record.opportunities, card=card)
    data = change(s.data, skills={**s.data.skills, skill: record})
    fact = evidence.changed(skill, record, wording.WHY_UNSURE, mastered=False)
    said = wording.contested_unsure(s.syllabus.skills[skill].name)
    return KeepState(data, (_contested(s), Record(fact), *tell(said)))


@rows.row("A14", EVERY, events.EstimateContested, when=_of_known_error)
def leave_it_open(s: Situation) -> Result:
    """It does not count as theirs until it is seen again; a teacher sees both."""
    name = s.content.known_error
    note = Record(AuthorNoted(about=name, note=wording.note_contested(name)))
    data = change(s.data, known_errors=misconceptions.contested(s.data, name))
    return KeepState(data, (_contested(s), note, *tell(wording.CONTESTED_ERROR)))


def _contested(s: Situation) -> Record:
    content = s.content
    return Record(
        EstimateContested(claim=content.claim, skill=content.skill or None, known_error=content.known_error or None)
    )
