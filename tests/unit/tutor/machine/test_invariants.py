"""What holds in every lesson, whatever happens in it (tutoring §2, invariants)."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace

from hypothesis import given

from tests.unit.tutor.machine.lesson import MACHINE, Lesson
from tests.unit.tutor.machine.walk import STEPS, before, walk, walking, walks
from tutor import events
from tutor.effects import CallTool, CancelCall, Record, Refuse
from tutor.interactions import HintGiven, OutputCommitted, QuestionAsked
from tutor.machine.data import TutoringData
from tutor.machine.state import SECRET
from tutor.machine.table import COMMANDS, ENDINGS, KINDS, NEWS, Signal
from tutor.statem import Event, EventType, Snapshot

_SAMPLES: dict[type[events.EventContent], events.EventContent] = {
    events.UserMessage: events.UserMessage(text="hello"),
    events.AnswerSubmitted: events.AnswerSubmitted(question="undo1", value="1"),
    events.RemediationForced: events.RemediationForced(known_error="same_sign", actor="teacher:1"),
    events.EstimateContested: events.EstimateContested(claim="known", skill="undo"),
    events.SafetyCleared: events.SafetyCleared(actor="teacher:1"),
    events.ResetRequested: events.ResetRequested(state="exposition", actor="operator:1"),
    events.ToolSucceeded: events.ToolSucceeded(ref="c1", tool="check_answer", result={"verdict": "correct"}),
    events.ToolFailed: events.ToolFailed(ref="c1", tool="check_answer", reason="error"),
    events.FileReady: events.FileReady(file="f1", name="notes.pdf", sections=2, pages=2),
    events.FileFailed: events.FileFailed(file="f1", name="notes.pdf", message="There is nothing in it."),
}
_SIGNALS = {
    Signal.NUDGE: Event(EventType.NAMED_TIMEOUT, events.Tick(), name="nudge"),
    Signal.INACTIVITY: Event(EventType.NAMED_TIMEOUT, events.Tick(), name="inactivity"),
    Signal.HINT_REST: Event(EventType.NAMED_TIMEOUT, events.Tick(), name="hint_rest"),
    Signal.STATE_TIMEOUT: Event(EventType.STATE_TIMEOUT, events.Tick(note="warn")),
    Signal.SET_QUESTION: Event(EventType.INTERNAL, events.Tick(note="set_question")),
    Signal.ENTER: Event(EventType.ENTER, "created"),
}


def sample(kind: object) -> Event:
    """An event of this kind."""
    if isinstance(kind, Signal):
        return _SIGNALS[kind]
    assert isinstance(kind, type)
    assert issubclass(kind, events.EventContent)
    content = _SAMPLES[kind] if kind in _SAMPLES else kind()
    return Event(EventType.INFO if kind in (*ENDINGS, *NEWS) else EventType.CAST, content)


@walking
@given(walks)
def test_every_event_has_exactly_one_row_in_every_situation_and_is_decided(script: bytes) -> None:
    for lesson in walk(script):
        for kind in KINDS:
            event = sample(kind)
            row = MACHINE.row_for(event, lesson.state, lesson.data)
            assert row.id
            MACHINE.handle(event, lesson.state, lesson.data)


@walking
@given(walks)
def test_a_state_changes_only_along_an_arrow_of_the_table(script: bytes) -> None:
    arrows = MACHINE.arrows()
    for lesson in walk(script):
        for outcome in lesson.last:
            if outcome.before.state != outcome.after.state:
                row = MACHINE.row_for(outcome.event, outcome.before.state, outcome.before.data)
                assert (row.id, outcome.before.state, outcome.after.state) in arrows


@walking
@given(walks)
def test_at_most_one_conversation_call_is_running(script: bytes) -> None:
    running: set[str] = set()
    for lesson in walk(script):
        for outcome in lesson.last:
            if isinstance(outcome.event.content, events.ToolSucceeded | events.ToolFailed):
                running.discard(outcome.event.content.ref)
            for command in outcome.commands:
                if isinstance(command, CancelCall):
                    running.remove(command.ref)
                elif isinstance(command, CallTool):
                    running.add(command.ref)
            assert len(running) <= 1
        pending = lesson.data.pending
        assert running == ({pending.ref} if pending else set())
        assert (pending is not None) == (lesson.state == "awaiting_tool_result")


@walking
@given(walks)
def test_attempts_grow_by_one_and_only_on_an_answer(script: bytes) -> None:
    for lesson in walk(script):
        for outcome in lesson.last:
            before, after = outcome.before.data.question, outcome.after.data.question
            if before and after and before.number == after.number and after.attempts != before.attempts:
                assert after.attempts == before.attempts + 1
                assert outcome.event.content.result["verdict"] in {"wrong", "known_error", "partial", "correct"}


@walking
@given(walks)
def test_the_answer_is_said_only_where_it_may_be_shown(script: bytes) -> None:
    for lesson in walk(script):
        for outcome in lesson.last:
            question = outcome.after.data.question
            row = MACHINE.row_for(outcome.event, outcome.before.state, outcome.before.data)
            if question is None or row.may_show_answer or outcome.after.state not in {str(state) for state in SECRET}:
                continue
            answer = MACHINE.syllabus.of(question).answer
            if not answer.isdecimal():
                continue
            spelt = re.compile(rf"(?<![\d.]){answer}(?![\d])")
            for command in outcome.commands:
                match command:
                    case Record(interaction=OutputCommitted(text=text) | HintGiven(text=text)):
                        assert not spelt.search(text), text


@walking
@given(walks)
def test_a_pause_and_a_resume_lead_back_to_the_same_state_and_data(script: bytes) -> None:
    for lesson in walk(script):
        if "session.pause" not in MACHINE.allowed(lesson.state, lesson.data):
            continue
        pending = lesson.data.pending
        expected = pending.return_state if pending else lesson.state
        again = fork(lesson, replace(lesson.snapshot, postponed=()))
        again.cast(events.PauseRequested()).cast(events.ResumeRequested())

        assert again.state == expected
        kept = {"pending", "nudges", "failures"}
        assert {k: v for k, v in MACHINE.dump(again.data).items() if k not in kept} == {
            k: v for k, v in MACHINE.dump(lesson.data).items() if k not in kept
        }


@walking
@given(walks)
def test_a_late_result_changes_nothing(script: bytes) -> None:
    for lesson in walk(script):
        for number in range(1, lesson.data.calls + 2):
            ref = f"c{number}"
            if lesson.data.pending and lesson.data.pending.ref == ref:
                continue
            late = events.ToolSucceeded(ref=ref, tool="check_answer", result={"verdict": "correct"})
            again = fork(lesson).feed(Event(EventType.INFO, late))
            assert (again.state, again.data) == (lesson.state, lesson.data)
            assert again.facts == []
            assert again.snapshot.timers == lesson.snapshot.timers


@walking
@given(walks)
def test_every_message_of_the_learner_is_answered(script: bytes) -> None:
    owed = False
    for lesson in walk(script):
        for outcome in lesson.last:
            if isinstance(outcome.event.content, events.UserMessage) and not outcome.postponed:
                owed = True
            if any(is_reply(command) for command in outcome.commands):
                owed = False
        assert not owed or lesson.state == "awaiting_tool_result"


def is_reply(command: object) -> bool:
    """Something the learner sees or reads."""
    return isinstance(command, Refuse) or (
        isinstance(command, Record) and isinstance(command.interaction, OutputCommitted | HintGiven | QuestionAsked)
    )


@walking
@given(walks)
def test_a_command_is_refused_exactly_where_it_is_not_allowed(script: bytes) -> None:
    commands = {
        "message.send": events.UserMessage(text="hello"),
        "hint.request": events.HintRequested(),
        "question.skip": events.SkipRequested(),
        "question.give_up": events.GiveUpRequested(),
        "answer.dispute": events.DisputeRaised(),
        "continue": events.ContinueRequested(),
        "turn.cancel": events.CancelRequested(),
        "session.pause": events.PauseRequested(),
        "session.resume": events.ResumeRequested(),
        "session.close": events.EndRequested(),
    }
    for lesson in walk(script):
        allowed = MACHINE.allowed(lesson.state, lesson.data)
        for name, content in commands.items():
            again = fork(lesson, replace(lesson.snapshot, postponed=()))
            assert bool(again.cast(content).refused) == (name not in allowed)


@walking
@given(walks)
def test_there_is_always_a_way_on_that_ends_the_lesson(script: bytes) -> None:
    *_, lesson = walk(script)
    for _ in range(400):
        if lesson.state == "completed":
            return
        way_on(lesson)
    raise AssertionError(f"still in {lesson.state}")


def way_on(lesson: Lesson) -> None:
    """What the least able learner does: wait for the tools, give up, continue."""
    allowed = MACHINE.allowed(lesson.state, lesson.data)
    assert "session.close" in allowed or lesson.state == "completed"
    if lesson.data.pending is not None:
        lesson.fail()
    elif "continue" in allowed:
        lesson.go_on()
    elif "question.give_up" in allowed:
        lesson.give_up()
    else:
        assert "session.resume" in allowed
        lesson.cast(events.ResumeRequested())


@walking
@given(walks)
def test_the_data_survives_json_at_every_step(script: bytes) -> None:
    for lesson in walk(script):
        for outcome in lesson.last:
            assert through_json(outcome.after.data) == outcome.after.data


def through_json(data: TutoringData) -> TutoringData:
    return MACHINE.load(json.loads(json.dumps(MACHINE.dump(data))))


@walking
@given(walks)
def test_a_lesson_folded_through_json_after_every_step_goes_the_same_way(script: bytes) -> None:
    plain = MACHINE.dump(MACHINE.initial(script[0], before(script))[1])
    for lesson in walk(script):
        lesson.snapshot = replace(
            lesson.snapshot,
            data=through_json(lesson.data),
            postponed=tuple(
                replace(event, content=events.decode(json.loads(json.dumps(events.encode(event.content)))))
                for event in lesson.snapshot.postponed
            ),
        )
        for outcome in lesson.last:
            new = MACHINE.dump(outcome.after.data)
            patch = {key: value for key, value in new.items() if plain.get(key) != value or key not in plain}
            plain = {key: value for key, value in {**plain, **patch}.items() if key in new}
        assert MACHINE.load(plain) == lesson.data

    *_, untouched = walk(script)
    assert untouched.snapshot == lesson.snapshot


@walking
@given(walks)
def test_no_session_waits_without_a_clock(script: bytes) -> None:
    for lesson in walk(script):
        timers = {name or kind for kind, name in lesson.snapshot.timers}
        if lesson.state == "awaiting_tool_result":
            assert EventType.STATE_TIMEOUT in timers
        elif lesson.state not in {"paused", "error_state", "completed"}:
            assert "inactivity" in timers


def fork(lesson: Lesson, snapshot: Snapshot | None = None) -> Lesson:
    """Another lesson that stands where this one stands."""
    other = Lesson(seed=lesson.seed, now=lesson.now)
    other.snapshot = snapshot or lesson.snapshot
    other.outcomes = list(lesson.outcomes)
    return other


def test_the_walks_reach_every_state_and_every_row() -> None:
    states, rows = set(), set()
    for number in range(150):
        for lesson in walk(random.Random(number).randbytes(2 * STEPS)):
            states.add(lesson.state)
            rows |= set(lesson.rows())
    good = Lesson(auto=True).start()
    while good.state != "completed":
        good.submit(good.right()) if good.state == "awaiting_answer" else good.go_on()
        rows |= set(good.rows())

    held = Lesson().start().say("I want to die")
    rows |= set(held.rows())

    passing = {"created", "setting_question"}
    enter_calls = {"28", "35"}
    assert states >= MACHINE.states - passing
    # Row 7 waits for a message between two events of one transaction: see its own test.
    assert rows >= {row.id for row in MACHINE.table.rows} - enter_calls - {"7"}


def test_the_kinds_of_the_table_are_all_that_can_reach_a_session() -> None:
    # A group of calls ends only where a machine asked for one; this one asks for single calls.
    assert {*COMMANDS, *ENDINGS, *NEWS, events.Tick, events.ToolsEnded} == set(events.AnyEvent.__args__)
