from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import DESKTOP, Lesson, started_browser, visitor
from tests.temporary_data import temporary_data_folder


@pytest.fixture(scope="package")
def shared_live_system() -> Iterator[LiveSystem]:
    """One whole system for all tests of the page that leave it running."""
    with temporary_data_folder() as data:
        system = LiveSystem(data)
        try:
            system.start()
            yield system
        finally:
            system.end()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """One browser for all tests of a file, and no longer: while it is open, its event loop runs in this thread, and no
    asynchronous test could."""
    with started_browser(chromium_path) as running:
        yield running


@pytest.fixture
def lesson(shared_live_system: LiveSystem, browser: Browser) -> Iterator[Lesson]:
    """Somebody new in front of a running system; whatever the browser complains about fails the test."""
    with visitor(browser, **DESKTOP) as context:
        open_lesson = Lesson(context.new_page(), shared_live_system.url)
        yield open_lesson

        assert open_lesson.complaints == []
