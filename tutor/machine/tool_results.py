"""awaiting_tool_result: what the tools found, their failures, and what happens to a learner who does not wait."""

from __future__ import annotations

import re

from tutor import course, events, leak_gate, selection, statem, wording
from tutor.checking import check
from tutor.effects import CancelCall, Disposition, Record, say
from tutor.expressions import ExpressionError
from tutor.interactions import AnswerChecked, AuthorNoted, RemediationStarted
from tutor.lens.refused import Refused
from tutor.lens.variant import VariantEdit
from tutor.machine import evidence, misconceptions
from tutor.machine.answering import asked, had_numbers, hint_given, show_solution
from tutor.machine.data import OpenQuestion, Remediation, TutoringData
from tutor.machine.situation import (
    DEADLINE_MS,
    OVERDUE,
    SAFETY_MS,
    WARN,
    WARN_MS,
    ClarifyResult,
    HintResult,
    Situation,
    again,
    cancel,
    change,
    clarify,
    returned,
    set_question,
    tell,
)
from tutor.machine.state import CALLING, State
from tutor.machine.table import Guard, Rows, Signal
from tutor.mastery import Evidence
from tutor.questions import UnknownQuestion
from tutor.statem import Action, KeepState, NextState, Postpone, Result

rows = Rows()
_WAITING = State.AWAITING_TOOL_RESULT

#: Attempts after which the solution (or a smaller step) is shown.
ATTEMPTS = 3
#: How often a right value in another form is sent back before it is taken.
FORM_ISSUES = 2
#: Failed calls in a row after which the session stops asking the learner to try again.
FAILURES = 3
#: Wrong answers to a sub-question before it is left.
SCAFFOLD_TRIES = 2
#: Off-topic messages in a row after which a pause is offered.
OFF_TOPIC = 3

_STOP = frozenset({"stop", "cancel", "abort", "never mind", "nevermind", "forget it", "stop it", "stop please"})


# --- a learner who does not wait ---------------------------------------------------------------------------------


def _means_stop(s: Situation) -> bool:
    return " ".join(re.findall(r"[a-z]+", s.content.text.lower())) in _STOP


def _on_busy(policy: events.OnBusy) -> Guard:
    return lambda s: bool(s.content.on_busy == policy)


@rows.row("26", _WAITING, events.UserMessage, to=CALLING, when=_means_stop)
@rows.row("26", _WAITING, events.CancelRequested, to=CALLING)
def stop(s: Situation) -> Result:
    state, data = returned(s.data)
    return NextState(state, data, (*cancel(s.data), *tell(wording.CANCELLED)))


@rows.row("S5", _WAITING, events.UserMessage, events.AnswerSubmitted, when=_on_busy("queue"))
def queue(_s: Situation) -> Result:
    return KeepState(actions=(Disposition("queued"), Postpone()))


@rows.row("S5", _WAITING, events.UserMessage, events.AnswerSubmitted, to=CALLING, when=_on_busy("interrupt"))
def interrupt(s: Situation) -> Result:
    state, data = returned(s.data)
    return NextState(state, data, (*cancel(s.data), again(s.content)))


@rows.row("S5", _WAITING, events.UserMessage, events.AnswerSubmitted)
def please_wait(s: Situation) -> Result:
    return KeepState(actions=(Disposition("busy"), *tell(wording.busy(s.pending.tool))))


# --- calls that end without a result -----------------------------------------------------------------------------


def _superseded(s: Situation) -> bool:
    return bool(s.content.ref != s.pending.ref)


def _nonsense(s: Situation) -> bool:
    return s.result is None


@rows.row("27", _WAITING, events.ToolSucceeded, events.ToolFailed, when=_superseded)
def ignore(_s: Situation) -> Result:
    return KeepState()


@rows.row("S4", _WAITING, events.ToolFailed, to=CALLING | {State.ERROR})
def tool_failed(s: Situation) -> Result:
    return _failed(s, s.content.reason, s.content.error)


@rows.row("S4", _WAITING, events.ToolSucceeded, to=CALLING | {State.ERROR}, when=_nonsense)
def tool_made_no_sense(s: Situation) -> Result:
    return _failed(s, "error", "the result has not the tool's form")


def _failed(s: Situation, reason: str, error: str) -> NextState:
    pending = s.pending
    state, data = returned(s.data)
    note = Record(AuthorNoted(about=pending.tool, note=wording.note_tool_failed(pending.tool, reason, error)))
    if pending.tool == "generate_variant":
        # The learner asked for nothing and misses nothing: the author's own question comes.
        return NextState(state, data, (note,))
    data = change(data, failures=data.failures + 1)
    if data.failures < FAILURES:
        honest = wording.tool_failed(pending.tool, timed_out=reason == "timeout")
        return NextState(state, data, (note, *tell(honest)))
    stuck = Record(AuthorNoted(about="session", note=wording.NOTE_STUCK))
    data = change(data, return_state=state, operator_told=True)
    return NextState(State.ERROR, data, (note, stuck, *tell(wording.STUCK)))


def _noted(note: str) -> Guard:
    return lambda s: bool(s.content.note == note)


@rows.row("A5", _WAITING, Signal.STATE_TIMEOUT, when=_noted(WARN))
def still_working(s: Situation) -> Result:
    overdue = statem.state_timeout(DEADLINE_MS - WARN_MS + SAFETY_MS, events.Tick(note=OVERDUE))
    return KeepState(actions=(*tell(wording.still_working(s.pending.tool)), overdue))


@rows.row("A5", _WAITING, Signal.STATE_TIMEOUT, to=CALLING | {State.ERROR}, when=_noted(OVERDUE))
def ending_lost(s: Situation) -> Result:
    failed = _failed(s, "timeout", "no ending arrived")
    return NextState(failed.state, failed.data, (CancelCall(s.pending.ref), *failed.actions))


# --- explanations ------------------------------------------------------------------------------------------------


def of_tool(name: str) -> Guard:
    return lambda s: s.pending.tool == name


@rows.row("S3", _WAITING, events.ToolSucceeded, to=CALLING, when=of_tool("clarify_concept"))
def show_explanation(s: Situation) -> Result:
    state, data = returned(change(s.data, failures=0))
    text = s.result.text if isinstance(s.result, ClarifyResult) else ""
    secret = data.question is not None and state in {State.AWAITING_ANSWER, State.REMEDIATING}
    if secret and leak_gate.withholds(text, s.instance, s.syllabus.known(s.data)):
        return NextState(state, data, tell(wording.WITHHELD))
    clarified = wording.clarified_in_exposition if state is State.EXPOSITION else wording.clarified_with_question_open
    # What was streamed is committed with more after it, never with other words.
    return NextState(state, data, (say(clarified(text), attempt=s.content.output_attempt),))


# --- variants, hints and second explanations ----------------------------------------------------------------------


def _variant_of(s: Situation) -> OpenQuestion | None:
    """The chosen question as the tool varied it; None where its own answer would not be right to the checker."""
    edit = s.result
    if not isinstance(edit, VariantEdit):
        return None
    question = change(s.question, variant=edit.operations)
    try:
        instance = s.syllabus.of(question)
    except (Refused, ExpressionError):
        return None
    return question if check(instance, instance.answer, typed=True).verdict == "correct" else None


@rows.row("23", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=of_tool("generate_variant"))
def present_variant(s: Situation) -> Result:
    question = _variant_of(s) or s.question
    had = had_numbers(s.syllabus, question, s.data.had[question.id][:-1])
    data = change(s.data, pending=None, failures=0, question=question, had={**s.data.had, question.id: had})
    return NextState(State.AWAITING_ANSWER, data, (Record(asked(s.syllabus, question)),))


@rows.row("23", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=of_tool("give_hint"))
def present_hint(s: Situation) -> Result:
    text = s.result.text if isinstance(s.result, HintResult) else ""
    if leak_gate.withholds(text, s.instance, s.syllabus.known(s.data)):
        text = wording.plain_hint(s.question.hint_level, s.instance.format.type)
    data, actions = hint_given(change(s.data, pending=None, failures=0), text)
    return NextState(State.AWAITING_ANSWER, data, actions)


# --- verdicts ----------------------------------------------------------------------------------------------------


def _about(s: Situation) -> str:
    """The question that was answered."""
    return s.remediation.question if s.pending.part.startswith("probe:") else s.question.id


def checked(s: Situation) -> Record:
    """The verdict as a fact; what is said about it goes beside it."""
    verdict = s.verdict
    return Record(
        AnswerChecked(
            question=_about(s),
            answer=s.pending.given,
            verdict=verdict.verdict,
            feedback=wording.badge(verdict.verdict),
            known_error=verdict.known_error,
            part=s.pending.part,
            intent=verdict.intent,
        )
    )


def settled(s: Situation) -> TutoringData:
    """The data after a call that worked."""
    return change(s.data, pending=None, failures=0, off_topic=0)


def _is(*verdicts: str) -> Guard:
    return lambda s: s.pending.tool == "check_answer" and s.verdict.verdict in verdicts


def on_part(part: str, *verdicts: str) -> Guard:
    """The verdict is about this part (``main`` or ``scaffold``) and one of these; none named: any."""

    def guard(s: Situation) -> bool:
        return (
            s.pending.tool == "check_answer"
            and s.pending.part.partition(":")[0] == part
            and (not verdicts or s.verdict.verdict in verdicts)
        )

    return guard


def both(one: Guard, other: Guard) -> Guard:
    return lambda s: one(s) and other(s)


def _intent(*intents: str) -> Guard:
    return both(_is("not_an_answer"), lambda s: (s.verdict.intent or "off_topic") in intents)


@rows.row("10", _WAITING, events.ToolSucceeded, to=CALLING, when=_intent("clarify"))
def clarification_wanted(s: Situation) -> Result:
    state = State(s.pending.return_state)
    call = clarify(
        Situation(s.syllabus, s.state, settled(s), s.event), s.pending.given, return_state=state, about_question=True
    )
    return NextState(call.state, call.data, (checked(s), *call.actions))


_REPLAYED: dict[str, type[events.EventContent]] = {
    "hint": events.HintRequested,
    "give_up": events.GiveUpRequested,
    "skip": events.SkipRequested,
    "dispute": events.DisputeRaised,
}
#: Which of them can be decided where a call returns to.
_REPLAYABLE: dict[State, frozenset[str]] = {
    State.AWAITING_ANSWER: frozenset(_REPLAYED),
    State.REMEDIATING: frozenset({"hint", "give_up", "skip"}),
}


def _replayable(s: Situation) -> bool:
    return _is("not_an_answer")(s) and s.verdict.intent in _REPLAYABLE.get(State(s.pending.return_state), frozenset())


@rows.row("22", _WAITING, events.ToolSucceeded, to=CALLING, when=_replayable)
def replay_intent(s: Situation) -> Result:
    wanted = _REPLAYED[s.verdict.intent or ""]
    return NextState(State(s.pending.return_state), settled(s), (checked(s), again(wanted())))


@rows.row("22", _WAITING, events.ToolSucceeded, to=CALLING, when=_intent("off_topic"))
def off_topic(s: Situation) -> Result:
    times = s.data.off_topic + 1
    data = change(settled(s), off_topic=times % OFF_TOPIC)
    text = wording.OFF_TOPIC if times < OFF_TOPIC else wording.OFF_TOPIC_AGAIN
    return NextState(State(s.pending.return_state), data, (checked(s), *tell(text)))


@rows.row("22", _WAITING, events.ToolSucceeded, to=CALLING, when=_is("not_an_answer"))
def question_still_open(s: Situation) -> Result:
    text = wording.still_open(s.verdict.intent or "", s.data.calls)
    return NextState(State(s.pending.return_state), settled(s), (checked(s), *tell(text)))


@rows.row("21", _WAITING, events.ToolSucceeded, to=CALLING, when=_is("malformed"))
def unreadable(s: Situation) -> Result:
    text = wording.malformed(s.verdict.feedback)
    return NextState(State(s.pending.return_state), settled(s), (checked(s), *tell(text)))


@rows.row("21", _WAITING, events.ToolSucceeded, to=CALLING, when=_is("undecided"))
def undecided(s: Situation) -> Result:
    note = Record(AuthorNoted(about=_about(s), note=wording.note_undecided(s.pending.given)))
    return NextState(State(s.pending.return_state), settled(s), (checked(s), note, *tell(wording.UNDECIDED)))


# --- the question itself -----------------------------------------------------------------------------------------


def _attempted(s: Situation, *, wrong: bool) -> OpenQuestion:
    """The question after a counted attempt."""
    given = s.pending.given
    return change(
        s.question,
        attempts=s.question.attempts + 1,
        last_answer=given,
        last_wrong=given if wrong else s.question.last_wrong,
        witnessed=True,
    )


def _form_patience_over(s: Situation) -> bool:
    return s.question.form_issues >= FORM_ISSUES


@rows.row(
    "15",
    _WAITING,
    events.ToolSucceeded,
    to=frozenset({State.TOPIC_COMPLETE, State.SETTING_QUESTION}),
    when=on_part("main", "correct"),
    may_show_answer=True,
)
@rows.row(
    "16",
    _WAITING,
    events.ToolSucceeded,
    to=frozenset({State.TOPIC_COMPLETE, State.SETTING_QUESTION}),
    when=both(on_part("main", "form_issue"), _form_patience_over),
    may_show_answer=True,
)
def correct(s: Situation) -> Result:
    question = s.question
    data, witnessed = evidence.witness(s, settled(s), question, evidence.of_correct(question))
    helped = question.hint_level > 0 or question.attempts > 0
    if s.verdict.verdict == "form_issue":
        text = wording.FORM_ACCEPTED
    else:
        last_step = s.instance.solution[-1] if s.instance.solution else ""
        text = wording.correct(s.verdict.feedback, last_step, question.number, helped=helped)
    actions: tuple[Action, ...] = (checked(s), *witnessed, *tell(text))
    if selection.is_finished(s.syllabus.topics[data.topic], s.syllabus.progress(data)):
        return NextState(State.TOPIC_COMPLETE, change(data, question=None), actions)
    return set_question(data, *actions)


@rows.row("16", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=on_part("main", "form_issue"))
def other_form(s: Situation) -> Result:
    question = change(s.question, form_issues=s.question.form_issues + 1, last_answer=s.pending.given)
    text = wording.form_issue(s.verdict.feedback)
    return NextState(State.AWAITING_ANSWER, change(settled(s), question=question), (checked(s), *tell(text)))


def known_error(s: Situation) -> course.KnownError | None:
    """The known error the verdict names, in the words of the open question."""
    try:
        return s.syllabus.known_error(s.verdict.known_error or "", s.question.id, s.question.seed, s.question.variant)
    except UnknownQuestion:
        return None


def _treatable(s: Situation) -> bool:
    """There is a probe for it, and it was not treated in this question before."""
    name = s.verdict.known_error
    return (
        name is not None
        and name not in s.question.remediated
        and s.syllabus.probe(name, s.question.id, s.question.seed, s.question.variant) is not None
    )


@rows.row(
    "17",
    _WAITING,
    events.ToolSucceeded,
    to=State.REMEDIATING,
    when=both(on_part("main", "known_error"), _treatable),
)
def known_error_found(s: Situation) -> Result:
    name = s.verdict.known_error or ""
    found = known_error(s)
    data, witnessed = evidence.witness(s, settled(s), s.question, Evidence.NOT_YET)
    question = _attempted(s, wrong=True)
    question = change(question, remediated=(*question.remediated, name))
    data = change(
        data,
        question=question,
        remediation=Remediation(
            known_error=name,
            question=question.id,
            seed=question.seed,
            variant=question.variant,
            back=State.AWAITING_ANSWER,
        ),
    )
    data = _sighted(s, data, name)
    started = Record(RemediationStarted(known_error=name, question=question.id))
    text = wording.known_error_met(s.verdict.feedback or (found.say if found else ""))
    return NextState(State.REMEDIATING, data, (checked(s), *witnessed, started, *tell(text)))


def _sighted(s: Situation, data: TutoringData, name: str) -> TutoringData:
    """The data after one more sighting of a known error; where treating it again would only tire, after a step down."""
    data = change(data, known_errors=misconceptions.seen(s, data, name))
    stubborn = data.known_errors[name].seen == misconceptions.STUBBORN
    return evidence.step_down(s, data, s.question.skill) if stubborn else data


def _attempts_left(s: Situation) -> bool:
    return s.question.attempts + 1 < ATTEMPTS


@rows.row("20", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=on_part("main", "partial"))
def partly_right(s: Situation) -> Result:
    data, witnessed = evidence.witness(s, settled(s), s.question, Evidence.NOT_YET)
    data = change(data, question=_attempted(s, wrong=False))
    text = wording.partial(s.verdict.feedback)
    return NextState(State.AWAITING_ANSWER, data, (checked(s), *witnessed, *tell(text)))


@rows.row(
    "18",
    _WAITING,
    events.ToolSucceeded,
    to=State.AWAITING_ANSWER,
    when=both(on_part("main", "wrong", "known_error"), _attempts_left),
)
def wrong(s: Situation) -> Result:
    data, actions = _wrong(s)
    if s.question.last_wrong and s.pending.given.split() == s.question.last_wrong.split():
        text = wording.same_wrong(s.pending.given, s.instance.format.type)
    else:
        found = known_error(s) if s.verdict.known_error else None
        feedback = s.verdict.feedback or (found.say if found else "")
        text = wording.wrong(feedback, s.question.attempts + 1, s.instance.format.type)
    return NextState(State.AWAITING_ANSWER, data, (*actions, *tell(text)))


def _wrong(s: Situation) -> tuple[TutoringData, tuple[Action, ...]]:
    """What every wrong answer to the question itself does."""
    name = s.verdict.known_error
    data, witnessed = evidence.witness(s, settled(s), s.question, Evidence.NOT_YET)
    data = change(data, question=_attempted(s, wrong=True))
    data = _sighted(s, data, name) if name else data
    note = AuthorNoted(about=s.question.id, note=wording.note_unexplained(s.pending.given))
    unexplained = () if name else (Record(note),)
    return data, (checked(s), *witnessed, *unexplained)


def _next_scaffold(s: Situation) -> int | None:
    """A sub-question of the ladder that was not given yet."""
    hints = s.instance.hints
    return next((i for i in range(s.question.hint_level, len(hints)) if isinstance(hints[i], course.Scaffold)), None)


@rows.row(
    "19",
    _WAITING,
    events.ToolSucceeded,
    to=frozenset({State.AWAITING_ANSWER, State.REVIEWING}),
    when=on_part("main", "wrong", "known_error"),
    may_show_answer=True,
)
def wrong_too_often(s: Situation) -> Result:
    data, actions = _wrong(s)
    scaffold = _next_scaffold(s)
    if scaffold is None:
        return show_solution(s, data, Evidence.NOT_YET, wording.wrong_thrice, actions)
    sub_question = s.syllabus.of(s.question, f"scaffold:{scaffold}")
    question = change(data.question or s.question, part=sub_question.part, hint_level=scaffold + 1, scaffold_tries=0)
    text = wording.smaller_step(sub_question.prompt)
    return NextState(State.AWAITING_ANSWER, change(data, question=question), (*actions, *tell(text)))


@rows.row(
    "19", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=on_part("scaffold", "correct", "form_issue")
)
def smaller_step_done(s: Situation) -> Result:
    question = change(s.question, part="main", scaffold_tries=0)
    text = wording.scaffold_right(question.number)
    return NextState(State.AWAITING_ANSWER, change(settled(s), question=question), (checked(s), *tell(text)))


@rows.row("19", _WAITING, events.ToolSucceeded, to=State.AWAITING_ANSWER, when=on_part("scaffold"))
def smaller_step_wrong(s: Situation) -> Result:
    tries = s.question.scaffold_tries + 1
    left = tries >= SCAFFOLD_TRIES
    part = "main" if left else s.question.part
    question = change(s.question, part=part, scaffold_tries=0 if left else tries)
    text = wording.SCAFFOLD_LEFT if left else wording.SCAFFOLD_WRONG
    return NextState(State.AWAITING_ANSWER, change(settled(s), question=question), (checked(s), *tell(text)))
