"""A8: a learner who needs a person. Fixed words of support, the observers told, and no lesson until a teacher says so.

These rows come before all others, in every state: nothing else may answer such a message.
"""

from __future__ import annotations

from tutor import events, safety, wording
from tutor.effects import Record, Refuse
from tutor.interactions import SafetyHeld, SafetyReleased
from tutor.machine.answering import asked
from tutor.machine.situation import Situation, as_text, cancel, change, returned, tell
from tutor.machine.state import CALLING, EVERY, State
from tutor.machine.table import Rows, Signal
from tutor.statem import KeepState, NextState, Result

rows = Rows()

#: What has no place while a person is awaited. To pause and to end the lesson stay possible.
_LESSON = (
    events.HintRequested,
    events.SkipRequested,
    events.GiveUpRequested,
    events.DisputeRaised,
    events.ContinueRequested,
    events.ResumeRequested,
    events.RemediationForced,
)


def _written(s: Situation) -> str:
    return s.content.text if isinstance(s.content, events.UserMessage) else as_text(s.content.value)


def _worrying(s: Situation) -> bool:
    return safety.concern(_written(s)) is not None


def _held(s: Situation) -> bool:
    return bool(s.data.safety_hold)


@rows.row("A8", State.AWAITING_TOOL_RESULT, events.UserMessage, events.AnswerSubmitted, to=CALLING, when=_worrying)
def hold_and_stop_the_call(s: Situation) -> Result:
    # A verdict on an answer is the last thing to be said now.
    state, data = returned(s.data)
    held = _hold(Situation(s.syllabus, s.state, data, s.event))
    return NextState(state, held.data, (*cancel(s.data), *held.actions))


@rows.row("A8", EVERY, events.UserMessage, events.AnswerSubmitted, when=_worrying)
def hold(s: Situation) -> Result:
    return _hold(s)


def _hold(s: Situation) -> KeepState:
    why = safety.concern(_written(s)) or ""
    data = change(s.data, safety_hold=why)
    # Each such message is told of: who looks after the learner should see that it goes on.
    return KeepState(data, (Record(SafetyHeld(why=why)), *tell(wording.SUPPORT)))


@rows.row("A8", EVERY, events.UserMessage, events.AnswerSubmitted, when=_held)
def stay(s: Situation) -> Result:
    return KeepState(s.data, tell(wording.SUPPORT_AGAIN))


@rows.row("A8", EVERY, Signal.NUDGE, when=_held)
def do_not_nudge(_s: Situation) -> Result:
    return KeepState()


@rows.row("A8", EVERY, events.SafetyCleared, when=_held)
def release(s: Situation) -> Result:
    released = Record(SafetyReleased(actor=s.content.actor))
    # Days may lie between: the question that waits is shown again.
    waiting = s.state is State.AWAITING_ANSWER and s.data.question is not None
    shown = (Record(asked(s.syllabus, s.question)),) if waiting else ()
    return KeepState(change(s.data, safety_hold=""), (released, *tell(wording.HOLD_RELEASED), *shown))


@rows.row("A12", EVERY, *_LESSON, when=_held)
def refuse_the_lesson(s: Situation) -> Result:
    allowed = ("message.send", "session.close")
    return KeepState(actions=(Refuse(wording.HELD, allowed),))
