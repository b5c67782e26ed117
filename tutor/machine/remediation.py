"""remediating_known_error: contrast, probe, a second explanation; and a teacher who asks for it (A1)."""

from __future__ import annotations

from tutor import events, leak_gate, wording
from tutor.effects import Record
from tutor.interactions import RemediationFinished, RemediationStarted
from tutor.lens import plan
from tutor.lens.variant import PLAIN, Variant
from tutor.machine import misconceptions
from tutor.machine.answering import asked, probed, show_solution
from tutor.machine.data import Remediation, TutoringData
from tutor.machine.situation import RemedyResult, Situation, asked_as, change, check, dispatch, set_question, tell
from tutor.machine.state import ACTIVE, State
from tutor.machine.table import Rows, Signal
from tutor.machine.tool_results import both, checked, of_tool, on_part, settled
from tutor.mastery import Evidence
from tutor.questions import QuestionInstance
from tutor.statem import Action, KeepState, NextState, Postpone, RepeatState, Result

rows = Rows()

#: Where a treatment may go back to when it is over.
_BACK = frozenset({State.AWAITING_ANSWER, State.SETTING_QUESTION, State.EXPOSITION, State.TOPIC_COMPLETE})


def _probe(s: Situation) -> QuestionInstance:
    """The question that exposes the error. Rows come here only where there is one."""
    r = s.remediation
    probe = s.syllabus.probe_of(r)
    if probe is None:
        raise LookupError(f"known error {r.known_error!r} has no probe")
    return probe


@rows.row("28", State.REMEDIATING, Signal.ENTER)
def show_contrast(s: Situation) -> Result:
    r = s.remediation
    if r.presented:
        return KeepState()
    known = s.syllabus.treated(r)
    data = change(s.data, remediation=change(r, presented=True))
    return KeepState(data, (*tell(known.contrast), Record(probed(s.syllabus, data))))


@rows.row("28", State.REMEDIATING, events.HintRequested)
def explain_again(s: Situation) -> Result:
    r = s.remediation
    known = s.syllabus.treated(r)
    return KeepState(s.data, tell(wording.remedy_hint(known.remedy, _probe(s).prompt)))


def _of_this_question(s: Situation) -> bool:
    return bool(s.content.question == s.remediation.question)


@rows.row("29", State.REMEDIATING, events.UserMessage, to=State.AWAITING_TOOL_RESULT)
def check_probe(s: Situation) -> Result:
    part = f"probe:{s.remediation.known_error}"
    return check(s, s.content.text, typed=False, part=part, return_state=State.REMEDIATING)


@rows.row("29", State.REMEDIATING, events.AnswerSubmitted, to=State.AWAITING_TOOL_RESULT, when=_of_this_question)
def check_submitted_probe(s: Situation) -> Result:
    part = f"probe:{s.remediation.known_error}"
    return check(s, s.content.value, typed=True, part=part, return_state=State.REMEDIATING)


@rows.row(
    "30",
    State.AWAITING_TOOL_RESULT,
    events.ToolSucceeded,
    to=_BACK,
    when=on_part("probe", "correct", "form_issue"),
)
def probe_right(s: Situation) -> Result:
    data = change(settled(s), known_errors=misconceptions.treated(s.data, s.remediation.known_error))
    open_again = s.remediation.back == State.AWAITING_ANSWER
    text = wording.PROBE_RIGHT if open_again else wording.PROBE_RIGHT_ALONE
    return _back(s, data, "passed", (checked(s),), tell(text))


def _first_try(s: Situation) -> bool:
    return s.remediation.tries == 0


def _question_open(s: Situation) -> bool:
    return s.data.question is not None and s.remediation.back == State.AWAITING_ANSWER


@rows.row(
    "31",
    State.AWAITING_TOOL_RESULT,
    events.ToolSucceeded,
    to=State.AWAITING_TOOL_RESULT,
    when=both(on_part("probe"), _first_try),
)
def probe_wrong(s: Situation) -> Result:
    """The second explanation, with another representation: ``→T(remediate)``."""
    r = s.remediation
    data = change(settled(s), remediation=change(r, tries=r.tries + 1))
    args = {**asked_as(r), "known_error": r.known_error, "given": s.pending.given}
    situation = Situation(s.syllabus, s.state, data, s.event)
    # Within the state of waiting: the time-out of the new call replaces the old one.
    return dispatch(situation, "remediate", args, return_state=State.REMEDIATING, actions=(checked(s),))


@rows.row("23", State.AWAITING_TOOL_RESULT, events.ToolSucceeded, to=State.REMEDIATING, when=of_tool("remediate"))
def explain_in_another_way(s: Situation) -> Result:
    known, probe = s.syllabus.treated(s.remediation), _probe(s)
    text = s.result.text if isinstance(s.result, RemedyResult) else ""
    if text != plan.rendered(plan.of_remedy(known.remedy)) and leak_gate.withholds(text, probe):
        text = plan.rendered(plan.of_remedy(known.remedy))
    said = wording.probe_wrong(text, probe.prompt)
    return NextState(State.REMEDIATING, change(s.data, pending=None, failures=0), tell(said))


@rows.row(
    "31",
    State.AWAITING_TOOL_RESULT,
    events.ToolSucceeded,
    to=State.REVIEWING,
    when=both(on_part("probe"), _question_open),
    may_show_answer=True,
)
def probe_wrong_again(s: Situation) -> Result:
    actions = (checked(s), _finished(s, "not_yet"))
    return show_solution(s, settled(s), Evidence.NOT_YET, wording.probe_failed, actions)


@rows.row("31", State.AWAITING_TOOL_RESULT, events.ToolSucceeded, to=_BACK, when=on_part("probe"))
def lone_probe_wrong_again(s: Situation) -> Result:
    r = s.remediation
    known = s.syllabus.treated(r)
    text = " ".join(known.remedy) or known.contrast
    return _back(s, settled(s), "not_yet", (checked(s),), tell(text))


@rows.row(
    "32",
    State.REMEDIATING,
    events.SkipRequested,
    events.GiveUpRequested,
    to=State.REVIEWING,
    when=_question_open,
    may_show_answer=True,
)
def leave_with_solution(s: Situation) -> Result:
    return show_solution(s, s.data, Evidence.GIVEN_UP, wording.given_up, (_finished(s, "given_up"),))


@rows.row("32", State.REMEDIATING, events.SkipRequested, events.GiveUpRequested, to=_BACK)
def leave(s: Situation) -> Result:
    return _back(s, s.data, "given_up", (), tell(wording.REMEDIATION_LEFT))


def _finished(s: Situation, outcome: str) -> Record:
    return Record(RemediationFinished(known_error=s.remediation.known_error, outcome=outcome))


def _back(
    s: Situation, data: TutoringData, outcome: str, facts: tuple[Action, ...], words: tuple[Action, ...]
) -> NextState:
    """The end of a treatment: to where it came from."""
    actions = (*facts, _finished(s, outcome), *words)
    back = State(s.remediation.back)
    if back is State.SETTING_QUESTION:
        return set_question(data, *actions)
    if back is State.AWAITING_ANSWER and data.question is not None:
        # The probe stood in its place: what is answered now is the question again, with its own options.
        actions = (*actions, Record(asked(s.syllabus, data.question)))
    return NextState(back, change(data, remediation=None), actions)


# --- a teacher asks for it ---------------------------------------------------------------------------------------

#: Where the treatment waits for the next state: moments that pass by themselves, and absences.
_PASSING = frozenset({State.CREATED, State.SETTING_QUESTION, State.AWAITING_TOOL_RESULT, State.PAUSED, State.ERROR})


def _treatable(s: Situation) -> bool:
    question = _numbers_of(s)
    return question is not None and s.syllabus.probe(s.content.known_error, *question) is not None


def _numbers_of(s: Situation) -> tuple[str, int, Variant] | None:
    """The question (id, seed, variant) in whose numbers the treatment speaks: the open one, if there is one."""
    if s.data.question is not None:
        return s.data.question.id, s.data.question.seed, s.data.question.variant
    question = s.syllabus.question_for(s.content.known_error, s.data.topic)
    return (question, s.data.seed, PLAIN) if question is not None else None


@rows.row("A1", _PASSING, events.RemediationForced, when=_treatable)
def treat_later(_s: Situation) -> Result:
    return KeepState(actions=(Postpone(),))


@rows.row("A1", ACTIVE - _PASSING, events.RemediationForced, to=State.REMEDIATING, when=_treatable)
def treat(s: Situation) -> Result:
    question, seed, variant = _numbers_of(s) or ("", 0, PLAIN)
    name = s.content.known_error
    match s.state:
        case State.REVIEWING:
            back = State.SETTING_QUESTION
        case State.REMEDIATING:
            back = State(s.remediation.back)
        case _:
            back = s.state
    data = change(
        s.data,
        question=None if back is State.SETTING_QUESTION else s.data.question,
        remediation=Remediation(
            known_error=name, question=question, seed=seed, variant=variant, by=s.content.actor, back=back
        ),
    )
    known = s.syllabus.known_error(name, question, seed, variant)
    started = Record(RemediationStarted(known_error=name, question=question, by=s.content.actor))
    actions = (started, *tell(wording.forced_remediation(known.name)))
    if s.state is State.REMEDIATING:
        return RepeatState(data, (_finished(s, "replaced"), *actions))
    return NextState(State.REMEDIATING, data, actions)
