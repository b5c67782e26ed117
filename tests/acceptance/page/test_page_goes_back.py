"""An earlier line is changed: every tab goes back with it, or a branch goes on and the lesson stays as it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def test_a_changed_line_is_changed_for_every_tab(lesson: Lesson) -> None:
    lesson.start_as_guest()
    lesson.go_to_first_question()
    lesson.say("9999")
    expect(lesson.verdicts).to_have_text(["Not yet"])
    other = Lesson(lesson.page.context.new_page(), lesson.url)
    other.page.goto(lesson.page.url)
    other.wait_connected()
    expect(other.verdicts).to_have_text(["Not yet"])

    lesson.page.get_by_role("button", name="Change this line and go on from here").click()
    lesson.say(str(lesson.right_answer))
    for tab in (lesson, other):
        expect(tab.verdicts).to_have_text(["Correct"])
        assert len(tab.learner_lines) == 1
    lesson.wait_settled()
    expect(other.lines).to_have_count(lesson.lines.count())
    assert lesson.transcript == other.transcript
    assert other.complaints == []


def test_a_branch_leaves_the_lesson_as_it_is(lesson: Lesson) -> None:
    lesson.start_as_guest()
    lesson.go_to_first_question()
    lesson.say("9999")
    expect(lesson.verdicts).to_have_text(["Not yet"])
    lesson.wait_settled()
    before, course = lesson.transcript, lesson.page.url
    right = str(lesson.right_answer)

    lesson.page.get_by_role("button", name="Change this line and go on from here").click()
    lesson.page.get_by_label("In a branch of its own").check()
    lesson.say(right)
    lesson.page.wait_for_url("**/sessions/*/")
    expect(lesson.verdicts).to_have_text(["Correct"])

    lesson.page.goto(course)
    lesson.wait_connected()
    expect(lesson.lines).to_have_count(len(before))
    assert lesson.transcript == before
    lesson.page.goto(lesson.url)
    expect(lesson.page.locator(".lessons a")).to_have_count(2)
    expect(lesson.page.locator(".lessons .tag")).to_have_text(["branch"])
