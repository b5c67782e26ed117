"""A session in memory: the machine on the engine, its tools run at once. The same rules as in the kernel, no database.

Time is a number that only moves when a time-out is waited for. A crash of the machine is raised, not supervised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from tutor import events, statem
from tutor.course import Course
from tutor.effects import CallTool, RateQuestion, Record, Refuse
from tutor.evals.lessons import tools as lesson_tools
from tutor.evals.lessons.shelf import LearnersFile, Shelf
from tutor.evals.lessons.tools import OFFLINE, LessonTool
from tutor.evals.lessons.transcript import Turn
from tutor.interactions import Interaction
from tutor.machine import TutoringMachine
from tutor.machine.data import TutoringData
from tutor.questions import QuestionInstance
from tutor.statem import Event, EventType

#: When a session in memory begins, in milliseconds since 1970: 8 o'clock on 1 September 2026, UTC.
BEGINS_MS = 1_788_249_600_000
#: Calls that one event may set off, one after the other.
MAX_CALLS = 10


class Seat(Protocol):
    """Where a learner sits: a session in memory, or one of the real kernel."""

    machine: TutoringMachine

    @property
    def state(self) -> str: ...

    @property
    def data(self) -> TutoringData: ...

    def do(self, content: events.EventContent, *, meant_right: bool | None = None) -> Turn:
        """Send a command and wait until the tutor waits again."""

    def hand_in(self, file: LearnersFile) -> Turn:
        """Give the session a file and wait until it was read, or could not be."""

    def rest(self) -> None:
        """Wait until the next hint may be asked for."""


class LessonSession:
    """A ``Seat`` in memory."""

    def __init__(
        self,
        course: Course,
        *,
        seed: int = 1,
        tools: Mapping[str, LessonTool] = OFFLINE,
        machine: TutoringMachine | None = None,
    ) -> None:
        self.machine = machine or TutoringMachine(course)
        self._tools = tools
        self._now = BEGINS_MS
        state, data = self.machine.initial(seed, {})
        self._snapshot = statem.start(self.machine, state, data, now=BEGINS_MS).after
        self._call: CallTool | None = None
        self._rated: list[RateQuestion] = []
        self._shelf = Shelf()
        #: The last command had no row; and what was said about it.
        self.refused = False
        self._refusal = ""

    def stand_at(self, state: str, data: TutoringData) -> LessonSession:
        """Put the session into another situation, without an event. Returns the session."""
        self._snapshot = replace(self._snapshot, state=state, data=data)
        return self

    @property
    def state(self) -> str:
        return self._snapshot.state

    @property
    def data(self) -> TutoringData:
        data: TutoringData = self._snapshot.data
        return data

    def do(self, content: events.EventContent, *, meant_right: bool | None = None) -> Turn:
        """Send a command; every tool it sets off has ended when this returns."""
        return self._play(EventType.CAST, content, meant_right)

    def hand_in(self, file: LearnersFile) -> Turn:
        """Give the session a file; it has been read, or could not be, when this returns."""
        return self._play(EventType.INFO, self._shelf.put(file), None)

    def _play(self, kind: EventType, content: events.EventContent, meant_right: bool | None) -> Turn:
        state, data = self.state, self.data
        self.refused, self._refusal = False, ""
        self._rated = []
        facts = self._feed(Event(kind, content))
        called: list[str] = []
        while self._call is not None and len(called) < MAX_CALLS:
            called.append(self._call.tool)
            facts += self._feed(Event(EventType.INFO, self._ending(self._call)))
        return Turn(
            event=content,
            facts=facts,
            state_before=state,
            state_after=self.state,
            before=data,
            after=self.data,
            meant_right=meant_right,
            tools=called,
            rated=self._rated,
            refusal=self._refusal,
        )

    def rest(self) -> None:
        """Let the clock run until the next hint may be asked for."""
        key = (EventType.NAMED_TIMEOUT, "hint_rest")
        timer = self._snapshot.timers.get(key)
        if timer is None:
            return
        self._now = max(self._now, timer.due_ms)
        fired = statem.fire(self._snapshot, key, timer.guard, self._now)
        if fired is not None:
            event, self._snapshot = fired
            self._feed(event)

    def _feed(self, event: Event) -> list[Interaction]:
        facts: list[Interaction] = []
        self._call = None
        for outcome in statem.run(self.machine, self._snapshot, event, self._now):
            if outcome.crash is not None:
                raise outcome.crash
            self._snapshot = outcome.after
            for command in outcome.commands:
                match command:
                    case Record(interaction=fact):
                        facts.append(fact)
                    case CallTool(background=False):
                        self._call = command
                    case RateQuestion():
                        self._rated.append(command)
                    case Refuse(message=message):
                        self.refused, self._refusal = True, message
        return facts

    def _ending(self, call: CallTool) -> events.EventContent:
        try:
            result = lesson_tools.run(self._tools, self.machine.course, call, self._shelf)
        except Exception as error:  # whatever a tool raises is its failure, as in a worker
            return events.ToolFailed(ref=call.ref, tool=call.tool, reason="error", error=str(error))
        return events.ToolSucceeded(ref=call.ref, tool=call.tool, result=result)


def open_question(seat: Seat) -> QuestionInstance | None:
    """What the learner has to answer now: the probe, the sub-question or the question; None where nothing is open."""
    data, syllabus = seat.data, seat.machine.syllabus
    if seat.state == "remediating_known_error" and data.remediation is not None:
        treated = data.remediation
        return syllabus.probe_of(treated)
    if seat.state == "awaiting_answer" and data.question is not None:
        return syllabus.of(data.question, data.question.part)
    return None
