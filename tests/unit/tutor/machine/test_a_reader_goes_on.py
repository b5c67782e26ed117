"""While material is read, "ok" and "next" mean go on, small talk is led back, and a question is explained."""

from __future__ import annotations

import pytest

from tests.unit.tutor.machine.lesson import Lesson, reading
from tutor import interactions


@pytest.mark.parametrize(
    "text",
    ["ok", "OK!", "next", "next please", "okay, got it", "I see", "yes, go on", "thanks", "makes sense", "ready"],
)
def test_who_says_go_on_is_shown_the_next_piece(text: str) -> None:
    lesson = reading().say(text)

    assert (lesson.state, lesson.data.chunks) == ("exposition", 2)
    assert "Take an example." in lesson.said
    assert lesson.calls == []


def test_at_the_end_of_the_material_it_means_a_question() -> None:
    assert reading().say("ok").say("ok").state == "awaiting_answer"


@pytest.mark.parametrize(("text", "state"), [("skip", "awaiting_answer"), ("I need a break", "paused")])
def test_other_wishes_are_the_commands_they_name(text: str, state: str) -> None:
    assert reading().say(text).state == state


def test_a_hint_points_to_the_key_sentence() -> None:
    assert "Do the opposite on both sides." in reading().say("hint?").said


@pytest.mark.parametrize("text", ["tell me a joke", "do you like pizza?", "hello"])
def test_small_talk_is_led_back_without_a_call(text: str) -> None:
    lesson = reading().say(text)

    assert (lesson.state, lesson.calls) == ("exposition", [])
    assert "One step" in lesson.said


@pytest.mark.parametrize("text", ["What is a balance?", "why?", "12", "I don't understand", "ok?"])
def test_a_question_or_a_thought_is_explained(text: str) -> None:
    assert [call.tool for call in reading().say(text).calls] == ["clarify_concept"]


@pytest.mark.parametrize("text", ["yes", "No.", "I think so"])
def test_an_opinion_on_what_is_to_be_thought_about_is_kept_in_mind(text: str) -> None:
    lesson = Lesson(auto=True).start().say(text)

    said = [fact.text for fact in lesson.facts if isinstance(fact, interactions.OutputCommitted)]
    assert any(text.startswith("Keep that thought") for text in said)
    assert lesson.data.chunks == 1
