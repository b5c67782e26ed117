"""360 pixels wide, by touch: everything is there and nothing runs over the edge."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import Lesson, visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

#: Smaller targets are hard to hit with a thumb (WCAG 2.2, target size), in CSS pixels.
LEAST_TARGET = 24


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_lesson_by_touch(shared_live_system: LiveSystem, browser: Browser, scheme: str) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "has_touch": True, "is_mobile": True, "color_scheme": scheme}
    with visitor(browser, **phone) as context:
        lesson = Lesson(context.new_page(), shared_live_system.url)
        lesson.page.goto(lesson.url)
        assert overflow(lesson.page) == 0
        lesson.start_as_guest()
        lesson.go_to_first_question()
        lesson.say("9999")
        expect(lesson.verdicts).to_have_text(["Not yet"])

        assert overflow(lesson.page) == 0
        for target in lesson.page.get_by_role("button").all():
            if target.is_visible():
                size = target.bounding_box()
                assert size is not None
                assert min(size["width"], size["height"]) >= LEAST_TARGET, target.text_content()
                assert 0 <= size["x"] <= size["x"] + size["width"] <= 360, target.text_content()
        expect(lesson.lines.last).to_be_in_viewport()
        path = lesson.page.locator("#path")
        expect(path.locator(".path")).not_to_be_visible()
        path.locator("summary").tap()
        expect(path.locator(".path")).to_be_visible()
        assert overflow(lesson.page) == 0
        assert lesson.complaints == []
