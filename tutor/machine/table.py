"""The table of tutoring §2 as data: which row decides in which state on which event.

A row is declared where its decision is written:

    @rows.row("S2", State.AWAITING_ANSWER, events.UserMessage, to=State.AWAITING_TOOL_RESULT)
    def check_the_answer(s: Situation) -> Result: ...

Rows of one state and event are asked in the order in which they are declared; the first whose guard holds decides. The
table is total: what has no row is A12 for commands, and row 27 (nothing happens) for results and time-outs that come
too late. ``to`` lists every state a row may lead to; tests hold the rows to it, and the kernel's transitions are
compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from tutor import events, statem
from tutor.machine.situation import Situation
from tutor.machine.state import EVERY, State
from tutor.statem import EventType


class Signal(StrEnum):
    """Events without a content of their own: time-outs by name, the machine's own insertion, the enter call."""

    NUDGE = "nudge"
    INACTIVITY = "inactivity"
    HINT_REST = "hint_rest"
    STATE_TIMEOUT = "state_timeout"
    SET_QUESTION = "set_question"
    ENTER = "enter"


#: What a row is for: the type of an event's content, or a signal.
Kind: TypeAlias = "type[events.EventContent] | Signal"
Guard: TypeAlias = Callable[[Situation], bool]
Decide: TypeAlias = Callable[[Situation], statem.Result]

COMMANDS: tuple[type[events.EventContent], ...] = (
    events.Start,
    events.UserMessage,
    events.AnswerSubmitted,
    events.HintRequested,
    events.SkipRequested,
    events.GiveUpRequested,
    events.DisputeRaised,
    events.ContinueRequested,
    events.CancelRequested,
    events.PauseRequested,
    events.ResumeRequested,
    events.EndRequested,
    events.ReviewRequested,
    events.EstimateContested,
    events.RemediationForced,
    events.SafetyCleared,
    events.ResetRequested,
    events.Branched,
)
ENDINGS: tuple[type[events.EventContent], ...] = (events.ToolSucceeded, events.ToolFailed)
NEWS: tuple[type[events.EventContent], ...] = (events.FileReady, events.FileFailed)
#: Every kind of event the table has to answer.
KINDS: tuple[Kind, ...] = (*COMMANDS, *ENDINGS, *NEWS, *Signal)


def kind_of(event: statem.Event) -> Kind | None:
    """What an event is in the table's terms; None where it is nothing the table knows."""
    match event.type:
        case EventType.ENTER:
            return Signal.ENTER
        case EventType.STATE_TIMEOUT:
            return Signal.STATE_TIMEOUT
        case EventType.INTERNAL:
            return Signal.SET_QUESTION
        case EventType.NAMED_TIMEOUT:
            return Signal(event.name) if event.name in set(Signal) else None
        case EventType.CALL | EventType.CAST | EventType.INFO:
            kind = type(event.content)
            return kind if kind in COMMANDS or kind in ENDINGS or kind in NEWS else None
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table."""

    id: str
    states: frozenset[State]
    on: Kind
    #: Every state it may lead to, apart from staying.
    to: frozenset[State]
    #: Whether what it says may contain the open question's answer.
    may_show_answer: bool
    when: Guard | None
    decide: Decide


class Rows:
    """The rows of one group of states, in the order of their declaration."""

    def __init__(self) -> None:
        self._rows: list[Row] = []

    def row(
        self,
        row_id: str,
        states: State | frozenset[State],
        *on: Kind,
        to: State | frozenset[State] = frozenset(),
        when: Guard | None = None,
        may_show_answer: bool = False,
    ) -> Callable[[Decide], Decide]:
        """Declare the decorated function as the row for each of the kinds ``on``."""
        sources = frozenset({states}) if isinstance(states, State) else states
        targets = frozenset({to}) if isinstance(to, State) else to

        def declare(decide: Decide) -> Decide:
            self._rows.extend(Row(row_id, sources, kind, targets, may_show_answer, when, decide) for kind in on)
            return decide

        return declare

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)


class Table:
    """All rows, found by state and event."""

    def __init__(self, rows: Iterable[Row], *, refuse: Decide, ignore: Decide) -> None:
        self.rows = tuple(rows)
        self._refuse = Row("A12", EVERY, Signal.ENTER, frozenset(), False, None, refuse)
        self._ignore = Row("27", EVERY, Signal.ENTER, frozenset(), False, None, ignore)
        index: dict[tuple[State, Kind], list[Row]] = {}
        for row in self.rows:
            for state in row.states:
                index.setdefault((state, row.on), []).append(row)
        self._index = {key: tuple(found) for key, found in index.items()}

    def find(self, kind: Kind | None, situation: Situation) -> Row:
        """The one row that decides."""
        if kind is not None:
            for row in self._index.get((situation.state, kind), ()):
                if row.when is None or row.when(situation):
                    return row
        return self._ignore if kind in ENDINGS or kind in NEWS or isinstance(kind, Signal) else self._refuse

    def arrows(self) -> frozenset[tuple[str, str, str]]:
        """Every possible change of state as ``(row id, source, target)``."""
        return frozenset(
            (row.id, str(source), str(target))
            for row in self.rows
            for source in row.states
            for target in row.to
            if source != target
        )
