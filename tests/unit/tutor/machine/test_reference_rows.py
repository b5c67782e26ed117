"""The five rows of the reference architecture, exactly."""

from __future__ import annotations

import pytest

from tests.unit.tutor.machine.lesson import asked, checking_answer, reading
from tutor import events, interactions
from tutor.effects import CallTool
from tutor.statem import EventType


def test_s1_a_message_in_exposition_calls_clarify_concept() -> None:
    lesson = reading().say("What is a balance?")

    assert lesson.state == "awaiting_tool_result"
    assert lesson.calls == [
        CallTool(
            "c1",
            "clarify_concept",
            {"topic": "one_step", "text": "What is a balance?", "question": None, "seed": 7, "shown": ["m1"]},
            deadline_ms=45_000,
        )
    ]


def test_s2_a_message_in_awaiting_answer_calls_check_answer() -> None:
    lesson = asked()
    question = lesson.data.question
    assert question is not None

    lesson.say("x = 12")

    assert lesson.state == "awaiting_tool_result"
    (call,) = lesson.calls
    assert call.tool == "check_answer"
    assert call.args == {
        "question": question.id,
        "seed": question.seed,
        "part": "main",
        "given": "x = 12",
        "typed": False,
    }


def test_s3_an_explanation_is_shown_and_the_state_returns() -> None:
    lesson = reading().say("What is a balance?").succeed({"text": "Two sides that weigh the same."})

    assert lesson.state == "exposition"
    assert "Two sides that weigh the same." in lesson.said
    assert lesson.data.pending is None


def test_s3_an_explanation_that_tells_the_answer_is_withheld() -> None:
    lesson = asked().say("how?").verdict("not_an_answer", intent="clarify")
    answer = lesson.right()

    lesson.succeed({"text": f"Well, x is {answer}."})

    assert lesson.state == "awaiting_answer"
    assert answer not in lesson.said
    assert lesson.said


@pytest.mark.parametrize("reason", ["error", "timeout", "killed", "lost_contact", "refused", "in_doubt", "cancelled"])
def test_s4_a_failed_call_is_told_honestly_and_the_state_returns(reason: events.ToolFailure) -> None:
    lesson = checking_answer().fail(reason)

    assert lesson.state == "awaiting_answer"
    assert "send it again" in lesson.said
    assert lesson.data.failures == 1
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 0
    note = lesson.fact(interactions.AuthorNoted)
    assert reason in note.note


def test_s4_the_third_failure_running_leads_to_error_state() -> None:
    lesson = asked()
    for _ in range(3):
        assert lesson.state == "awaiting_answer"
        lesson.say("1").fail()

    assert lesson.state == "error_state"
    assert lesson.data.return_state == "awaiting_answer"


def test_s4_a_success_in_between_starts_the_count_anew() -> None:
    lesson = asked().say("1").fail().say("1").fail().say("1").verdict("malformed").say("1").fail()

    assert lesson.state == "awaiting_answer"
    assert lesson.data.failures == 1


def test_s4_a_result_without_the_tools_form_counts_as_a_failure() -> None:
    lesson = checking_answer().succeed({"verdict": "brilliant"})

    assert lesson.state == "awaiting_answer"
    assert lesson.data.failures == 1


def test_s5_a_message_while_a_call_runs_gets_the_polite_wait_and_starts_nothing() -> None:
    lesson = checking_answer()
    before = lesson.snapshot

    lesson.say("hello?")

    assert lesson.dispositions == ["busy"]
    assert "Please wait" in lesson.said
    assert lesson.calls == []
    assert lesson.snapshot.state == "awaiting_tool_result"
    assert lesson.snapshot.data == before.data
    assert lesson.snapshot.postponed == ()


def test_s5_a_queued_message_waits_for_the_result_and_is_then_decided() -> None:
    lesson = checking_answer().say("2", on_busy="queue")
    assert lesson.dispositions == ["queued"]
    assert lesson.calls == []

    lesson.verdict("wrong")

    assert lesson.state == "awaiting_tool_result"
    assert [call.args["given"] for call in lesson.calls] == ["2"]


def test_s5_an_interrupting_message_cancels_the_call_and_takes_its_place() -> None:
    lesson = checking_answer("1").say("2", on_busy="interrupt")

    assert lesson.cancelled == ["c1"]
    assert lesson.state == "awaiting_tool_result"
    assert [(call.ref, call.args["given"]) for call in lesson.calls] == [("c2", "2")]


@pytest.mark.parametrize("text", ["stop", "Cancel!", "never mind"])
def test_s5_a_message_that_means_stop_cancels_the_call(text: str) -> None:
    lesson = checking_answer().say(text)

    assert lesson.rows() == ["26"]
    assert lesson.cancelled == ["c1"]
    assert lesson.state == "awaiting_answer"


def test_a5_a_long_call_is_mentioned_once() -> None:
    lesson = checking_answer().fire(EventType.STATE_TIMEOUT)

    assert "still checking" in lesson.said
    assert lesson.state == "awaiting_tool_result"
    assert lesson.now == 15_000


def test_a5_a_call_whose_ending_is_lost_is_given_up_after_its_deadline() -> None:
    lesson = checking_answer().fire(EventType.STATE_TIMEOUT).fire(EventType.STATE_TIMEOUT)

    assert lesson.now > 45_000
    assert lesson.cancelled == ["c1"]
    assert lesson.state == "awaiting_answer"
    assert lesson.data.failures == 1
