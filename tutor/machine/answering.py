"""setting_question and awaiting_answer: choose, ask, hint, put off, give up, dispute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from tutor import course, events, statem, wording
from tutor.effects import Disposition, Record
from tutor.interactions import AuthorNoted, HintGiven, HintRefused, QuestionAsked
from tutor.lens.verification import numbers_of
from tutor.machine import evidence
from tutor.machine.data import OpenQuestion, TutoringData
from tutor.machine.situation import Situation, asked_as, change, check, dispatch, set_question, tell
from tutor.machine.state import EVERY, State
from tutor.machine.syllabus import Syllabus
from tutor.machine.table import Rows, Signal
from tutor.mastery import Evidence
from tutor.questions import QuestionInstance
from tutor.selection import Exhausted, Selection
from tutor.statem import Action, KeepState, NextState, Postpone, Result

rows = Rows()

#: A hint is left alone for so long before the next one is given.
HINT_REST_MS = 8_000
#: Hints to a question whose author wrote none.
FOUND_HINTS = 2
#: How often a skill's questions may be put off; after that, putting off is giving up.
SKIPS_PER_SKILL = 2


# --- setting_question --------------------------------------------------------------------------------------------


def seed_of(data: TutoringData, question: str) -> int:
    """The seed of the next question: from the session's own, so that the same log always asks the same."""
    digest = hashlib.sha256(f"{data.seed}:{question}:{data.number + 1}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1


def asked(syllabus: Syllabus, question: OpenQuestion) -> QuestionAsked:
    """The fact that shows the question to the learner."""
    instance = syllabus.of(question)
    return QuestionAsked(
        question=question.id,
        prompt=instance.prompt,
        format=instance.learner_format(),
        skill=question.skill,
        number=question.number,
        choices=instance.choices,
        why=question.why,
        # The numbers of a variant are not those of its seed.
        seed=None if question.variant else question.seed,
    )


def had_numbers(
    syllabus: Syllabus, question: OpenQuestion, before: tuple[tuple[int, ...], ...]
) -> tuple[tuple[int, ...], ...]:
    """The numbers of a template that the learner has had once this question is shown."""
    author = syllabus.questions[question.id]
    return (*before, numbers_of(author, question.seed, question.variant)) if author.params else ()


def probed(syllabus: Syllabus, data: TutoringData) -> QuestionAsked:
    """The fact that shows the probe of the known error under treatment: an option of it is chosen like any other."""
    treated = data.remediation
    probe = syllabus.probe_of(treated) if treated else None
    if treated is None or probe is None:
        raise LookupError("no known error with a probe is under treatment")
    return QuestionAsked(
        question=treated.question,
        prompt=probe.prompt,
        format=probe.learner_format(),
        skill=probe.skills[0],
        number=data.number,
        choices=probe.choices,
        seed=treated.seed,
        part=probe.part,
    )


def _question_left(s: Situation) -> bool:
    return isinstance(s.selection, Selection)


def _template_again(s: Situation) -> bool:
    """A template that this learner was asked before: now it should be another one of its kind."""
    chosen = s.selection
    return isinstance(chosen, Selection) and bool(s.data.had.get(chosen.question))


@rows.row(
    "5",
    State.SETTING_QUESTION,
    Signal.SET_QUESTION,
    events.ContinueRequested,
    to=State.AWAITING_TOOL_RESULT,
    when=_template_again,
)
def vary(s: Situation) -> Result:
    data = _chosen(s)
    question = data.question or s.question
    args = {**asked_as(question), "had": [list(numbers) for numbers in s.data.had[question.id]]}
    return dispatch(
        Situation(s.syllabus, s.state, data, s.event), "generate_variant", args, return_state=State.AWAITING_ANSWER
    )


@rows.row(
    "5",
    State.SETTING_QUESTION,
    Signal.SET_QUESTION,
    events.ContinueRequested,
    to=State.AWAITING_ANSWER,
    when=_question_left,
)
def ask(s: Situation) -> Result:
    data = _chosen(s)
    return NextState(State.AWAITING_ANSWER, data, (Record(asked(s.syllabus, data.question or s.question)),))


def _chosen(s: Situation) -> TutoringData:
    """The data with the next question open, not shown yet."""
    chosen = msgspec.convert(s.selection, Selection, from_attributes=True)
    data = s.data
    skill = s.syllabus.skills[chosen.skill]
    question = OpenQuestion(
        id=chosen.question,
        seed=seed_of(data, chosen.question),
        skill=chosen.skill,
        number=data.number + 1,
        why=wording.why_put_off(skill.name) if chosen.question in data.put_off else chosen.why,
    )
    return change(
        data,
        question=question,
        last_question=question.id,
        number=question.number,
        asked={**data.asked, question.id: data.asked.get(question.id, 0) + 1},
        had=_with_had(data, question.id, had_numbers(s.syllabus, question, data.had.get(question.id, ()))),
        put_off=tuple(q for q in data.put_off if q != question.id),
        retests=tuple(r for r in data.retests if not (chosen.retest and r.skill == chosen.skill)),
        reviews=data.reviews + chosen.review,
        revision=None if data.revision is None else tuple(skill for skill in data.revision if skill != chosen.skill),
        revised=data.revised if data.revision is None else tuple(dict.fromkeys((*data.revised, chosen.skill))),
        probing=False,
        warm_up=False,
        wanted="",
        hint_resting=False,
    )


@rows.row("6", State.SETTING_QUESTION, Signal.SET_QUESTION, events.ContinueRequested, to=State.TOPIC_COMPLETE)
def nothing_left(s: Situation) -> Result:
    gaps = s.selection.unmastered if isinstance(s.selection, Exhausted) else ()
    note = (Record(AuthorNoted(about=s.data.topic, note=wording.note_gap(gaps))),) if gaps else ()
    return NextState(State.TOPIC_COMPLETE, s.data, note)


@rows.row("7", State.SETTING_QUESTION, events.UserMessage)
def wait_for_question(_s: Situation) -> Result:
    return KeepState(actions=(Disposition("queued"), Postpone()))


def _with_had(
    data: TutoringData, question: str, numbers: tuple[tuple[int, ...], ...]
) -> dict[str, tuple[tuple[int, ...], ...]]:
    return {**data.had, question: numbers} if numbers else data.had


# --- awaiting_answer ---------------------------------------------------------------------------------------------


def _of_open_question(s: Situation) -> bool:
    return bool(s.content.question == s.question.id)


@rows.row("S2", State.AWAITING_ANSWER, events.UserMessage, to=State.AWAITING_TOOL_RESULT)
def check_message(s: Situation) -> Result:
    return check(s, s.content.text, typed=False, part=s.question.part, return_state=State.AWAITING_ANSWER)


@rows.row("S2", State.AWAITING_ANSWER, events.AnswerSubmitted, to=State.AWAITING_TOOL_RESULT, when=_of_open_question)
def check_submitted(s: Situation) -> Result:
    # The question's own control shows the question, not a sub-question that stands in for it.
    part = "main" if s.instance.choices else s.question.part
    return check(s, s.content.value, typed=True, part=part, return_state=State.AWAITING_ANSWER)


def _hint_rests(s: Situation) -> bool:
    return s.data.hint_resting


def _hint_left(s: Situation) -> bool:
    return s.question.hint_level < len(s.instance.hints)


def _hint_can_be_found(s: Situation) -> bool:
    """Its author wrote none: a few are found in the material, or worded."""
    return not s.instance.hints and s.question.hint_level < FOUND_HINTS


@rows.row("8", State.AWAITING_ANSWER, events.HintRequested, when=_hint_rests)
def hint_too_soon(s: Situation) -> Result:
    refused = Record(HintRefused(question=s.question.id, level=s.question.hint_level))
    return KeepState(s.data, (Disposition("noop"), refused, *tell(wording.hint_too_soon(s.question.hint_level))))


@rows.row("8", State.AWAITING_ANSWER, events.HintRequested, when=_hint_left)
def give_hint(s: Situation) -> Result:
    level = s.question.hint_level
    text, part = _hint(s.instance, level)
    data, actions = hint_given(change(s.data, question=change(s.question, part=part, scaffold_tries=0)), text)
    return KeepState(data, actions)


def hint_given(data: TutoringData, text: str) -> tuple[TutoringData, tuple[Action, ...]]:
    """The data after another hint to the open question, and what gives it."""
    if data.question is None:
        raise LookupError("no question is open")
    question = change(data.question, hint_level=data.question.hint_level + 1)
    given = HintGiven(question=question.id, level=question.hint_level, text=text)
    rest = statem.named_timeout(Signal.HINT_REST, HINT_REST_MS, events.Tick())
    return change(data, question=question, hint_resting=True), (Record(given), rest)


@rows.row("8", State.AWAITING_ANSWER, events.HintRequested, to=State.AWAITING_TOOL_RESULT, when=_hint_can_be_found)
def find_hint(s: Situation) -> Result:
    args = {
        **asked_as(s.question),
        "level": s.question.hint_level,
        "shown": [material.id for material in s.syllabus.shown(s.syllabus.topic_of(s.question.id).id, s.data)],
    }
    return dispatch(s, "give_hint", args, return_state=State.AWAITING_ANSWER)


def _hint(instance: QuestionInstance, level: int) -> tuple[str, str]:
    """The hint's text, and the part of the question that is open after it."""
    hint = instance.hints[level]
    if isinstance(hint, course.Scaffold):
        return wording.smaller_step(hint.ask), f"scaffold:{level}"
    return hint, "main"


@rows.row("8", EVERY, Signal.HINT_REST)
def hint_rested(s: Situation) -> Result:
    return KeepState(change(s.data, hint_resting=False))


@rows.row("9", State.AWAITING_ANSWER, events.HintRequested, to=State.REVIEWING, may_show_answer=True)
def bottom_out(s: Situation) -> Result:
    text = wording.bottom_out(s.instance.solution, answer_text(s.instance))
    question = change(s.question, hint_level=s.question.hint_level + 1)
    given = HintGiven(question=question.id, level=question.hint_level, text=text, bottom_out=True)
    return review(s, change(s.data, question=question), Evidence.GIVEN_UP, (Record(given),))


def _hint_unseen(s: Situation) -> bool:
    return s.question.hint_level == 0 and not s.question.hint_offered


@rows.row("11", State.AWAITING_ANSWER, events.GiveUpRequested, when=_hint_unseen)
def offer_hint(s: Situation) -> Result:
    question = change(s.question, hint_offered=True)
    return KeepState(change(s.data, question=question), tell(wording.offer_hint(question.number)))


@rows.row("12", State.AWAITING_ANSWER, events.GiveUpRequested, to=State.REVIEWING, may_show_answer=True)
def give_up(s: Situation) -> Result:
    return show_solution(s, s.data, Evidence.GIVEN_UP, wording.given_up)


def _may_put_off(s: Situation) -> bool:
    return s.data.skills[s.question.skill].skips < SKIPS_PER_SKILL


@rows.row("13", State.AWAITING_ANSWER, events.SkipRequested, to=State.SETTING_QUESTION, when=_may_put_off)
def put_off(s: Situation) -> Result:
    question, data = s.question, s.data
    record = data.skills[question.skill]
    data = change(
        data,
        put_off=(*data.put_off, question.id),
        asked={**data.asked, question.id: data.asked[question.id] - 1},
        skills={**data.skills, question.skill: change(record, skips=record.skips + 1)},
    )
    return set_question(data, *tell(wording.put_off(question.number)))


@rows.row("12", State.AWAITING_ANSWER, events.SkipRequested, to=State.REVIEWING, may_show_answer=True)
def put_off_too_often(s: Situation) -> Result:
    return give_up(s)


@rows.row("14", State.AWAITING_ANSWER, events.DisputeRaised)
def hear_dispute(s: Situation) -> Result:
    answer = s.question.last_answer
    if not answer:
        return KeepState(s.data, tell(wording.DISPUTED_WITHOUT_ANSWER))
    note = Record(AuthorNoted(about=s.question.id, note=wording.note_dispute(answer)))
    return KeepState(s.data, (note, *tell(wording.DISPUTED)))


# --- the way into reviewing_solution -----------------------------------------------------------------------------


def answer_text(instance: QuestionInstance) -> str:
    """The right answer as a learner would say it: of a choice, its text."""
    if not instance.choices:
        return instance.answer
    right = {one.strip() for one in instance.answer.split(",")}
    return wording.joined([choice["text"] for choice in instance.choices if choice["id"] in right])


def _why(s: Situation, question: OpenQuestion, *, retest: bool) -> str:
    return wording.ask_why(question.number, s.syllabus.of(question).format.type, retest=retest)


def show_solution(
    s: Situation,
    data: TutoringData,
    shown: Evidence,
    words: Callable[[int, Sequence[str], str], str],
    actions: tuple[Action, ...] = (),
) -> NextState:
    """Say the worked solution and go to reviewing_solution. Only rows that may show the answer come here."""
    text = words(s.question.number, s.instance.solution, answer_text(s.instance))
    return review(s, data, shown, (*actions, *tell(text)))


def review(s: Situation, data: TutoringData, shown: Evidence, actions: tuple[Action, ...]) -> NextState:
    """Count the question as not known yet, owe a re-test, ask why the solution works."""
    question = data.question or s.question
    data, witnessed = evidence.witness(s, data, question, shown)
    data = evidence.owe_retest(data, question)
    owed = any(retest.skill == question.skill for retest in data.retests)
    closed = change(question, witnessed=True, part="main")
    data = change(data, question=closed, remediation=None, pending=None)
    return NextState(State.REVIEWING, data, (*actions, *witnessed, *tell(_why(s, closed, retest=owed))))
