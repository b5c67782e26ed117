"""reviewing_solution and topic_complete: say why, sum up, go on."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tutor import events, intent, retention, selection, wording
from tutor.machine.data import TutoringData
from tutor.machine.exposition import first_chunk
from tutor.machine.situation import ExplanationResult, Situation, asked_as, change, dispatch, set_question, tell
from tutor.machine.state import State
from tutor.machine.syllabus import Syllabus
from tutor.machine.table import Rows, Signal
from tutor.machine.tool_results import of_tool, settled
from tutor.statem import KeepState, NextState, Result

rows = Rows()

MASTERED = "mastered"
PRACTISED = "practised"


@rows.row("33", State.REVIEWING, events.UserMessage, to=State.AWAITING_TOOL_RESULT)
def read_explanation(s: Situation) -> Result:
    text = s.content.text
    args = {**asked_as(s.question), "text": text}
    return dispatch(s, "check_explanation", args, return_state=State.REVIEWING, given=text)


@rows.row(
    "33",
    State.AWAITING_TOOL_RESULT,
    events.ToolSucceeded,
    to=State.SETTING_QUESTION,
    when=of_tool("check_explanation"),
    may_show_answer=True,
)
def answer_explanation(s: Situation) -> Result:
    found = s.result if isinstance(s.result, ExplanationResult) else ExplanationResult([], [])
    unsure = intent.classify(s.pending.given, None) in {"hint", "give_up", "clarify"}
    wordless = not re.search(r"[^\W\d_]{2,}", s.pending.given)
    text = wording.explanation(found.covered, found.missing, unsure=unsure, wordless=wordless)
    return set_question(settled(s), *tell(text))


@rows.row("34", State.REVIEWING, events.ContinueRequested, events.SkipRequested, to=State.SETTING_QUESTION)
def go_on(s: Situation) -> Result:
    return set_question(s.data)


# --- topic_complete ----------------------------------------------------------------------------------------------


def evidence_lines(syllabus: Syllabus, data: TutoringData, topics: list[str]) -> list[str]:
    """What the learner has shown, skill by skill."""
    progress = syllabus.progress(data)
    return [
        wording.skill_line(
            syllabus.skills[skill].name,
            data.skills[skill],
            mastered=selection.is_mastered(skill, syllabus.topics[topic], progress),
        )
        for topic in topics
        for skill in syllabus.topics[topic].skills
    ]


def practised_lines(syllabus: Syllabus, data: TutoringData) -> list[str]:
    """The evidence of every topic that was touched, in the course's order."""
    touched = [
        topic.id
        for topic in syllabus.course.topics
        if topic.id in data.finished or any(data.skills[s].opportunities for s in topic.skills)
    ]
    return evidence_lines(syllabus, data, touched)


def next_review(data: TutoringData, skills: Iterable[str]) -> str | None:
    """The day of the first review of these skills; None: none of them was mastered."""
    due = [record.card.due_ms for skill in skills if (record := data.skills[skill]).card is not None]
    return retention.date(min(due)) if due else None


@rows.row("35", State.TOPIC_COMPLETE, Signal.ENTER, may_show_answer=True)
def sum_up(s: Situation) -> Result:
    if s.data.topic in s.data.finished:
        return KeepState()
    topic = s.syllabus.topics[s.data.topic]
    progress = s.syllabus.progress(s.data)
    mastered = all(selection.is_mastered(skill, topic, progress) for skill in topic.skills)
    data = change(s.data, finished={**s.data.finished, topic.id: MASTERED if mastered else PRACTISED})
    text = wording.topic_summary(
        topic.title,
        evidence_lines(s.syllabus, data, [topic.id]),
        mastered=mastered,
        more=s.syllabus.next_topic(data) is not None,
        next_review=next_review(data, topic.skills),
    )
    return KeepState(data, tell(text))


def _topics_left(s: Situation) -> bool:
    return s.syllabus.next_topic(s.data) is not None


@rows.row("36", State.TOPIC_COMPLETE, events.ContinueRequested, to=State.EXPOSITION, when=_topics_left)
def next_topic(s: Situation) -> Result:
    topic = s.syllabus.next_topic(s.data)
    if topic is None:
        raise LookupError("no topic is left")
    text, data = first_chunk(s.syllabus, change(s.data, topic=topic.id, chunks=0, question=None))
    return NextState(State.EXPOSITION, data, tell(wording.next_topic(topic.title), text))


@rows.row("37", State.TOPIC_COMPLETE, events.ContinueRequested, to=State.COMPLETED)
def finish(s: Situation) -> Result:
    data = change(s.data, question=None)
    report = wording.final_report(
        s.syllabus.course.course.title,
        practised_lines(s.syllabus, data),
        mastered=sum(status == MASTERED for status in data.finished.values()),
        topics=len(s.syllabus.topics),
    )
    return NextState(State.COMPLETED, data, tell(report))


@rows.row("38", State.TOPIC_COMPLETE, events.UserMessage, may_show_answer=True)
def about_summary(s: Situation) -> Result:
    lines = evidence_lines(s.syllabus, s.data, [s.data.topic])
    return KeepState(s.data, tell(wording.about_summary(lines, more=_topics_left(s))))


@rows.row("38", State.COMPLETED, events.UserMessage, may_show_answer=True)
def after_the_end(s: Situation) -> Result:
    lines = practised_lines(s.syllabus, s.data)
    return KeepState(s.data, tell(wording.after_the_end(lines, next_review(s.data, s.syllabus.skills))))
