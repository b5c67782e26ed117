"""A8: support instead of a lesson, in every state, until a teacher ends it."""

from __future__ import annotations

import pytest

from tests.unit.tutor.machine.lesson import Lesson, asked, checking_answer, reading, remediating, reviewing, topic_done
from tutor import events, wording
from tutor.interactions import AnswerChecked, SafetyHeld, SafetyReleased
from tutor.statem import EventType

CRY = "I want to die"
LESSONS = [Lesson, reading, asked, checking_answer, remediating, reviewing, topic_done]
LESSON_COMMANDS = [
    events.HintRequested(),
    events.SkipRequested(),
    events.GiveUpRequested(),
    events.DisputeRaised(),
    events.ContinueRequested(),
    events.ResumeRequested(),
    events.RemediationForced(known_error="same_sign", actor="teacher:1"),
]
CLEARED = events.SafetyCleared(actor="teacher:1")


@pytest.mark.parametrize("make", [*LESSONS, lambda: asked().cast(events.EndRequested())])
def test_the_learner_is_answered_with_support_and_the_observers_are_told(make: type[Lesson]) -> None:
    lesson = make().say(CRY)

    assert lesson.said == wording.SUPPORT
    assert lesson.fact(SafetyHeld).why == "self_harm"
    assert lesson.data.safety_hold == "self_harm"
    assert lesson.calls == []


def test_it_is_heard_in_an_answer_as_well_and_is_not_checked() -> None:
    lesson = asked().submit(CRY)

    assert lesson.said == wording.SUPPORT
    assert lesson.data.question is not None
    assert lesson.data.question.attempts == 0


def test_a_running_call_is_stopped_and_its_late_verdict_is_not_said() -> None:
    lesson = checking_answer().say(CRY)
    assert (lesson.state, lesson.cancelled) == ("awaiting_answer", ["c1"])

    lesson.succeed({"verdict": "wrong"}, ref="c1")

    assert not [fact for fact in lesson.facts if isinstance(fact, AnswerChecked)]
    assert lesson.said == ""


@pytest.mark.parametrize("command", LESSON_COMMANDS, ids=lambda command: type(command).__name__)
@pytest.mark.parametrize("make", [reading, asked, remediating, reviewing, topic_done])
def test_the_lesson_is_refused_while_it_is_held(make: type[Lesson], command: events.EventContent) -> None:
    lesson = make().say(CRY)
    before = lesson.snapshot.state, lesson.data

    (refusal,) = lesson.cast(command).refused

    assert refusal.message == wording.HELD
    assert (lesson.state, lesson.data) == before


def test_every_message_is_answered_with_words_of_support() -> None:
    lesson = asked().say(CRY).say("7")

    assert lesson.said == wording.SUPPORT_AGAIN
    assert lesson.calls == []


def test_nobody_is_nudged_about_a_question() -> None:
    lesson = asked().say(CRY).fire(EventType.NAMED_TIMEOUT, "nudge")

    assert lesson.said == ""


def test_the_lesson_can_be_ended_all_the_same() -> None:
    lesson = asked().say(CRY)

    assert "session.close" in lesson.machine.allowed(lesson.state, lesson.data)
    assert lesson.cast(events.EndRequested()).state == "completed"


@pytest.mark.parametrize("make", [reading, asked, remediating, reviewing, topic_done])
def test_a_teacher_ends_the_hold_and_the_lesson_stands_where_it_stood(make: type[Lesson]) -> None:
    lesson = make()
    state, question, remediation = lesson.state, lesson.data.question, lesson.data.remediation
    lesson.say(CRY).cast(CLEARED)

    assert lesson.fact(SafetyReleased).actor == "teacher:1"
    assert lesson.data.safety_hold == ""
    assert (lesson.state, lesson.data.question, lesson.data.remediation) == (state, question, remediation)


def test_where_nothing_is_held_there_is_nothing_to_end() -> None:
    assert asked().cast(CLEARED).refused
