"""A real browser on the page, and what a learner does there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.acceptance.live_system import LiveSystem

#: Without a sandbox because tests may run as root, and without anything that would call home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LIMIT_MS = 15_000


DESKTOP = {"viewport": {"width": 1180, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@contextmanager
def started_browser(chromium_path: str) -> Iterator[Browser]:
    """The browser's process. Starting it is what takes time; each visitor has a context of their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Somebody new: no cookies, no history. Options are those of Playwright's ``new_context``."""
    context = browser.new_context(**options)
    context.set_default_timeout(LIMIT_MS)
    try:
        yield context
    finally:
        context.close()


def sign_in_as_admin(page: Page, system: LiveSystem, then: str) -> None:
    """Sign in as the administrator of a live system and go on to a page."""
    page.goto(f"{system.url}/admin/login/?next={then}")
    page.fill("#id_username", "admin")
    page.fill("#id_password", system.data.secret("admin"))
    page.press("#id_password", "Enter")
    page.wait_for_url(f"**{then}")


_AWAY = ("WebSocket connection", "ERR_CONNECTION_REFUSED", "ERR_INTERNET_DISCONNECTED")


class Lesson:
    """The lesson page, as a learner uses it. Collects what the browser complains about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        expect.set_options(timeout=LIMIT_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._hear(message.type, message.text))

    def _hear(self, kind: str, text: str) -> None:
        # While the server is away a browser reports each failed attempt; that is not the page's fault.
        if kind == "error" and not any(away in text for away in _AWAY):
            self.complaints.append(text)

    def start_as_guest(self) -> None:
        self.page.goto(self.url)
        self.page.locator("#linear-equations").get_by_role("button", name="Start as a guest").click()
        self.wait_connected()

    def wait_connected(self) -> None:
        expect(self.page.locator("#connection")).to_have_attribute("data-status", "connected", timeout=30_000)

    @property
    def box(self) -> Locator:
        return self.page.locator("#text")

    def button(self, name: str) -> Locator:
        return self.page.locator("#actions").get_by_role("button", name=name)

    def press(self, name: str) -> None:
        button = self.button(name)
        expect(button).not_to_have_attribute("aria-disabled", "true")
        button.click()
        self.wait_settled()

    def wait_settled(self) -> None:
        """Until the command is answered (its events come before its answer) and no tool runs."""
        expect(self.page.locator("#actions")).not_to_have_class(re.compile(r"\bbusy\b"))

    def go_to_first_question(self) -> Locator:
        """Through the explanations to the first question that is answered with a number; choices are left for later."""
        for _ in range(20):
            if self.page.locator(".question:not(.closed)").count() == 0:
                self.press("Continue")
            elif self.question.locator("input").count():
                self.press("Leave for later")
            else:
                return self.question
        raise AssertionError("twenty steps and no such question yet")

    @property
    def question(self) -> Locator:
        return self.page.locator(".question").last

    @property
    def right_answer(self) -> int:
        """Of a question such as "Solve x + 3 = 13."; fails for other questions."""
        formula = self.question.locator("math").first.text_content() or ""
        found = re.fullmatch(r"x([+−-])(\d+)=(\d+)", formula)
        assert found, f"not a question this test can solve: {formula!r}"
        return int(found[3]) - int(found[2]) if found[1] == "+" else int(found[3]) + int(found[2])

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    @property
    def lines(self) -> Locator:
        return self.page.locator("#transcript > .line")

    @property
    def learner_lines(self) -> list[str]:
        return self.page.locator(".line.learner .text").all_text_contents()

    @property
    def verdicts(self) -> Locator:
        return self.page.locator(".verdict")

    @property
    def transcript(self) -> list[str]:
        """All lines as text, for comparison."""
        return self.lines.all_text_contents()

    def assert_same_after_reload(self) -> None:
        """What the page shows is what the log holds: nothing lost, nothing doubled, nothing out of order."""
        shown = self.transcript
        self.page.reload()
        self.wait_connected()
        expect(self.lines).to_have_count(len(shown))
        assert self.transcript == shown
