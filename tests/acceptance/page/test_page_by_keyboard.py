"""No mouse: Tab, Enter, Space and arrows are enough for a lesson."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def tab_to(lesson: Lesson, target: Locator, *, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; fails where Tab does not lead there."""
    expect(target).to_be_visible()
    for _ in range(40):
        if target.evaluate("element => element === document.activeElement"):
            return
        lesson.page.keyboard.press(key)
    raise AssertionError("Tab does not lead there")


def test_a_lesson_without_a_mouse(lesson: Lesson) -> None:
    keyboard = lesson.page.keyboard
    lesson.page.goto(lesson.url)
    tab_to(lesson, lesson.page.locator("#linear-equations").get_by_role("button", name="Start as a guest"))
    keyboard.press("Enter")
    lesson.wait_connected()
    expect(lesson.box).to_be_focused()

    for _ in range(20):
        # Choices are another test's: they are left for later.
        is_asked = lesson.page.locator(".question:not(.closed)").count() > 0
        if is_asked and lesson.question.locator("input").count() == 0:
            break
        tab_to(lesson, lesson.button("Leave for later" if is_asked else "Continue"), key="Shift+Tab")
        keyboard.press("Enter")
        lesson.wait_settled()
    tab_to(lesson, lesson.box)
    right = str(lesson.right_answer)

    keyboard.type("first line")
    keyboard.press("Shift+Enter")
    assert lesson.box.input_value() == "first line\n"
    keyboard.press("Control+A")
    keyboard.type(right)
    keyboard.press("Enter")
    expect(lesson.verdicts).to_have_text(["Correct"])
    expect(lesson.box).to_be_focused()

    tab_to(lesson, lesson.button("Hint"), key="Shift+Tab")
    keyboard.press("Space")
    expect(lesson.page.locator(".hint")).to_be_visible()
    expect(lesson.button("Hint")).to_be_focused()


def test_a_choice_is_made_with_the_arrows(lesson: Lesson) -> None:
    lesson.start_as_guest()
    choices = lesson.page.locator(".question:not(.closed) input[type=radio]")
    for _ in range(30):
        if choices.count():
            break
        lesson.press("Leave for later" if lesson.button("Leave for later").count() else "Continue")
    # Going backwards, the first of a group that is reached is its last.
    tab_to(lesson, choices.last, key="Shift+Tab")
    lesson.page.keyboard.press("ArrowDown")
    expect(choices.first).to_be_checked()
    lesson.page.keyboard.press("ArrowDown")
    expect(choices.nth(1)).to_be_checked()
    lesson.page.keyboard.press("Enter")
    expect(lesson.verdicts).to_have_count(1)

    assert lesson.learner_lines[0].startswith("B. ")
    lesson.assert_same_after_reload()
