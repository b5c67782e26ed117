"""The server goes away in mid-lesson and comes back: no reload, no line lost, none doubled."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import Lesson, visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.timeout(240)]


def test_a_lesson_goes_on_after_a_restart_and_after_a_crash(live_system: LiveSystem, browser: Browser) -> None:
    with visitor(browser) as context:
        lesson = Lesson(context.new_page(), live_system.url)
        lesson.start_as_guest()
        lesson.go_to_first_question()
        lesson.page.evaluate("window.sameDocument = true")
        right, asked = lesson.right_answer, lesson.page.locator(".question").count()

        live_system.stop()
        expect(lesson.page.locator("#connection")).not_to_have_attribute("data-status", "connected")
        lesson.say("9999")
        expect(lesson.page.locator(".sending .text")).to_have_text(["9999"])
        assert lesson.box.input_value() == "9999", "the text stays in the box until it is accepted"
        live_system.start()
        lesson.wait_connected()
        expect(lesson.verdicts).to_have_text(["Not yet"], timeout=30_000)
        assert lesson.box.input_value() == ""
        assert lesson.learner_lines == ["9999"]

        live_system.kill("web")
        lesson.say(str(right))
        expect(lesson.verdicts).to_have_text(["Not yet", "Correct"], timeout=60_000)
        expect(lesson.page.locator(".question")).to_have_count(asked + 1)
        assert lesson.learner_lines == ["9999", str(right)]

        live_system.kill("worker")
        lesson.say("9999")
        expect(lesson.verdicts).to_have_count(3, timeout=60_000)
        expect(lesson.page.locator("#activity")).to_be_empty()

        assert lesson.page.evaluate("window.sameDocument"), "the page was reloaded"
        lesson.assert_same_after_reload()
        assert lesson.complaints == []
