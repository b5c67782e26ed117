"""``TutoringMachine``: finds the row, lets it decide, keeps the promises that hold for all rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

import msgspec

from tutor import events, leak_gate, statem, wording
from tutor.checking.verdict import Verdict
from tutor.course import Course
from tutor.effects import Disposition, Record, Refuse, say
from tutor.interactions import AuthorNoted, OutputCommitted, QuestionAsked
from tutor.machine import (
    answering,
    contesting,
    exposition,
    files,
    lifecycle,
    remediation,
    reviewing,
    revision,
    safeguarding,
    standing,
    tool_results,
    warm_up,
)
from tutor.machine import data as tutoring_data
from tutor.machine.data import TutoringData
from tutor.machine.situation import Situation, change
from tutor.machine.state import ACTIVE, SECRET, State
from tutor.machine.syllabus import Syllabus
from tutor.machine.table import COMMANDS, NEWS, Row, Signal, Table, kind_of
from tutor.statem import Action, Event, EventType, KeepState, Result

#: Commands of the protocol as events; in the order in which a refusal lists them.
_COMMANDS: dict[str, events.EventContent] = {
    "answer.submit": events.AnswerSubmitted(question="", value=""),
    "message.send": events.UserMessage(text=""),
    "hint.request": events.HintRequested(),
    "question.skip": events.SkipRequested(),
    "question.give_up": events.GiveUpRequested(),
    "answer.dispute": events.DisputeRaised(),
    "continue": events.ContinueRequested(),
    "turn.cancel": events.CancelRequested(),
    "session.pause": events.PauseRequested(),
    "session.resume": events.ResumeRequested(),
    "session.review": events.ReviewRequested(),
    "session.close": events.EndRequested(),
}

#: What only a learner does: it ends a silence.
_LEARNERS = frozenset(COMMANDS) - {
    events.Start,
    events.RemediationForced,
    events.SafetyCleared,
    events.ResetRequested,
    events.Branched,
}

_MOVES = (
    events.Start,
    events.ToolSucceeded,
    events.ToolFailed,
    events.RemediationForced,
    events.SafetyCleared,
    events.ResetRequested,
    events.Branched,
)


class TutoringMachine:
    """The callback module of a tutoring session over one course. ``handle`` is a pure function of its arguments."""

    states: frozenset[str] = frozenset(str(state) for state in State)
    state_enter = True
    initial_state: str = str(State.CREATED)
    #: What it is told of things beside the conversation.
    hears: frozenset[type[events.EventContent]] = frozenset(NEWS)

    def __init__(self, course: Course, difficulty: Mapping[str, float] | None = None) -> None:
        """``difficulty``: how hard questions are by their answers so far (``tutor.elo``), where that is known."""
        self.course = course
        self.on_busy = course.course.on_busy
        #: Names of the observers that look at its sessions; None: all there are.
        self.observers = course.course.observers
        self.syllabus = Syllabus(course, difficulty)
        self.table = Table(
            chain(
                safeguarding.rows,
                files.rows,
                warm_up.rows,
                revision.rows,
                contesting.rows,
                exposition.rows,
                answering.rows,
                tool_results.rows,
                files.result_rows,
                remediation.rows,
                reviewing.rows,
                lifecycle.rows,
            ),
            refuse=self._refuse,
            ignore=_ignore,
        )

    # --- a session's beginning and its data ----------------------------------------------------------------------

    def initial(self, seed: int, context: Mapping[str, Any]) -> tuple[str, TutoringData]:
        """The first state and data. ``context`` is what the learner's session before it has handed on, or empty."""
        return self.initial_state, standing.begun(self.syllabus, seed, context)

    def handed_on(self, data: TutoringData) -> dict[str, Any]:
        """What the learner's next session of the course is begun with: the ``context`` of its ``initial``."""
        return standing.handed_on(data)

    def dump(self, data: TutoringData) -> dict[str, Any]:
        """The data as plain JSON values; ``load`` is the exact inverse."""
        return tutoring_data.dump(data)

    def load(self, plain: dict[str, Any]) -> TutoringData:
        """The data again. Raises ``msgspec.ValidationError`` where it is none."""
        return tutoring_data.load(plain)

    # --- deciding ------------------------------------------------------------------------------------------------

    def handle(self, event: Event, state: str, data: TutoringData) -> Result:
        """Decide (the callback of ``statem``)."""
        situation = Situation(self.syllabus, State(state), data, event)
        row = self.row_for(event, state, data)
        result = row.decide(situation)
        after = State(result.state) if isinstance(result, statem.NextState) else situation.state
        new = data if result.data is statem.KEEP else result.data
        if isinstance(result, statem.Stop):
            return result
        result = self._show_awaited_question(situation, result, after, new)
        result = _tell_of_fallback(situation, row, result, new)
        result = _tell_teacher(situation, row, result)
        result = self._gated(situation, row, result, after, new)
        if row.id not in {"A12", "27"} and not isinstance(result, statem.Stop):
            new = data if result.data is statem.KEEP else result.data
            result = files.told(situation, result, after, new)
        return _with_clocks(situation, row, result, after)

    def row_for(self, event: Event, state: str, data: TutoringData) -> Row:
        """The one row of the table that decides about this event."""
        return self.table.find(kind_of(event), Situation(self.syllabus, State(state), data, event))

    def arrows(self) -> frozenset[tuple[str, str, str]]:
        """Every possible change of state as ``(row id, source, target)``."""
        return self.table.arrows()

    def _show_awaited_question(
        self,
        s: Situation,
        result: statem.KeepState | statem.NextState | statem.RepeatState,
        after: State,
        new: TutoringData,
    ) -> Any:
        """A question whose variant was being made is shown when that is over, however it ended: the learner waits."""
        waited = s.data.pending is not None and s.data.pending.tool == "generate_variant"
        if not waited or new.pending is not None or new.question is None or after is State.REVIEWING:
            return result
        if new.safety_hold or any(
            isinstance(one, Record) and isinstance(one.interaction, QuestionAsked) for one in result.actions
        ):
            return result
        shown = Record(answering.asked(self.syllabus, new.question))
        return replace(result, actions=(*result.actions, shown))

    def _refuse(self, s: Situation) -> Result:
        allowed = self.allowed(s.state, s.data)
        return KeepState(actions=(Refuse(wording.not_possible(allowed), allowed),))

    def _gated(self, s: Situation, row: Row, result: Result, after: State, data: TutoringData) -> Result:
        """Nothing that is said gives the open question's answer away, except in rows that may show it."""
        if isinstance(result, statem.Stop) or row.may_show_answer or data.question is None or after not in SECRET:
            return result
        question = self.syllabus.of(data.question)
        if data.remediation is not None:
            # Numbers of the contrast, the remedy and the probe stand there for every learner: that one of them happens
            # to be this question's answer gives nothing away, and without its probe a treatment would be a dead end.
            shown = self.syllabus.treatment(data.remediation.known_error, data.remediation.question)
            question = msgspec.structs.replace(question, prompt=f"{question.prompt}\n{shown}")

        known = self.syllabus.known(s.data)

        def gate(action: Action) -> Action:
            match action:
                case Record(interaction=OutputCommitted(text=text)) if leak_gate.leaks(text, question, known):
                    return say(wording.WITHHELD)
            return action

        return replace(result, actions=tuple(gate(action) for action in result.actions))

    # --- what others may ask -------------------------------------------------------------------------------------

    def allowed(self, state: str, data: TutoringData) -> tuple[str, ...]:
        """The protocol's commands that have a row now."""
        return tuple(name for name, content in _COMMANDS.items() if self._has_row(content, state, data))

    def _has_row(self, content: events.EventContent, state: str, data: TutoringData) -> bool:
        if isinstance(content, events.AnswerSubmitted):
            open_now = data.remediation.question if data.remediation else data.question.id if data.question else ""
            content = change(content, question=open_now)
        return self.row_for(Event(EventType.CAST, content), state, data).id != "A12"

    def current_question(self, state: str, data: TutoringData) -> dict[str, Any] | None:
        """The open question as the fields of ``question.asked``; None where none is open."""
        if data.remediation is not None and data.remediation.presented:
            asked = answering.probed(self.syllabus, data)
        elif data.question is None or State(state) in {State.REVIEWING, State.COMPLETED}:
            return None
        elif data.pending is not None and data.pending.tool == "generate_variant":
            return None  # it is chosen, and not shown yet
        else:
            asked = answering.asked(self.syllabus, data.question)
        plain: dict[str, Any] = msgspec.to_builtins(asked)
        return plain

    def pedagogical_context(self, data: TutoringData) -> dict[str, Any]:
        """How the teaching goes: attempts, hints, mastery, known errors, and the course's manner of speaking."""
        question = data.question
        return {
            "attempts": question.attempts if question else 0,
            "hint_level": question.hint_level if question else 0,
            "mastery": {skill: record.p for skill, record in data.skills.items()},
            "known_errors": {
                name: {"seen": record.seen, "remediated": record.remediated, "relapsed": record.relapsed}
                for name, record in data.known_errors.items()
            },
            "remediating": data.remediation.known_error if data.remediation else None,
            "pedagogy": self.course.course.pedagogy,
        }

    def standing(self, data: TutoringData, now_ms: int) -> dict[str, Any]:
        """What is believed of the learner, with reasons and the dates of reviews (``tutor.machine.standing``)."""
        return standing.standing(self.syllabus, data, now_ms)

    def may_be_told(self, state: str, data: TutoringData) -> bool:
        """Whether somebody besides the tutor may say something to the learner now."""
        return not data.safety_hold and State(state) in ACTIVE

    def syllabus_context(self, data: TutoringData) -> dict[str, Any]:
        """Where in the course the session is."""
        shown = self.syllabus.chunks(data.topic)[: data.chunks] if data.topic else []
        return {
            "course": self.course.course.id,
            "topic": data.topic or None,
            "path": [
                {"topic": topic.id, "title": topic.title, "status": _status(topic.id, data)}
                for topic in self.course.topics
            ],
            "materials_shown": [material.id for material in shown],
        }


def _status(topic: str, data: TutoringData) -> str:
    if topic in data.finished:
        return data.finished[topic]
    return "current" if topic == data.topic else "ahead"


def _ignore(_s: Situation) -> Result:
    return KeepState()


def _tell_of_fallback(s: Situation, row: Row, result: Result, new: TutoringData) -> Result:
    """Row 24: where the offline tool answered for the model, say so once."""
    if not isinstance(s.content, events.ToolSucceeded) or not s.content.fallback or row.id == "27":
        return result
    if isinstance(result, statem.Stop) or new.told_fallback:
        return result
    return replace(result, data=change(new, told_fallback=True), actions=(say(wording.FALLBACK), *result.actions))


def _tell_teacher(s: Situation, row: Row, result: Any) -> Any:
    """What the checker has to say to the teacher about an answer goes beside its verdict."""
    if not isinstance(s.content, events.ToolSucceeded) or row.id == "27" or s.data.pending is None:
        return result
    verdict = s.result
    if not isinstance(verdict, Verdict) or not verdict.note:
        return result
    about = s.data.question.id if s.data.question is not None else s.data.topic
    return replace(result, actions=(Record(AuthorNoted(about=about, note=verdict.note)), *result.actions))


def _with_clocks(s: Situation, row: Row, result: Result, after: State) -> Result:
    """Whoever does something, or is answered, is not reminded for a while."""
    if isinstance(result, statem.Stop) or row.id in {"A12", "27"}:
        return result
    if any(isinstance(action, Disposition) and action.value != "noop" for action in result.actions):
        return result  # it was put off: nothing has happened yet
    kind = type(s.content)
    moved = s.event.type is not EventType.ENTER and (
        kind in _LEARNERS or kind in _MOVES or kind_of(s.event) is Signal.SET_QUESTION
    )
    paused = kind_of(s.event) is Signal.INACTIVITY
    if not (moved or paused):
        return result
    data = s.data if result.data is statem.KEEP else result.data
    if kind in _LEARNERS and data.nudges:
        result = replace(result, data=change(data, nudges=0))
    return replace(result, actions=(*result.actions, *lifecycle.clocks(after)))
