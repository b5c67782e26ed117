"""A learner opens the page, starts as a guest and learns: a wrong answer, a hint, the right answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def test_a_guest_learns_something_in_one_click(lesson: Lesson) -> None:
    lesson.start_as_guest()
    question = lesson.go_to_first_question()
    number = lesson.page.locator(".question").count()
    expect(question).to_contain_text(f"Question {number}")
    right = lesson.right_answer

    lesson.say("9999")
    expect(lesson.verdicts).to_have_text(["Not yet"])
    expect(lesson.box).to_have_value("")
    lesson.press("Hint")
    expect(lesson.page.locator(".hint")).to_be_visible()
    lesson.say(str(right))
    expect(lesson.verdicts).to_have_text(["Not yet", "Correct"])
    expect(lesson.question).to_contain_text(f"Question {number + 1}")

    assert lesson.learner_lines == ["9999", str(right)]
    assert lesson.page.locator(".question.closed").count() == number
    skill = lesson.page.locator("[data-skill]").first
    expect(skill.locator("progress")).not_to_have_js_property("value", 0)
    lesson.assert_same_after_reload()


def test_what_may_be_done_is_offered_and_nothing_else(lesson: Lesson) -> None:
    lesson.start_as_guest()
    expect(lesson.button("Continue")).to_be_visible()
    expect(lesson.button("Show the solution")).to_have_count(0)
    lesson.go_to_first_question()
    expect(lesson.button("Show the solution")).to_be_visible()
    expect(lesson.button("Continue")).to_have_count(0)
    expect(lesson.button("Mine is right")).to_have_count(0)
    lesson.say("9999")
    expect(lesson.button("Mine is right")).to_be_visible()

    lesson.press("Show the solution")
    expect(lesson.lines.last).to_contain_text("hint")
    lesson.press("Show the solution")
    expect(lesson.button("Continue")).to_be_visible()
    expect(lesson.button("Show the solution")).to_have_count(0)


def test_a_pause_keeps_everything(lesson: Lesson) -> None:
    lesson.start_as_guest()
    lesson.page.get_by_role("button", name="Pause the lesson").click()
    expect(lesson.button("Go on")).to_be_visible()
    lesson.assert_same_after_reload()
    lesson.press("Go on")
    expect(lesson.button("Continue")).to_be_visible()


def test_what_a_learner_writes_is_shown_as_written(lesson: Lesson) -> None:
    lesson.start_as_guest()
    lesson.say("<img src=x onerror=alert(1)> **not bold** $x$")
    expect(lesson.page.locator(".line.learner:not(.sending)")).to_have_count(1)

    assert lesson.learner_lines == ["<img src=x onerror=alert(1)> **not bold** $x$"]
    assert lesson.page.locator(".line.learner img, .line.learner math").count() == 0


def test_two_tabs_show_the_same(lesson: Lesson) -> None:
    lesson.start_as_guest()
    other = Lesson(lesson.page.context.new_page(), lesson.url)
    other.page.goto(lesson.page.url)
    other.wait_connected()
    lesson.press("Continue")
    other.say("What does it mean to solve an equation?")
    expect(lesson.page.locator(".line.learner")).to_have_count(1)
    expect(lesson.page.locator("#activity")).to_be_empty()
    expect(other.lines).to_have_count(lesson.lines.count())

    assert lesson.transcript == other.transcript
    assert other.complaints == []


def test_who_is_not_signed_in_is_led_to_the_courses(lesson: Lesson) -> None:
    lesson.page.goto(f"{lesson.url}/learn/linear-equations/")

    expect(lesson.page).to_have_url(f"{lesson.url}/#linear-equations")
    expect(lesson.page.get_by_role("button", name="Start as a guest").first).to_be_visible()
