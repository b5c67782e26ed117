"""What a row decides on, and the few moves that many rows share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from tutor import events, file_text, selection, statem
from tutor.checking.verdict import Verdict
from tutor.course import Topic
from tutor.effects import CallTool, CancelCall, say
from tutor.lens.variant import Variant, VariantEdit
from tutor.machine.data import OpenQuestion, Pending, Remediation, TutoringData
from tutor.machine.state import State
from tutor.machine.syllabus import Syllabus
from tutor.questions import QuestionInstance
from tutor.selection import Exhausted, Selection
from tutor.statem import Action, EventType, NextEvent, NextState

#: All attempts of a call and its fallback together.
DEADLINE_MS = 45_000
#: When a running call is mentioned once.
WARN_MS = 15_000
#: A call ends by itself at its deadline; this is for the case that even its ending is lost.
SAFETY_MS = 15_000

#: Contents of the state time-out while a call runs.
WARN = "warn"
OVERDUE = "overdue"

change = msgspec.structs.replace


class ClarifyResult(msgspec.Struct, frozen=True):
    """What ``clarify_concept`` returns."""

    text: str


class HintResult(msgspec.Struct, frozen=True):
    """What ``give_hint`` returns."""

    text: str


class RemedyResult(msgspec.Struct, frozen=True):
    """What ``remediate`` returns: a second explanation (Markdown)."""

    text: str


class ExplanationResult(msgspec.Struct, frozen=True):
    """What ``check_explanation`` returns: key terms of the solution the learner named, and those missing."""

    covered: list[str]
    missing: list[str]


class ReadResult(msgspec.Struct, frozen=True):
    """What ``read_file`` returns: sections of a learner's file, each as a ``file_text.FilePart``."""

    parts: list[dict[str, Any]] = []


ToolResult = Verdict | ClarifyResult | ExplanationResult | HintResult | RemedyResult | VariantEdit | ReadResult
RESULTS: dict[str, type[ToolResult]] = {
    "check_answer": Verdict,
    "clarify_concept": ClarifyResult,
    "check_explanation": ExplanationResult,
    "give_hint": HintResult,
    "remediate": RemedyResult,
    "generate_variant": VariantEdit,
    "read_file": ReadResult,
}


@dataclass(frozen=True)
class Situation:
    """An event, the state and data it meets, and the course."""

    syllabus: Syllabus
    state: State
    data: TutoringData
    event: statem.Event

    @property
    def content(self) -> Any:
        """The event's content; rows are registered per type, so each knows its own."""
        return self.event.content

    @property
    def now_ms(self) -> int:
        """When this is decided, in milliseconds since 1970: as the event says."""
        return self.event.now_ms

    @property
    def question(self) -> OpenQuestion:
        """The open question, in states that have one."""
        question = self.data.question
        if question is None:
            raise LookupError(f"no question is open in {self.state}")
        return question

    @property
    def instance(self) -> QuestionInstance:
        """The open question as the learner sees it."""
        return self.syllabus.of(self.question)

    @property
    def remediation(self) -> Remediation:
        """The known error under treatment, in the state that has one."""
        remediation = self.data.remediation
        if remediation is None:
            raise LookupError(f"no known error is under treatment in {self.state}")
        return remediation

    @property
    def pending(self) -> Pending:
        """The running call, in the state that has one."""
        pending = self.data.pending
        if pending is None:
            raise LookupError(f"no call is running in {self.state}")
        return pending

    @cached_property
    def selection(self) -> Selection | Exhausted:
        """The next question of the topic, or that there is none."""
        (topic, *earlier), progress = self.open_topics(self.data), self.syllabus.progress(self.data, self.now_ms)
        if selection.is_finished(topic, progress) and not progress.wanted:
            return Exhausted(unmastered=())
        return selection.choose(topic, earlier, self.syllabus.skills, progress)

    def open_topics(self, data: TutoringData) -> list[Topic]:
        """The topic, and those that were finished before: where questions may come from."""
        return [self.syllabus.topics[one] for one in dict.fromkeys((data.topic, *data.finished))]

    @cached_property
    def result(self) -> ToolResult | None:
        """What the tool returned, typed; None if it has not the form its tool promises."""
        try:
            return msgspec.convert(self.content.result, RESULTS[self.pending.tool])
        except (msgspec.ValidationError, KeyError):
            return None

    @property
    def verdict(self) -> Verdict:
        """The verdict that has just come."""
        if not isinstance(self.result, Verdict):
            raise LookupError("the result is not a verdict")
        return self.result


def dispatch(
    s: Situation,
    tool: str,
    args: dict[str, Any],
    *,
    return_state: State,
    part: str = "main",
    given: str = "",
    actions: tuple[Action, ...] = (),
) -> NextState:
    """``→T(tool)`` of the table: call the tool, remember where to return, wait."""
    ref = f"c{s.data.calls + 1}"
    pending = Pending(ref=ref, tool=tool, return_state=return_state, part=part, given=given)
    data = change(s.data, calls=s.data.calls + 1, pending=pending)
    call = CallTool(ref, tool, args, deadline_ms=DEADLINE_MS)
    return NextState(
        State.AWAITING_TOOL_RESULT,
        data,
        (*actions, call, statem.state_timeout(WARN_MS, events.Tick(note=WARN))),
    )


def clarify(s: Situation, text: str, *, return_state: State, about_question: bool) -> NextState:
    """``→T(clarify_concept)``."""
    question = s.data.question if about_question else None
    args: dict[str, Any] = {
        # An interleaved question is about an earlier topic, and so is what is unclear about it.
        "topic": s.syllabus.topic_of(question.id).id if question else s.data.topic,
        "text": text,
        **(asked_as(question) if question else {"question": None, "seed": s.data.seed}),
    }
    args["shown"] = [material.id for material in s.syllabus.shown(args["topic"], s.data)]
    args |= _files(s.data, text)
    return dispatch(s, "clarify_concept", args, return_state=return_state, given=text)


def _files(data: TutoringData, text: str) -> dict[str, Any]:
    """The learner's files that an explanation may use: one that was declined only where the learner speaks of it."""
    readable = data.readable_files()
    meant = file_text.means_file(text, [one.name for one in readable.values()])
    used = [file for file, one in readable.items() if meant or one.status != "left"]
    if not used:
        return {}
    wanted = any(readable[file].status == "wanted" for file in used)
    return {"files": used, "files_first": True} if wanted else {"files": used}


def check(s: Situation, given: str | list[str], *, typed: bool, part: str, return_state: State) -> NextState:
    """``→T(check_answer)`` on the open question, its sub-question or the probe."""
    probing = part.startswith("probe:")
    args = {**asked_as(s.remediation if probing else s.question), "part": part, "given": given, "typed": typed}
    return dispatch(s, "check_answer", args, return_state=return_state, part=part, given=as_text(given))


def asked_as(question: OpenQuestion | Remediation) -> dict[str, Any]:
    """The arguments by which a tool finds the question as this learner sees it."""
    name = question.id if isinstance(question, OpenQuestion) else question.question
    variant: Variant = question.variant
    varied = {"variant": list(msgspec.to_builtins(variant))} if variant else {}
    return {"question": name, "seed": question.seed, **varied}


def as_text(given: str | list[str]) -> str:
    """An answer as one line."""
    return given if isinstance(given, str) else ", ".join(given)


def returned(data: TutoringData) -> tuple[State, TutoringData]:
    """Where the running call was made from, and the data without it."""
    state = State(data.pending.return_state) if data.pending else State.SETTING_QUESTION
    return state, change(data, pending=None)


def cancel(data: TutoringData) -> tuple[Action, ...]:
    """Drop the running call, if one is running; its late result will be ignored by its ref."""
    return (CancelCall(data.pending.ref),) if data.pending else ()


def set_question(data: TutoringData, *actions: Action) -> NextState:
    """Go and choose the next question: an event of its own, as an enter call may not change the state."""
    cleared = change(data, question=None, remediation=None, pending=None)
    inserted = NextEvent(EventType.INTERNAL, events.Tick(note="set_question"))
    return NextState(State.SETTING_QUESTION, cleared, (*actions, inserted))


def again(content: events.EventContent) -> NextEvent:
    """Let a command be decided anew, in the state that follows."""
    return NextEvent(EventType.CAST, content)


def tell(*texts: str) -> tuple[Action, ...]:
    """Say each text that is not empty, as a message of its own."""
    return tuple(say(text) for text in texts if text)
