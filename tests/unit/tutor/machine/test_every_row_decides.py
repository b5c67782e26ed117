"""Every row of the design's table, in the situation that it is for; and where the rows are that are no rows here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from tests.unit.tutor.machine.lesson import (
    MACHINE,
    Lesson,
    asked,
    checking_answer,
    reading,
    remediating,
    reviewing,
    topic_done,
)
from tutor import events
from tutor.statem import Event, EventType, Snapshot

#: Rows of the design that are decided elsewhere, and where.
ELSEWHERE = {
    "24": "every row that takes a result (machine._tell_of_fallback; test_reference_rows)",
    "A7": "the call falls back by itself, row 24 tells of it (tutor.strategies; test_strategies_of_calls)",
    "A10": "asked for beside the machine (sessions_app.compacting; test_compaction_is_an_interaction)",
    "A11": "the supervisor restores error_state (sessions_app.recovery; test_supervision)",
    "A12": "what has no row (Table.find; test_invariants)",
}
_GIVE_UP, _CONTINUE, _HINT = events.GiveUpRequested(), events.ContinueRequested(), events.HintRequested()
_SAY = events.UserMessage(text="4")
_WARN, _OVERDUE = (Event(EventType.STATE_TIMEOUT, events.Tick(note=note)) for note in ("warn", "overdue"))


def put(lesson: Lesson, state: str, **changes: Any) -> Lesson:
    """The lesson in another situation."""
    lesson.snapshot = Snapshot(state, replace(lesson.data, **changes))
    return lesson


def at_question(**changes: Any) -> Lesson:
    """The first question, with another history."""
    lesson = asked()
    assert lesson.data.question is not None
    return put(lesson, "awaiting_answer", question=replace(lesson.data.question, **changes))


def probing() -> Lesson:
    return remediating().say("4")


def probing_again() -> Lesson:
    lesson = remediating()
    assert lesson.data.remediation is not None
    return put(lesson, lesson.state, remediation=replace(lesson.data.remediation, tries=1)).say("4")


def paused(lesson: Lesson | None = None) -> Lesson:
    return (lesson or asked()).cast(events.PauseRequested())


def in_error() -> Lesson:
    return asked().cast(events.ResetRequested(state="error_state", actor="operator:1"))


def completed() -> Lesson:
    return put(topic_done(), "completed")


def used_up() -> Lesson:
    return put(reading(), "setting_question", asked=dict.fromkeys(("undo1", "undo2", "undo3", "undo4"), 3))


def result(lesson: Lesson, plain: dict[str, Any], ref: str = "") -> Event:
    call = lesson.running
    return Event(EventType.INFO, events.ToolSucceeded(ref=ref or call.ref, tool=call.tool, result=plain))


def verdict(name: str, **more: Any) -> Callable[[Lesson], Event]:
    return lambda lesson: result(lesson, {"verdict": name, **more})


def failed(lesson: Lesson) -> Event:
    return Event(EventType.INFO, events.ToolFailed(ref=lesson.running.ref, tool=lesson.running.tool, reason="error"))


def timer(name: str) -> Event:
    return Event(EventType.NAMED_TIMEOUT, events.Tick(), name=name)


_SET = Event(EventType.INTERNAL, events.Tick(note="set_question"))
_ENTER = Event(EventType.ENTER, "awaiting_answer")
#: Row -> (the situation, what happens in it, the state it leads to; None: it stays).
ROWS: dict[str, tuple[Callable[[], Lesson], Any, str | None]] = {
    "1": (Lesson, events.Start(), "exposition"),
    "S1": (reading, events.UserMessage(text="what is a balance?"), "awaiting_tool_result"),
    "2": (reading, _CONTINUE, None),
    "3": (lambda: reading().go_on(), _CONTINUE, "setting_question"),
    "4": (reading, _HINT, None),
    "5": (lambda: put(reading(), "setting_question"), _SET, "awaiting_answer"),
    "6": (used_up, _SET, "topic_complete"),
    "7": (lambda: put(reading(), "setting_question"), _SAY, None),
    "S2": (asked, _SAY, "awaiting_tool_result"),
    "8": (asked, _HINT, None),
    "9": (lambda: at_question(hint_level=2), _HINT, "reviewing_solution"),
    "10": (checking_answer, verdict("not_an_answer", intent="clarify"), "awaiting_tool_result"),
    "11": (asked, _GIVE_UP, None),
    "12": (lambda: at_question(hint_offered=True), _GIVE_UP, "reviewing_solution"),
    "13": (asked, events.SkipRequested(), "setting_question"),
    "14": (asked, events.DisputeRaised(), None),
    "S3": (lambda: reading().say("what is a balance?"), lambda one: result(one, {"text": "Like this."}), "exposition"),
    "15": (checking_answer, verdict("correct"), "setting_question"),
    "16": (checking_answer, verdict("form_issue"), "awaiting_answer"),
    "17": (checking_answer, verdict("known_error", known_error="same_sign"), "remediating_known_error"),
    "18": (checking_answer, verdict("wrong"), "awaiting_answer"),
    "19": (lambda: at_question(attempts=2).say("1"), verdict("wrong"), "reviewing_solution"),
    "20": (checking_answer, verdict("partial"), "awaiting_answer"),
    "21": (checking_answer, verdict("malformed"), "awaiting_answer"),
    "22": (checking_answer, verdict("not_an_answer", intent="hint"), "awaiting_answer"),
    "S4": (checking_answer, failed, "awaiting_answer"),
    "S5": (checking_answer, _SAY, None),
    "26": (checking_answer, events.CancelRequested(), "awaiting_answer"),
    "27": (checking_answer, lambda one: result(one, {"verdict": "correct"}, ref="c9"), None),
    "28": (lambda: put(remediating(), "remediating_known_error"), _ENTER, None),
    "29": (remediating, _SAY, "awaiting_tool_result"),
    "30": (probing, verdict("correct"), "awaiting_answer"),
    "31": (probing_again, verdict("wrong"), "reviewing_solution"),
    "32": (remediating, events.SkipRequested(), "reviewing_solution"),
    "33": (reviewing, _SAY, "awaiting_tool_result"),
    "34": (reviewing, _CONTINUE, "setting_question"),
    "35": (lambda: put(asked(), "topic_complete", question=None), _ENTER, None),
    "36": (topic_done, _CONTINUE, "exposition"),
    "37": (lambda: put(topic_done(), "topic_complete", finished={"one_step": "mastered", "names": "practised"}),
           _CONTINUE, "completed"),
    "38": (topic_done, _SAY, None),
    "39": (paused, events.ResumeRequested(), "awaiting_answer"),
    "40": (in_error, events.ResumeRequested(), "awaiting_answer"),
    "41": (in_error, _SAY, None),
    "42": (asked, events.ResetRequested(state="exposition", actor="operator:1"), None),
    "43": (completed, events.ReviewRequested(), None),
    "A1": (asked, events.RemediationForced(known_error="same_sign", actor="teacher:1"), "remediating_known_error"),
    "A2": (asked, events.PauseRequested(), "paused"),
    "A3": (asked, timer("nudge"), None),
    "A4": (asked, timer("inactivity"), "paused"),
    "A5": (checking_answer, _OVERDUE, "awaiting_answer"),
    "A6": (asked, events.EndRequested(), "completed"),
    "A8": (asked, events.UserMessage(text="I want to die"), None),
    "A9": (asked, Event(EventType.INFO, events.FileReady(file="f1", name="a.pdf", sections=1, pages=1)), None),
    "A14": (asked, events.EstimateContested(claim="known", skill="undo"), None),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_row(row: str) -> None:
    situation, what, leads_to = ROWS[row]
    lesson = situation()
    happens = what(lesson) if callable(what) else what
    event = happens if isinstance(happens, Event) else Event(EventType.CAST, happens)
    before = lesson.state

    assert MACHINE.row_for(event, lesson.state, lesson.data).id == row
    decided = MACHINE.handle(event, lesson.state, lesson.data)
    if row not in {"22", "42"}:  # those lead where the data can go: see their own tests
        assert str(getattr(decided, "state", before)) == (leads_to or before)


def test_every_row_of_the_design_is_here_or_it_is_said_where_it_is() -> None:
    numbered = {str(number) for number in range(1, 44)} - {"25"}  # the design has no row 25
    design = numbered | {f"S{number}" for number in range(1, 6)} | {f"A{number}" for number in range(1, 13)}

    assert design - {"23"} == (set(ROWS) | set(ELSEWHERE)) - {"A14"}
    assert {row.id for row in MACHINE.table.rows} <= set(ROWS) | set(ELSEWHERE) | {"A13", "23"}
