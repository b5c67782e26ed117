"""A learner looks up why the tutor believes something, disagrees, and reviews what was learned."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def end(lesson: Lesson) -> None:
    """End the course early, as any client may; the page has no button for it."""
    lesson.page.evaluate("""async () => {
        const [{session}] = await (await fetch("/api/sessions")).json();
        const headers = {"X-CSRFToken": document.body.dataset.csrf, "Content-Type": "application/json"};
        const body = JSON.stringify({t: "session.close", id: crypto.randomUUID(), d: {}});
        await fetch(`/api/sessions/${session}/commands`, {method: "POST", headers, body});
    }""")


def test_an_estimate_is_looked_up_contested_and_reviewed(lesson: Lesson) -> None:
    page = lesson.page
    lesson.start_as_guest()
    lesson.go_to_first_question()
    lesson.say("9999")
    expect(lesson.verdicts).to_have_text(["Not yet"])
    lesson.wait_settled()
    begun = page.locator("[data-skill]", has_not=page.get_by_text("not started"))
    changed = begun.first.get_by_role("button")
    skill = changed.text_content()
    changed.click()
    dialog = page.get_by_role("dialog", name=skill)
    expect(dialog).to_contain_text("0 of 1 question was right at the first attempt, without help.")
    expect(dialog.get_by_role("listitem")).to_have_text(["not yet"])

    dialog.get_by_role("button", name="I know this: test me").click()
    expect(dialog).to_be_hidden()
    expect(lesson.lines.last).to_contain_text("Then show me: the next question")
    expect(changed).to_be_focused()

    # One question may be about several skills; the review begins with what is believed of each.
    known = begun.count()
    assert known >= 1
    end(lesson)
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/sessions/*/")
    lesson.wait_connected()
    expect(lesson.question).to_be_visible()
    expect(begun).to_have_count(known)
    page.goto(lesson.url)
    course = page.locator("#linear-equations")
    expect(course.get_by_role("link", name="Go on")).to_be_visible()
    expect(course).to_contain_text("0 of")

    page.get_by_role("link", name="Go on").first.click()
    lesson.wait_connected()
    end(lesson)
    expect(page.get_by_role("button", name="Review")).to_be_visible()
    page.goto(lesson.url)
    course.get_by_role("button", name="Review").click()
    page.wait_for_url("**/learn/linear-equations/")
    lesson.wait_connected()
    expect(lesson.question).to_be_visible()
