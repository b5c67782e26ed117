"""created and exposition: greet, explain chunk by chunk, answer questions about it."""

from __future__ import annotations

import re

from tutor import events, intent, wording
from tutor.effects import Record
from tutor.interactions import AuthorNoted
from tutor.machine.data import TutoringData
from tutor.machine.situation import Situation, again, change, clarify, set_question, tell
from tutor.machine.state import State
from tutor.machine.syllabus import Syllabus
from tutor.machine.table import Rows
from tutor.statem import KeepState, NextState, Result

rows = Rows()

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def _more_material(s: Situation) -> bool:
    return s.data.chunks < len(s.syllabus.chunks(s.data.topic))


def first_chunk(syllabus: Syllabus, data: TutoringData) -> tuple[str, TutoringData]:
    """The opening of a topic's material, and the data after it was shown."""
    if not syllabus.chunks(data.topic):
        return wording.NO_MATERIAL, data
    return next_chunk(syllabus, data)


def next_chunk(syllabus: Syllabus, data: TutoringData) -> tuple[str, TutoringData]:
    """The next piece of material, and the data after it was shown."""
    chunks = syllabus.chunks(data.topic)
    text = wording.chunk(chunks[data.chunks], more=data.chunks + 1 < len(chunks))
    return text, change(data, chunks=data.chunks + 1)


@rows.row("1", State.CREATED, events.Start, to=State.EXPOSITION)
def greet(s: Situation) -> Result:
    topic = s.syllabus.next_topic(s.data)
    if topic is None:
        raise LookupError(f"course {s.syllabus.course.course.id!r} has no topic")
    text, data = first_chunk(s.syllabus, change(s.data, topic=topic.id))
    hello = wording.greeting(
        s.syllabus.course.course.title,
        topic.title,
        again=bool(data.finished),
        reads=bool(s.syllabus.chunks(topic.id)),
    )
    return NextState(State.EXPOSITION, data, tell(hello, text))


#: Wishes that are commands of their own while material is read.
_WISHES: dict[str, type[events.EventContent]] = {
    "continue": events.ContinueRequested,
    "skip": events.SkipRequested,
    "hint": events.HintRequested,
    "pause": events.PauseRequested,
}


def _wish(s: Situation) -> str | None:
    return intent.while_reading(s.content.text)


def _means_a_command(s: Situation) -> bool:
    return _wish(s) in _WISHES


def _is_small_talk(s: Situation) -> bool:
    return _wish(s) == "off_topic"


@rows.row("22", State.EXPOSITION, events.UserMessage, when=_means_a_command)
def take_as_command(s: Situation) -> Result:
    return KeepState(actions=(again(_WISHES[_wish(s) or ""]()),))


@rows.row("22", State.EXPOSITION, events.UserMessage, when=_is_small_talk)
def lead_back(s: Situation) -> Result:
    return KeepState(s.data, tell(wording.off_topic_reading(s.syllabus.topics[s.data.topic].title)))


@rows.row("S1", State.EXPOSITION, events.UserMessage, to=State.AWAITING_TOOL_RESULT)
def explain(s: Situation) -> Result:
    return clarify(s, s.content.text, return_state=State.EXPOSITION, about_question=False)


@rows.row("2", State.EXPOSITION, events.ContinueRequested, when=_more_material)
def show_next_chunk(s: Situation) -> Result:
    text, data = next_chunk(s.syllabus, s.data)
    return KeepState(data, tell(text))


@rows.row("3", State.EXPOSITION, events.ContinueRequested, to=State.SETTING_QUESTION)
def begin_questions(s: Situation) -> Result:
    return set_question(s.data, *tell(wording.after_material(len(s.data.finished))))


@rows.row("3", State.EXPOSITION, events.SkipRequested, to=State.SETTING_QUESTION)
def skip_material(s: Situation) -> Result:
    note = Record(AuthorNoted(about=s.data.topic, note=wording.note_skipped_material(s.data.topic)))
    return set_question(change(s.data, probing=True), note, *tell(wording.SKIPPED_MATERIAL))


@rows.row("4", State.EXPOSITION, events.HintRequested)
def point_to_key_sentence(s: Situation) -> Result:
    chunks = s.syllabus.chunks(s.data.topic)
    if not s.data.chunks:
        return KeepState(s.data, tell(wording.NO_MATERIAL))
    shown = chunks[s.data.chunks - 1]
    sentences = [part.strip() for part in _SENTENCE.split(shown.body.replace("\n", " ")) if part.strip()]
    keyed = [line for line in sentences if any(key.lower() in line.lower() for key in shown.keys)]
    key = (keyed or sentences or [shown.alt or shown.ask])[0]
    return KeepState(s.data, tell(wording.key_sentence(key)))
