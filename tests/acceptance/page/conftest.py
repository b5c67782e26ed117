from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import Lesson, browser_context
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


@pytest.fixture
def lesson(shared_live_system: LiveSystem, chromium_path: str) -> Iterator[Lesson]:
    """A new browser in front of a running system; whatever it complains about fails the test."""
    with browser_context(chromium_path, viewport={"width": 1180, "height": 860}) as context:
        open_lesson = Lesson(context.new_page(), shared_live_system.url)
        yield open_lesson

        assert open_lesson.complaints == []
