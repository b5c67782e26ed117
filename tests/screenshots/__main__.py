"""``make screenshots``: every page of a real system, as learners, teachers and operators see it.

Each in light and dark at desk width, and at phone width, as ``<page>-<look>.png``: to look at after a change of a page.
The pictures of the documentation are taken from here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from rich.console import Console

from tests import chromium
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import DESKTOP, PHONE, Lesson, sign_in_as_admin, started_browser, visitor
from tests.temporary_data import temporary_data_folder

LOOKS: dict[str, dict[str, Any]] = {
    "light": {**DESKTOP, "color_scheme": "light"},
    "dark": {**DESKTOP, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
}


def learner_pages(context: BrowserContext, system: LiveSystem) -> Iterator[tuple[str, Page]]:
    """The courses, a lesson from its first words to a verdict, an estimate, and German."""
    page = context.new_page()
    lesson = Lesson(page, system.url)
    page.goto(system.url)
    yield "courses", page
    lesson.start_as_guest()
    expect(lesson.button("Continue")).to_be_visible()
    yield "lesson-begins", page
    lesson.go_to_first_question()
    lesson.say("9999")
    expect(lesson.verdicts).to_have_count(1)
    lesson.wait_settled()
    lesson.press("Hint")
    yield "lesson", page
    skill = page.locator("[data-skill]").first.get_by_role("button")
    if skill.is_visible():
        skill.click()
        yield "estimate", page
        page.keyboard.press("Escape")
    page.goto(system.url)
    yield "courses-again", page
    page.get_by_role("button", name="Deutsch").or_(page.get_by_role("link", name="Deutsch")).first.click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    yield "courses-german", page


def teacher_pages(context: BrowserContext, system: LiveSystem) -> Iterator[tuple[str, Page]]:
    """Live sessions, one that is watched, and the admin's lists and forms."""
    page = context.new_page()
    sign_in_as_admin(page, system, "/teach/")
    yield "live-sessions", page
    page.locator("main").get_by_role("link", name="guest").first.click()
    expect(page.locator("#connection")).to_have_attribute("data-status", "connected")
    yield "watch", page
    for name, path in {
        "admin": "/admin/",
        "admin-calls": "/admin/tools_app/toolcall/",
        "admin-workers": "/admin/tools_app/worker/",
        "admin-courses": "/admin/tutor/course/",
        "admin-sessions": "/admin/sessions_app/session/",
    }.items():
        page.goto(f"{system.url}{path}")
        yield name, page
    page.locator("#result_list tbody th a").first.click()
    yield "admin-session", page


def take(browser: Browser, system: LiveSystem, to: Path, console: Console) -> int:
    """Returns how many were taken."""
    taken = 0
    for look, options in LOOKS.items():
        for pages in (learner_pages, teacher_pages):
            with visitor(browser, **options) as context:
                for name, page in pages(context, system):
                    page.wait_for_timeout(300)  # what moves has come to rest
                    page.screenshot(path=to / f"{name}-{look}.png")
                    console.print(f"{name}-{look}.png")
                    taken += 1
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    parser.add_argument("--to", type=Path, default=Path(".data/screenshots"), help="folder")
    options = parser.parse_args()
    options.to.mkdir(parents=True, exist_ok=True)
    console = Console(stderr=True)
    with temporary_data_folder() as data, started_browser(chromium.program()) as browser:
        system = LiveSystem(data)
        try:
            system.start()
            taken = take(browser, system, options.to, console)
        finally:
            system.end()
    console.print(f"{taken} pictures in {options.to}")


if __name__ == "__main__":
    main()
