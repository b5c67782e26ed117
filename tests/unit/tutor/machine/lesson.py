"""A session in memory: the machine on the engine, with tools that are played by hand or by the real checker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.unit.tutor.machine.small_course import small_course
from tutor import events, interactions, statem
from tutor.course import Course
from tutor.effects import CallTool, CancelCall, Disposition, Record, Refuse
from tutor.evals.lessons import tools
from tutor.machine import TutoringMachine
from tutor.machine.data import TutoringData
from tutor.statem import Event, EventType, Outcome, Snapshot

MACHINE = TutoringMachine(small_course())


def run_tool(course: Course, call: CallTool) -> dict[str, Any]:
    """What the real tools return, offline."""
    if call.tool == "read_file":
        part = {"file": call.args["file"], "name": "notes 3.pdf", "section": 1, "heading": "", "page": 1}
        return {"parts": [{**part, "text": "One.", "marked_up": False}]}
    return tools.run(tools.OFFLINE, course, call)


@dataclass
class Lesson:
    """One session. Commands return the lesson, so that they can be chained."""

    machine: TutoringMachine = MACHINE
    seed: int = 7
    #: Run each call at once with the real tool.
    auto: bool = False
    now: int = 0
    #: What the session before it has handed on.
    context: dict[str, Any] = field(default_factory=dict)
    snapshot: Snapshot = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)
    #: What the last command did.
    last: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        state, data = self.machine.initial(self.seed, self.context)
        outcome = statem.start(self.machine, state, data, now=self.now)
        self.snapshot = outcome.after

    @property
    def state(self) -> str:
        return self.snapshot.state

    @property
    def data(self) -> TutoringData:
        data: TutoringData = self.snapshot.data
        return data

    # --- events --------------------------------------------------------------------------------------------------

    def feed(self, event: Event | None) -> Lesson:
        self.last = list(statem.run(self.machine, self.snapshot, event, self.now))
        for outcome in self.last:
            if outcome.crash is not None:
                raise outcome.crash
            self.snapshot = outcome.after
        self.outcomes.extend(self.last)
        return self.offline() if self.auto else self

    def cast(self, content: events.EventContent) -> Lesson:
        return self.feed(Event(EventType.CAST, content))

    def start(self) -> Lesson:
        return self.cast(events.Start())

    def say(self, text: str, on_busy: events.OnBusy = "reject") -> Lesson:
        return self.cast(events.UserMessage(text=text, on_busy=on_busy))

    def submit(self, value: str | list[str], question: str | None = None) -> Lesson:
        name = question if question is not None else self.data.question.id if self.data.question else ""
        return self.cast(events.AnswerSubmitted(question=name, value=value))

    def hint(self) -> Lesson:
        return self.cast(events.HintRequested())

    def go_on(self) -> Lesson:
        return self.cast(events.ContinueRequested())

    def give_up(self) -> Lesson:
        return self.cast(events.GiveUpRequested())

    def skip(self) -> Lesson:
        return self.cast(events.SkipRequested())

    def succeed(self, result: dict[str, Any], ref: str | None = None, *, fallback: bool = False) -> Lesson:
        call = self.running
        ended = events.ToolSucceeded(ref=ref or call.ref, tool=call.tool, result=result, fallback=fallback)
        return self.feed(Event(EventType.INFO, ended))

    def offline(self) -> Lesson:
        """The running call, if there is one, ends as it does without a model; what was done before counts, too."""
        while self.data.pending is not None:
            before = self.last
            self.succeed(run_tool(self.machine.course, self.running))
            self.last = before + self.last
        return self

    def verdict(self, verdict: str, **more: Any) -> Lesson:
        return self.succeed({"verdict": verdict, **more})

    def fail(self, reason: events.ToolFailure = "error", ref: str | None = None) -> Lesson:
        call = self.running
        return self.feed(Event(EventType.INFO, events.ToolFailed(ref=ref or call.ref, tool=call.tool, reason=reason)))

    def fire(self, kind: EventType, name: str | None = None) -> Lesson:
        """Let a running time-out fire, as late as it is due."""
        timer = self.snapshot.timers[kind, name]
        self.now = max(self.now, timer.due_ms)
        fired = statem.fire(self.snapshot, (kind, name), timer.guard, self.now)
        assert fired is not None
        event, self.snapshot = fired
        return self.feed(event)

    def rest(self) -> Lesson:
        """Wait until the next hint may be asked for."""
        return self.fire(EventType.NAMED_TIMEOUT, "hint_rest")

    # --- what came of them ---------------------------------------------------------------------------------------

    @property
    def running(self) -> CallTool:
        """The last call that was made."""
        return [effect for effect in commands(self.outcomes) if isinstance(effect, CallTool)][-1]

    @property
    def calls(self) -> list[CallTool]:
        return [effect for effect in commands(self.last) if isinstance(effect, CallTool)]

    @property
    def cancelled(self) -> list[str]:
        return [effect.ref for effect in commands(self.last) if isinstance(effect, CancelCall)]

    @property
    def facts(self) -> list[interactions.Interaction]:
        return [effect.interaction for effect in commands(self.last) if isinstance(effect, Record)]

    def fact(self, kind: type[interactions.Interaction]) -> Any:
        """The one fact of this kind that the last command recorded."""
        (found,) = [fact for fact in self.facts if isinstance(fact, kind)]
        return found

    @property
    def said(self) -> str:
        return "\n".join(f.text for f in self.facts if isinstance(f, interactions.OutputCommitted))

    @property
    def dispositions(self) -> list[str]:
        return [effect.value for effect in commands(self.last) if isinstance(effect, Disposition)]

    @property
    def refused(self) -> list[Refuse]:
        return [effect for effect in commands(self.last) if isinstance(effect, Refuse)]

    def right(self) -> str:
        """The right answer to the open question."""
        question = self.data.question
        assert question is not None
        return self.machine.syllabus.of(question).answer

    def rows(self) -> list[str]:
        """The ids of the rows that decided, enter calls left out."""
        return [self.machine.row_for(o.event, o.before.state, o.before.data).id for o in self.last]


def commands(outcomes: Iterable[Outcome]) -> list[Any]:
    return [command for outcome in outcomes for command in outcome.commands]


def reading() -> Lesson:
    """A lesson in exposition, the first chunk shown."""
    return Lesson().start()


def asked() -> Lesson:
    """A lesson with its first question open."""
    return reading().go_on().go_on()


def checking_answer(text: str = "1") -> Lesson:
    """A lesson whose answer is being checked."""
    return asked().say(text)


def remediating() -> Lesson:
    """A lesson that treats a known error."""
    return checking_answer().verdict("known_error", known_error="same_sign")


def reviewing() -> Lesson:
    """A lesson that has just shown a solution."""
    return asked().give_up().give_up()


def topic_done() -> Lesson:
    """A lesson at the end of its first topic."""
    lesson = asked()
    while lesson.state == "awaiting_answer":
        lesson.say("…").verdict("correct")
    return lesson
