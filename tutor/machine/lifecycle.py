"""What can happen in any state: nudges, pauses, errors, resets, the end."""

from __future__ import annotations

from tutor import events, statem, wording
from tutor.effects import Disposition, Record
from tutor.interactions import AuthorNoted, SessionClosed, SessionPaused, SessionResumed
from tutor.machine import warm_up
from tutor.machine.data import TutoringData
from tutor.machine.reviewing import practised_lines
from tutor.machine.situation import OVERDUE, Situation, again, cancel, change, returned, set_question, tell
from tutor.machine.state import ACTIVE, EVERY, NUDGED, STABLE, State
from tutor.machine.table import Rows, Signal
from tutor.statem import Action, Hibernate, KeepState, NextState, Postpone, Result

rows = Rows()

NUDGE_MS = 90_000
SECOND_NUDGE_MS = 300_000
NUDGES = 2
INACTIVITY_MS = 1_200_000


# --- quiet learners ----------------------------------------------------------------------------------------------


def _may_nudge(s: Situation) -> bool:
    return s.data.nudges < NUDGES


@rows.row("A3", NUDGED, Signal.NUDGE, when=_may_nudge)
def nudge(s: Situation) -> Result:
    words = wording.nudge if s.state is State.AWAITING_ANSWER else wording.nudge_reading
    data = change(s.data, nudges=s.data.nudges + 1)
    later = (statem.named_timeout(Signal.NUDGE, SECOND_NUDGE_MS, events.Tick()),) if data.nudges < NUDGES else ()
    return KeepState(data, (*tell(words(s.data.nudges)), *later))


def clocks(state: State) -> tuple[Action, ...]:
    """The reminders of a state, set anew whenever the learner does something or is answered."""
    if state in {State.AWAITING_TOOL_RESULT, State.SETTING_QUESTION, State.CREATED}:
        return ()  # passing states: the reminders of the state before go on
    return (
        statem.named_timeout(Signal.NUDGE, NUDGE_MS if state in NUDGED else None, events.Tick()),
        statem.named_timeout(Signal.INACTIVITY, INACTIVITY_MS if state in ACTIVE else None, events.Tick()),
    )


# --- pausing -----------------------------------------------------------------------------------------------------


@rows.row("A4", ACTIVE, Signal.INACTIVITY, to=State.PAUSED)
def pause_quiet_session(s: Situation) -> Result:
    return _pause(s, "inactivity", wording.PAUSED_BY_INACTIVITY)


@rows.row("A2", STABLE, events.PauseRequested, to=State.PAUSED)
@rows.row("26", State.AWAITING_TOOL_RESULT, events.PauseRequested, to=State.PAUSED)
def pause(s: Situation) -> Result:
    return _pause(s, "asked", wording.PAUSED)


def _pause(s: Situation, why: str, text: str) -> NextState:
    paused = Record(SessionPaused(why=why))
    if s.state is not State.AWAITING_TOOL_RESULT:
        data = change(s.data, return_state=s.state, paused_at=s.now_ms)
        return NextState(State.PAUSED, data, (paused, *tell(text), Hibernate()))
    # Messages queued behind the call are retried now, and would end the pause at once: they stay queued until
    # the zero time-out says that all of them have been seen (S8).
    state, data = returned(s.data)
    return NextState(
        State.PAUSED,
        change(data, return_state=state, settling=True, paused_at=s.now_ms),
        (*cancel(s.data), paused, *tell(text), statem.state_timeout(0, events.Tick(note="settled"))),
    )


def _settling(s: Situation) -> bool:
    return s.data.settling


@rows.row("26", State.PAUSED, events.UserMessage, events.AnswerSubmitted, when=_settling)
def stay_queued(_s: Situation) -> Result:
    return KeepState(actions=(Disposition("queued"), Postpone()))


@rows.row("26", State.PAUSED, Signal.STATE_TIMEOUT)
def settled_down(s: Situation) -> Result:
    return KeepState(change(s.data, settling=False))


@rows.row("39", State.PAUSED, events.ResumeRequested, to=STABLE)
def resume(s: Situation) -> Result:
    return _return(s)


@rows.row("39", State.PAUSED, events.UserMessage, events.AnswerSubmitted, to=STABLE)
def resume_with_message(s: Situation) -> Result:
    # The message is for what was open, so it is taken there; after a long pause the question after it is a warm-up.
    return _return(s, again(s.content), warm_up=warm_up.was_long(s))


def _return(s: Situation, *then: Action, warm_up: bool = False) -> NextState:
    """Back to where a pause or an error came from, with one line about where that was."""
    state = State(s.data.return_state)
    data = change(
        s.data, return_state="", paused_at=None, settling=False, failures=0, warm_up=s.data.warm_up or warm_up
    )
    resumed = enter(s, data, state, (Record(SessionResumed(state=state)),))
    return NextState(resumed.state, resumed.data, (*resumed.actions, *then))


def enter(s: Situation, data: TutoringData, state: State, actions: tuple[Action, ...]) -> NextState:
    """To ``state`` if the data can carry it; else to the next question, which can always be asked."""
    if not data.topic:
        return NextState(State.CREATED, data, (*actions, again(events.Start())))
    if not carries(data, state):
        return set_question(data, *actions, *tell(wording.recap(wording.RECAP_NEXT_QUESTION)))
    return NextState(state, data, (*actions, *tell(wording.recap(where(s, state)))))


def where(s: Situation, state: State) -> str:
    """One line: where the lesson stands."""
    match state:
        case State.EXPOSITION:
            return wording.recap_exposition(s.syllabus.topics[s.data.topic].title)
        case State.AWAITING_ANSWER:
            return wording.RECAP_QUESTION
        case State.REMEDIATING:
            r = s.remediation
            probe = s.syllabus.probe_of(r)
            return wording.recap_probe(probe.prompt if probe else r.known_error)
        case State.REVIEWING:
            return wording.RECAP_REVIEW
        case State.TOPIC_COMPLETE:
            return wording.RECAP_TOPIC_COMPLETE
        case _:
            raise LookupError(f"nobody waits in {state}")


# --- errors ------------------------------------------------------------------------------------------------------


@rows.row("40", State.ERROR, events.ResumeRequested, events.ContinueRequested, to=STABLE)
def try_again(s: Situation) -> Result:
    return _return(s)


@rows.row("41", State.ERROR, events.UserMessage)
def keep_message(s: Situation) -> Result:
    told = () if s.data.operator_told else (Record(AuthorNoted(about="session", note=wording.NOTE_STUCK)),)
    data = change(s.data, operator_told=True)
    return KeepState(data, (Disposition("queued"), *told, *tell(wording.KEPT_FOR_LATER), Postpone()))


def _reachable(s: Situation) -> bool:
    return s.content.state in set(STABLE | {State.ERROR})


@rows.row("42", EVERY, events.ResetRequested, to=STABLE | {State.ERROR}, when=_reachable)
def reset(s: Situation) -> Result:
    state, actions = State(s.content.state), cancel(s.data)
    data = change(
        s.data,
        pending=None,
        failures=0,
        return_state="",
        paused_at=None,
        settling=False,
        operator_told=False,
        shelf=None,
    )
    if state is not State.ERROR:
        return enter(s, data, state, actions)
    before = State(s.data.pending.return_state) if s.data.pending else s.state
    back = before if before in STABLE else State(s.data.return_state or State.SETTING_QUESTION)
    return NextState(state, change(data, return_state=back, operator_told=True), (*actions, *tell(wording.STUCK)))


@rows.row("A13", EVERY, events.Branched)
def go_on_from_here(s: Situation) -> Result:
    """A fork, or a rewind: one line about where that is. Time-outs did not come along, so nothing rests any more."""
    data = change(s.data, hint_resting=False, settling=False, nudges=0)
    match s.state:
        case State.CREATED:
            return KeepState(data, (again(events.Start()),))
        case State.SETTING_QUESTION:
            return KeepState(data, (statem.NextEvent(statem.EventType.INTERNAL, events.Tick(note="set_question")),))
        case State.AWAITING_TOOL_RESULT:
            return KeepState(data, (statem.state_timeout(0, events.Tick(note=OVERDUE)),))
        case State.PAUSED | State.ERROR | State.COMPLETED:
            return KeepState(data)
        case _:
            return KeepState(data, tell(wording.recap(where(s, s.state))))


def carries(data: TutoringData, state: State) -> bool:
    """Whether a session with this data can be in this state."""
    match state:
        case State.AWAITING_ANSWER:
            return data.question is not None and data.remediation is None
        case State.REVIEWING:
            return data.question is not None
        case State.REMEDIATING:
            return data.remediation is not None
        case State.EXPOSITION | State.TOPIC_COMPLETE:
            return data.question is None
        case _:
            return False


# --- the end -----------------------------------------------------------------------------------------------------


@rows.row("A6", EVERY - {State.COMPLETED}, events.EndRequested, to=State.COMPLETED)
def end(s: Situation) -> Result:
    report = wording.ended_report(s.syllabus.course.course.title, practised_lines(s.syllabus, s.data))
    data = change(
        s.data,
        pending=None,
        question=None,
        remediation=None,
        return_state="",
        paused_at=None,
        settling=False,
        shelf=None,
    )
    return NextState(State.COMPLETED, data, (*cancel(s.data), *tell(report), Record(SessionClosed(why="ended"))))


@rows.row("A6", State.COMPLETED, events.EndRequested)
def close_completed(s: Situation) -> Result:
    return KeepState(s.data, (*tell(wording.ALREADY_ENDED), Record(SessionClosed(why="ended"))))
