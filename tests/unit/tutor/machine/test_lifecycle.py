"""Rows 1-4, 35-42 and A2-A12: beginning, pausing, failing, ending, and what is not possible."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
from tutor import events, interactions
from tutor.statem import EventType

#: The states in which a lesson waits for the learner, and how it gets there.
WAITING = {
    "exposition": reading,
    "awaiting_answer": asked,
    "remediating_known_error": remediating,
    "reviewing_solution": reviewing,
    "topic_complete": topic_done,
}


def stuck() -> Lesson:
    lesson = asked()
    for _ in range(3):
        lesson.say("1").fail()
    return lesson


def finished() -> Lesson:
    return asked().cast(events.EndRequested())


def test_row_1_a_lesson_begins_with_a_greeting_and_the_first_material() -> None:
    lesson = reading()

    assert lesson.state == "exposition"
    assert "welcome to **Small equations**" in lesson.said
    assert "An equation is a balance." in lesson.said


def test_row_2_material_comes_chunk_by_chunk_with_a_question_to_think_about() -> None:
    lesson = reading().go_on()

    assert lesson.state == "exposition"
    assert "Take an example." in lesson.said
    assert "**Think about it:** Is it?" in lesson.said


def test_row_3_after_the_material_the_first_question_comes() -> None:
    assert asked().rows() == ["3", "5"]


def test_row_3_who_knows_it_already_is_asked_the_hardest_question() -> None:
    lesson = reading().skip()

    assert lesson.state == "awaiting_answer"
    assert lesson.fact(interactions.QuestionAsked).question == "undo4"
    assert "skipped the material" in lesson.fact(interactions.AuthorNoted).note


def test_row_4_a_hint_while_reading_points_at_the_key_sentence() -> None:
    lesson = reading().hint()

    assert "> Do the opposite on both sides." in lesson.said


def test_row_35_a_topic_ends_with_a_summary_and_its_evidence() -> None:
    lesson = topic_done()

    assert "**Undo an addition**: mastered (3 of 3 right without help)" in lesson.said
    assert lesson.data.finished == {"one_step": "mastered"}


def test_row_36_the_next_topic_follows() -> None:
    lesson = topic_done().go_on()

    assert lesson.state == "exposition"
    assert lesson.data.topic == "names"
    assert "Every operation has an opposite." in lesson.said


def test_row_37_after_the_last_topic_comes_the_report() -> None:
    lesson = topic_done().go_on().go_on()
    while lesson.state == "awaiting_answer":
        lesson.say("…").verdict("correct")
    lesson.go_on()

    assert lesson.state == "completed"
    assert "mastered all of its topics" in lesson.said


@pytest.mark.parametrize("lesson", [topic_done, finished])
def test_row_38_a_message_after_the_end_is_answered(lesson: Callable[[], Lesson]) -> None:
    played = lesson()
    before = played.state

    assert played.say("What did I get right?").said
    assert played.state == before


# --- pausing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", WAITING)
def test_a2_pause_and_row_39_resume_lead_back_to_the_same_state(state: str) -> None:
    lesson = WAITING[state]()
    data = lesson.data
    lesson.cast(events.PauseRequested())
    assert lesson.state == "paused"
    assert lesson.fact(interactions.SessionPaused).why == "asked"
    assert lesson.snapshot.timers.keys() <= {(EventType.NAMED_TIMEOUT, "hint_rest")}

    lesson.cast(events.ResumeRequested())

    assert lesson.state == state
    assert lesson.data == data
    assert lesson.fact(interactions.SessionResumed).state == state
    assert "Welcome back." in lesson.said


def test_row_39_a_message_resumes_and_is_then_decided() -> None:
    lesson = asked().cast(events.PauseRequested()).say("12")

    assert lesson.state == "awaiting_tool_result"
    assert lesson.calls[0].args["given"] == "12"


@pytest.mark.parametrize("command", [events.PauseRequested(), events.CancelRequested()])
def test_row_26_while_a_tool_runs_pause_and_cancel_end_the_call(command: events.EventContent) -> None:
    lesson = checking_answer().cast(command)

    assert lesson.cancelled == ["c1"]
    assert lesson.data.pending is None
    assert lesson.cast(events.ResumeRequested()).state == "awaiting_answer"


def test_row_26_messages_queued_behind_a_call_stay_queued_through_a_pause() -> None:
    lesson = checking_answer().say("2", on_busy="queue").say("3", on_busy="queue").cast(events.PauseRequested())
    assert lesson.state == "paused"
    assert [event.content.text for event in lesson.snapshot.postponed] == ["2", "3"]

    lesson.cast(events.ResumeRequested())

    assert lesson.state == "awaiting_tool_result"
    assert lesson.calls[0].args["given"] == "2"
    assert [event.content.text for event in lesson.snapshot.postponed] == ["3"]


def test_row_39_a_message_after_the_pause_resumes_even_where_others_were_queued_before() -> None:
    lesson = checking_answer().say("2", on_busy="queue").cast(events.PauseRequested()).say("4", on_busy="queue")

    assert lesson.state == "awaiting_tool_result"
    assert lesson.calls[0].args["given"] == "4"


@pytest.mark.parametrize("state", ["exposition", "awaiting_answer", "remediating_known_error", "reviewing_solution"])
def test_a3_a_quiet_learner_is_reminded_twice_and_then_left_in_peace(state: str) -> None:
    lesson = WAITING[state]()
    begun = lesson.now
    assert lesson.fire(EventType.NAMED_TIMEOUT, "nudge").said
    assert lesson.now == begun + 90_000
    assert lesson.fire(EventType.NAMED_TIMEOUT, "nudge").said
    assert lesson.now == begun + 390_000

    assert (EventType.NAMED_TIMEOUT, "nudge") not in lesson.snapshot.timers
    assert lesson.state == state


def test_a3_whatever_the_learner_does_starts_the_clocks_anew() -> None:
    lesson = asked().fire(EventType.NAMED_TIMEOUT, "nudge").hint()

    assert lesson.data.nudges == 0
    assert lesson.snapshot.timers[EventType.NAMED_TIMEOUT, "nudge"].due_ms == lesson.now + 90_000
    assert lesson.snapshot.timers[EventType.NAMED_TIMEOUT, "inactivity"].due_ms == lesson.now + 1_200_000


@pytest.mark.parametrize("state", WAITING)
def test_a4_twenty_quiet_minutes_pause_the_session(state: str) -> None:
    lesson = WAITING[state]().fire(EventType.NAMED_TIMEOUT, "inactivity")

    assert lesson.state == "paused"
    assert lesson.now >= 1_200_000
    assert lesson.fact(interactions.SessionPaused).why == "inactivity"
    assert lesson.cast(events.ResumeRequested()).state == state


# --- errors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry", [events.ResumeRequested(), events.ContinueRequested()])
def test_row_40_from_the_error_state_the_lesson_goes_on_where_it_was(retry: events.EventContent) -> None:
    lesson = stuck().cast(retry)

    assert lesson.state == "awaiting_answer"
    assert lesson.data.failures == 0


def test_row_41_a_message_in_the_error_state_is_kept_and_decided_later() -> None:
    lesson = stuck().say("12")
    assert lesson.state == "error_state"
    assert lesson.dispositions == ["queued"]
    assert "kept your message" in lesson.said

    lesson.cast(events.ResumeRequested())

    assert lesson.state == "awaiting_tool_result"
    assert lesson.calls[0].args["given"] == "12"


def test_row_41_the_operator_is_told_once() -> None:
    lesson = stuck()
    assert any("error_state" in fact.note for fact in lesson.facts if isinstance(fact, interactions.AuthorNoted))

    assert not any(isinstance(fact, interactions.AuthorNoted) for fact in lesson.say("hello").facts)


@pytest.mark.parametrize("state", ["exposition", "awaiting_answer", "reviewing_solution", "topic_complete"])
def test_row_42_an_operator_resets_to_a_state_that_the_data_can_carry(state: str) -> None:
    lesson = stuck().cast(events.ResetRequested(state=state, actor="operator:1"))

    assert lesson.state in {state, "awaiting_answer"}
    assert lesson.data.pending is None


def test_row_42_a_reset_while_a_tool_runs_cancels_it() -> None:
    lesson = checking_answer().cast(events.ResetRequested(state="setting_question", actor="operator:1"))

    assert lesson.cancelled == ["c1"]
    assert lesson.state == "awaiting_answer"


def test_row_42_a_reset_to_the_error_state_is_how_a_supervisor_gives_up() -> None:
    lesson = checking_answer().cast(events.ResetRequested(state="error_state", actor="supervisor"))

    assert lesson.state == "error_state"
    assert lesson.said
    assert lesson.cast(events.ResumeRequested()).state == "awaiting_answer"


@pytest.mark.parametrize("state", ["no_such_state", "completed", "paused", "awaiting_tool_result"])
def test_row_42_a_reset_to_nowhere_is_refused(state: str) -> None:
    assert asked().cast(events.ResetRequested(state=state, actor="operator:1")).refused


# --- the end -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", [Lesson, reading, asked, checking_answer, remediating, reviewing, topic_done, stuck])
def test_a6_a_session_can_be_ended_from_anywhere(lesson: Callable[[], Lesson]) -> None:
    played = lesson()
    played.cast(events.EndRequested())

    assert played.state == "completed"
    assert played.said
    assert played.fact(interactions.SessionClosed).why == "ended"
    assert played.data.pending is None
    assert not played.snapshot.timers.keys() - {(EventType.NAMED_TIMEOUT, "hint_rest")}


def test_a6_a_finished_lesson_can_be_closed() -> None:
    lesson = finished().cast(events.EndRequested())

    assert lesson.state == "completed"
    assert lesson.said
    assert lesson.fact(interactions.SessionClosed).why == "ended"


def test_a12_what_has_no_row_is_refused_with_what_is_possible() -> None:
    lesson = reading().cast(events.DisputeRaised())
    (refusal,) = lesson.refused

    assert refusal.allowed == (
        "message.send",
        "hint.request",
        "question.skip",
        "continue",
        "session.pause",
        "session.close",
    )
    assert refusal.message.startswith("That is not possible right now: you can write to me, ask for a hint")
    assert lesson.state == "exposition"


@pytest.mark.parametrize(
    ("lesson", "allowed"),
    [
        (asked, {"answer.submit", "message.send", "hint.request", "question.skip", "question.give_up"}),
        (checking_answer, {"message.send", "turn.cancel", "session.pause", "session.close"}),
        (reviewing, {"message.send", "continue"}),
        (stuck, {"session.resume"}),
        (finished, {"message.send"}),
    ],
)
def test_what_is_allowed_follows_from_the_table(lesson: Callable[[], Lesson], allowed: set[str]) -> None:
    played = lesson()
    names = set(MACHINE.allowed(played.state, played.data))

    assert allowed <= names


def test_the_contexts_say_where_the_lesson_stands() -> None:
    lesson = remediating()
    pedagogy = MACHINE.pedagogical_context(lesson.data)
    syllabus = MACHINE.syllabus_context(lesson.data)

    assert pedagogy["attempts"] == 1
    assert pedagogy["known_errors"] == {"same_sign": {"seen": 1, "remediated": 0, "relapsed": 0}}
    assert pedagogy["pedagogy"] == {"tone": "warm"}
    assert 0 < pedagogy["mastery"]["undo"] < 1
    assert syllabus["topic"] == "one_step"
    assert [step["status"] for step in syllabus["path"]] == ["current", "ahead"]
    assert syllabus["materials_shown"] == ["m1", "m2"]


def test_the_current_question_is_what_was_asked() -> None:
    lesson = asked()
    current = MACHINE.current_question(lesson.state, lesson.data)
    fact = lesson.fact(interactions.QuestionAsked)

    assert current is not None
    assert (current["question"], current["prompt"], current["number"]) == (fact.question, fact.prompt, fact.number)
    assert MACHINE.current_question("exposition", reading().data) is None
    assert MACHINE.current_question("reviewing_solution", reviewing().data) is None
