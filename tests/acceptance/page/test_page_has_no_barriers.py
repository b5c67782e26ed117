"""axe finds nothing to object to on any page: light and dark, wide and on a phone, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import DESKTOP, PHONE, Lesson, sign_in_as_admin, visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.browser, pytest.mark.timeout(240)]

AXE = Path(__file__).parents[2] / "peers" / "node_modules" / "axe-core" / "axe.min.js"
_RUN = """axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations.map(
  ({id, help, nodes}) => `${id}: ${help}: ${nodes.map(({target}) => target.join(" ")).join(", ")}`))"""


def assert_no_barriers(page: Page) -> None:
    """Nothing wrong with what is on the page now, in light and in dark."""
    assert AXE.exists(), "install it first: npm ci --prefix tests/peers (`make test` does)"
    page.evaluate(AXE.read_text())
    # Colours glide for a moment when the scheme changes; what counts is where they arrive.
    page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(_RUN) == [], f"{page.url}, {scheme}"


@pytest.mark.parametrize(("screen", "language"), [(DESKTOP, "en-US"), (PHONE, "de-DE")], ids=["desktop", "phone"])
def test_nothing_stands_in_anybodys_way(
    shared_live_system: LiveSystem, browser: Browser, screen: dict[str, object], language: str
) -> None:
    with visitor(browser, locale=language, **screen) as context:
        lesson = Lesson(context.new_page(), shared_live_system.url)
        page = lesson.page
        page.goto(lesson.url)
        assert_no_barriers(page)
        page.locator("#linear-equations button").click()
        lesson.wait_connected()
        for _ in range(20):
            lesson.wait_settled()
            if page.locator(".question").count():
                break
            page.locator("[data-action=continue]").click()
        lesson.say("9999")
        expect(lesson.verdicts).to_have_count(1)
        page.locator("[data-action=hint]").click()
        expect(page.locator(".hint")).to_be_visible()
        assert_no_barriers(page)
        page.locator(".edit").last.click()
        if screen is PHONE:
            page.locator("#path summary").click()
        assert_no_barriers(page)
        page.locator("#show-keys").click()
        assert_no_barriers(page)
        page.keyboard.press("Escape")
        page.locator("[data-skill] button").first.click()
        expect(page.locator("#estimate li").first).to_be_visible()
        assert_no_barriers(page)
        page.keyboard.press("Escape")
        page.goto(lesson.url)
        assert_no_barriers(page)

        assert page.evaluate("document.documentElement.lang") == language[:2]
        assert lesson.complaints == []


@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_stands_in_a_teachers_way(
    shared_live_system: LiveSystem, browser: Browser, screen: dict[str, object]
) -> None:
    with visitor(browser, **screen) as learners, visitor(browser, **screen) as teachers:
        Lesson(learners.new_page(), shared_live_system.url).start_as_guest()
        page = teachers.new_page()
        sign_in_as_admin(page, shared_live_system, "/teach/")
        expect(page.locator("#sessions tr").first).to_be_visible()
        assert_no_barriers(page)
        page.locator("#sessions a").first.click()
        expect(page.locator("#why")).not_to_be_empty()
        if screen is PHONE:
            page.locator("#path summary").click()
        assert_no_barriers(page)
