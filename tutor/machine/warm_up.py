"""Coming back after a long pause: something known first, then on where the lesson was."""

from __future__ import annotations

import msgspec

from tutor import events, selection, wording
from tutor.effects import Record
from tutor.interactions import RemediationFinished, SessionResumed
from tutor.machine.answering import asked
from tutor.machine.data import OpenQuestion, Shelf, TutoringData
from tutor.machine.situation import Situation, change, set_question, tell
from tutor.machine.state import State
from tutor.machine.table import Rows, Signal
from tutor.statem import NextState, Result

rows = Rows()

DAY_MS = 86_400_000
#: A longer pause begins with a warm-up.
LONG_MS = 7 * DAY_MS

#: Where a lesson goes on after the warm-up. (From a solution, or between two questions, the next question comes.)
_SHELVED = frozenset({State.EXPOSITION, State.AWAITING_ANSWER, State.TOPIC_COMPLETE})


def was_long(s: Situation) -> bool:
    """Whether the pause was long, and something was practised before it."""
    data = s.data
    if data.paused_at is None or s.now_ms - data.paused_at <= LONG_MS or data.shelf is not None or not data.topic:
        return False
    progress = s.syllabus.progress(change(data, warm_up=True, wanted=""), s.now_ms)
    return selection.warm_up(s.open_topics(data), s.syllabus.skills, progress) is not None


@rows.row("39", State.PAUSED, events.ResumeRequested, to=State.SETTING_QUESTION, when=was_long)
def warm_up(s: Situation) -> Result:
    """A question about something known; what was open waits for it. A message would be for what was open: see 39."""
    data = change(s.data, return_state="", paused_at=None, settling=False, failures=0, warm_up=True, shelf=_shelf(s))
    put_off = (
        (Record(RemediationFinished(known_error=s.data.remediation.known_error, outcome="put_off")),)
        if s.data.remediation is not None
        else ()
    )
    days = (s.now_ms - (s.data.paused_at or 0)) // DAY_MS
    resumed = Record(SessionResumed(state=State.SETTING_QUESTION))
    return set_question(data, resumed, *put_off, *tell(wording.recap_long(days, waits=data.shelf is not None)))


def _shelf(s: Situation) -> Shelf | None:
    state, question = State(s.data.return_state), s.data.question
    if s.data.remediation is not None:
        # What was said about the error is forgotten by now: the question is tried again, and the error treated anew.
        state = State(s.data.remediation.back)
        if question is not None:
            known = s.data.remediation.known_error
            question = change(question, remediated=tuple(name for name in question.remediated if name != known))
    if state not in _SHELVED:
        return None
    return Shelf(state=state, question=question if state is State.AWAITING_ANSWER else None)


def _waits(s: Situation) -> bool:
    return s.data.shelf is not None and not s.data.warm_up


@rows.row("39", State.SETTING_QUESTION, Signal.SET_QUESTION, events.ContinueRequested, to=_SHELVED, when=_waits)
def go_on(s: Situation) -> Result:
    """The warm-up is over: back to what waited."""
    shelf = msgspec.convert(s.data.shelf, Shelf, from_attributes=True)
    data = change(s.data, shelf=None)
    match State(shelf.state):
        case State.AWAITING_ANSWER if shelf.question is not None:
            return _ask_again(s, data, shelf.question)
        case State.EXPOSITION:
            text = wording.after_warm_up(wording.recap_exposition(s.syllabus.topics[data.topic].title))
            return NextState(State.EXPOSITION, data, tell(text))
        case _:
            text = wording.after_warm_up(wording.RECAP_TOPIC_COMPLETE)
            return NextState(State.TOPIC_COMPLETE, data, tell(text))


def _ask_again(s: Situation, data: TutoringData, question: OpenQuestion) -> NextState:
    data = change(data, question=question, last_question=question.id)
    again = Record(asked(s.syllabus, question))
    return NextState(State.AWAITING_ANSWER, data, (*tell(wording.after_warm_up(wording.RECAP_QUESTION)), again))
