"""A session for reviewing, linked to the one that was completed (row 43): what was learned, one question a skill."""

from __future__ import annotations

from tutor import events, selection, wording
from tutor.effects import Record
from tutor.interactions import SessionClosed
from tutor.machine.data import TutoringData
from tutor.machine.situation import Situation, change, set_question, tell
from tutor.machine.state import State
from tutor.machine.syllabus import Syllabus
from tutor.machine.table import Rows, Signal
from tutor.statem import KeepState, Result

rows = Rows()

#: Skills of one such session: what a learner can look at in a quarter of an hour.
REVISION_SKILLS = 10


def skills_to_review(syllabus: Syllabus, data: TutoringData) -> tuple[str, ...]:
    """What a session for reviewing asks: mastered skills, the one due first at first; then the weakest practised."""
    taught = [skill for skill in data.skills if syllabus.home_of(skill) is not None]
    due = sorted((record.card.due_ms, skill) for skill in taught if (record := data.skills[skill]).card is not None)
    practised = sorted(
        (record.p, skill) for skill in taught if (record := data.skills[skill]).card is None and record.opportunities
    )
    return tuple(skill for _, skill in (*due, *practised))[:REVISION_SKILLS]


@rows.row("43", State.COMPLETED, events.ReviewRequested)
def ask_for_review(s: Situation) -> Result:
    """This session ends; the host starts the next one from what it hands on (``TutoringMachine.handed_on``)."""
    data = change(s.data, wants_review=True)
    return KeepState(data, (*tell(wording.REVIEW_ASKED), Record(SessionClosed(why="review"))))


def _for_review(s: Situation) -> bool:
    return bool(s.data.revision)


@rows.row("43", State.CREATED, events.Start, to=State.SETTING_QUESTION, when=_for_review)
def begin(s: Situation) -> Result:
    first = s.syllabus.home_of((s.data.revision or ("",))[0])
    topic = first.id if first is not None else s.syllabus.course.topics[0].id
    data = change(s.data, topic=topic, chunks=len(s.syllabus.chunks(topic)))
    return set_question(
        data, *tell(wording.review_greeting(s.syllabus.course.course.title, len(s.data.revision or ())))
    )


def _reviewed(s: Situation) -> bool:
    return s.data.revision is not None


@rows.row("35", State.TOPIC_COMPLETE, Signal.ENTER, when=_reviewed, may_show_answer=True)
def sum_up_review(s: Situation) -> Result:
    """What stayed, and when each skill comes next."""
    progress = s.syllabus.progress(s.data, s.now_ms)
    lines = []
    for skill in s.data.revised:
        topic, record = s.syllabus.home_of(skill), s.data.skills[skill]
        firm = topic is not None and selection.is_mastered(skill, topic, progress)
        lines.append(wording.review_line(s.syllabus.skills[skill].name, record, mastered=firm))
    text = wording.review_summary(lines, more=s.syllabus.next_topic(s.data) is not None)
    return KeepState(change(s.data, revision=None), tell(text))
