"""A teacher finds a learner in the list, watches the lesson as it happens, and steps in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import DESKTOP, Lesson, sign_in_as_admin, visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


@pytest.fixture
def teacher(shared_live_system: LiveSystem, browser: Browser) -> Iterator[Page]:
    """The list of live sessions, in a browser of its own."""
    with visitor(browser, **DESKTOP) as context:
        page = context.new_page()
        sign_in_as_admin(page, shared_live_system, "/teach/")
        yield page


def watch(teacher: Page, lesson: Lesson) -> None:
    """Open the page of the learner's session from the list."""
    cookie_free = lesson.page.context.request.get(f"{lesson.url}/")
    name = cookie_free.text().split("Signed in as ")[1].split("<")[0]
    teacher.get_by_role("link", name=name).click()
    expect(teacher.locator("#connection")).to_have_attribute("data-status", "connected")


def test_what_the_learner_does_is_seen_and_a_known_error_treated(lesson: Lesson, teacher: Page) -> None:
    lesson.start_as_guest()
    lesson.go_to_first_question()
    watch(teacher, lesson)
    expect(teacher.locator(".question .prompt")).to_have_text(lesson.question.locator(".prompt").text_content() or "")

    lesson.say("9999")
    expect(teacher.locator(".verdict")).to_have_text(["Not yet"])
    expect(teacher.locator(".line.learner .text")).to_have_text(["9999"])
    expect(teacher.locator("#why")).to_contain_text("the learner")
    assert teacher.locator("#text").count() == 0, "who only watches has nothing to write with"

    teacher.locator("#known-error").select_option(index=1)
    teacher.get_by_role("button", name="Treat it").click()
    expect(teacher.locator("#done")).to_contain_text("is treated next")
    expect(lesson.page.locator(".line.note").last).to_have_text("Let us look at one thing more closely.")
    expect(teacher.locator("#state")).to_have_text("Treating a known error")


def test_an_operator_suspends_and_lets_go_on(lesson: Lesson, teacher: Page) -> None:
    lesson.start_as_guest()
    expect(lesson.button("Continue")).to_be_visible()
    watch(teacher, lesson)
    teacher.get_by_role("button", name="Suspend").click()
    expect(teacher.locator("#state")).to_have_text("Suspended")
    lesson.say("Is anybody there?")
    expect(lesson.page.locator("#queue .text")).to_have_text(["Is anybody there?"])
    expect(teacher.locator(".waiting-lines .text")).to_have_text(["Is anybody there?"])

    teacher.get_by_role("button", name="Let it go on").click()
    expect(lesson.page.locator("#waiting")).to_be_hidden()
    expect(lesson.page.locator(".line.learner .text")).to_have_text(["Is anybody there?"])


def test_a_held_lesson_is_shown_first_and_released(lesson: Lesson, teacher: Page) -> None:
    lesson.start_as_guest()
    lesson.say("I want to kill myself")
    expect(teacher.locator("#sessions tr").first).to_contain_text("Held for safety")
    watch(teacher, lesson)
    teacher.get_by_role("button", name="Let the lesson go on").click()
    expect(teacher.locator("#done")).to_have_text("The lesson goes on.")
    expect(teacher.locator("#notes")).to_contain_text("Let the lesson go on")
    lesson.press("Continue")

    assert lesson.complaints == []
