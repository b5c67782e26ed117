"""The network goes and comes back: the page says so, and what was written meanwhile arrives once."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]


def test_what_is_said_offline_arrives_once(lesson: Lesson) -> None:
    lesson.start_as_guest()
    expect(lesson.button("Continue")).to_be_visible()
    lesson.page.evaluate("window.sameDocument = true")

    lesson.page.context.set_offline(True)
    expect(lesson.page.locator("#connection-words")).to_have_text("You are offline")
    lesson.say("What is an equation?")
    expect(lesson.page.locator(".sending .text")).to_have_text(["What is an equation?"])
    lesson.page.context.set_offline(False)
    lesson.wait_connected()
    expect(lesson.page.locator(".line.learner:not(.sending)")).to_have_count(1)
    lesson.wait_settled()

    assert lesson.learner_lines == ["What is an equation?"]
    assert lesson.page.evaluate("window.sameDocument"), "the page was reloaded"
    lesson.assert_same_after_reload()
