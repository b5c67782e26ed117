"""A9: files that the learner uploads. The tutor tells of them where no question is open, and reads in them when asked.

What is read of a file is data, like everything a learner writes: no row's guard reads it, and no verdict comes from it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeAlias

import msgspec

from tutor import events, file_text, statem, wording
from tutor.file_text import FilePart, as_text
from tutor.machine.data import FileNote, TutoringData
from tutor.machine.situation import ReadResult, Situation, change, dispatch, returned, tell
from tutor.machine.state import EVERY, State
from tutor.machine.table import Rows
from tutor.machine.tool_results import of_tool
from tutor.statem import EventType, KeepState, NextState, Result

rows = Rows()
#: After the rows of tool results: theirs say first what is no result.
result_rows = Rows()

#: Where no question is open, and an answer to "shall I use it?" is not taken for one to a question.
SAFE = frozenset({State.EXPOSITION, State.TOPIC_COMPLETE})
#: In words: of a section that the learner wants to see.
SHOWN_WORDS = 250
#: Told of at most; what is older is forgotten first.
MOST = 50

_YES = re.compile(
    r"(?:(?:yes|yep|yeah|sure|ok(?:ay)?|please|good|of course|go ahead|do (?:so|it)|use (?:it|them))[\s,.!]*){1,3}",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:please )?(?:no|nope|nah|not now|do(?:n'?t| not)|(?:no,? )?(?:leave (?:it|them)(?: out| aside| alone)?|"
    r"do(?:n'?t| not) use (?:it|them)))(?:,? (?:please|thanks|thank you|not now))?[\s.!]*",
    re.IGNORECASE,
)
#: Every decision but to stop.
Moving: TypeAlias = statem.KeepState | statem.NextState | statem.RepeatState
#: What a learner does instead of answering an offer.
_LAPSES = (
    events.UserMessage,
    events.AnswerSubmitted,
    events.ContinueRequested,
    events.SkipRequested,
    events.HintRequested,
    events.GiveUpRequested,
)


# --- being told --------------------------------------------------------------------------------------------------


@rows.row("A9", EVERY, events.FileReady)
def note_ready(s: Situation) -> Result:
    note = FileNote(name=s.content.name, sections=s.content.sections, pages=s.content.pages)
    return KeepState(_noted(s.data, s.content.file, note))


@rows.row("A9", EVERY, events.FileFailed)
def note_failed(s: Situation) -> Result:
    note = FileNote(name=s.content.name, status="failed", message=s.content.message)
    return KeepState(_noted(s.data, s.content.file, note))


def _noted(data: TutoringData, file: str, note: FileNote) -> TutoringData:
    files = {**data.files, file: note}
    for oldest in list(files)[: max(0, len(files) - MOST)]:
        del files[oldest]
    return change(data, files=files)


# --- telling -----------------------------------------------------------------------------------------------------


def told(s: Situation, result: Moving, after: State, data: TutoringData) -> Result:
    """A decision with what there is to tell of files, where it leads to a point at which that interrupts nothing."""
    if data.safety_hold or any(isinstance(action, statem.Postpone) for action in result.actions):
        return result
    files = dict(data.files)
    if s.event.type is not EventType.ENTER and isinstance(s.content, _LAPSES):
        # Whoever does something else has answered the offer of before by not answering it.
        files = {
            name: change(one, status="told") if one.status == "offered" and one == s.data.files.get(name) else one
            for name, one in files.items()
        }
    said: list[str] = []
    if _interrupts_nothing(s, after):
        for name, one in list(files.items()):
            if one.status == "failed":
                said.append(wording.file_failed(as_text(one.name), one.message))
                del files[name]
            elif one.status == "new":
                words = wording.file_offered if after in SAFE else wording.file_ready
                said.append(words(as_text(one.name), one.sections, one.pages))
                files[name] = change(one, status="offered" if after in SAFE else "told")
    if files == data.files:
        return result
    return replace(result, data=change(data, files=files), actions=(*result.actions, *tell(*said)))


def _interrupts_nothing(s: Situation, after: State) -> bool:
    if after is State.TOPIC_COMPLETE:
        # The summary is said on entering.
        return s.event.type is EventType.ENTER or s.state is after
    between_questions = after is State.SETTING_QUESTION and s.state is not after
    return after in SAFE or between_questions


# --- "shall I use it?" -------------------------------------------------------------------------------------------


def _offered(s: Situation) -> list[str]:
    return [name for name, one in s.data.files.items() if one.status == "offered"]


def _accepts(s: Situation) -> bool:
    return bool(_offered(s) and _YES.fullmatch(s.content.text.strip()))


def _declines(s: Situation) -> bool:
    return bool(_offered(s) and _NO.fullmatch(s.content.text.strip()))


@rows.row("A9", SAFE, events.UserMessage, when=_accepts)
def use(s: Situation) -> Result:
    return KeepState(_marked(s, "wanted"), tell(wording.file_wanted(_names(s))))


@rows.row("A9", SAFE, events.UserMessage, when=_declines)
def leave_aside(s: Situation) -> Result:
    return KeepState(_marked(s, "left"), tell(wording.file_left(_names(s))))


def _names(s: Situation) -> str:
    return wording.joined([wording.quoted(as_text(s.data.files[name].name)) for name in _offered(s)])


def _marked(s: Situation, status: str) -> TutoringData:
    offered = _offered(s)
    marked = {name: change(one, status=status) if name in offered else one for name, one in s.data.files.items()}
    return change(s.data, files=marked)


# --- "show me page 2" --------------------------------------------------------------------------------------------


def _asks_for_part(s: Situation) -> bool:
    if file_text.wanted_part(s.content.text) is None:
        return False
    readable = s.data.readable_files()
    return bool(readable) and file_text.means_file(s.content.text, [one.name for one in readable.values()])


@rows.row("A9", State.EXPOSITION, events.UserMessage, to=State.AWAITING_TOOL_RESULT, when=_asks_for_part)
def read_part(s: Situation) -> Result:
    text = s.content.text
    kind, number = file_text.wanted_part(text) or ("section", 1)
    readable = s.data.readable_files()
    # The one that is named, else the newest.
    named = [name for name, one in readable.items() if file_text.names(text, one.name)]
    file = (named or list(readable))[-1]
    most = readable[file].pages if kind == "page" else readable[file].sections
    if not most or not 1 <= number <= most:
        return KeepState(s.data, tell(wording.no_such_part(as_text(readable[file].name), kind, most or 0)))
    return dispatch(s, "read_file", {"file": file, kind: number}, return_state=State.EXPOSITION, given=text)


@result_rows.row("A9", State.AWAITING_TOOL_RESULT, events.ToolSucceeded, to=State.EXPOSITION, when=of_tool("read_file"))
def show_part(s: Situation) -> Result:
    state, data = returned(change(s.data, failures=0))
    read = s.result if isinstance(s.result, ReadResult) else ReadResult()
    parts = [msgspec.convert(part, FilePart) for part in read.parts]
    shown = [file_text.quotation(part, words=SHOWN_WORDS) for part in parts]
    text = "\n\n".join(one for one in shown if one) or wording.NOTHING_ON_PAGE
    return NextState(state, data, tell(wording.clarified_in_exposition(text)))
