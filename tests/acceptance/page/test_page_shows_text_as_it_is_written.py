"""With a model: its text appears while it is written, a reload goes on in the middle of it, and Stop stops it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.live_system import LiveSystem
from tests.acceptance.page.browser import DESKTOP, Lesson, visitor
from tests.model_server import ModelServer, says, stalls
from tests.temporary_data import temporary_data_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

FIRST, SECOND = "An equation is a balance. ", "Both sides weigh the same."


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture(scope="module")
def system_with_model(model: ModelServer) -> Iterator[LiveSystem]:
    """A system whose explanations come from a model."""
    with temporary_data_folder() as data:
        system = LiveSystem(data, {"LLM_BASE_URL": model.url, "LLM_API_KEY": "k", "LLM_MODEL": "m"})
        try:
            system.start()
            yield system
        finally:
            system.end()


@pytest.fixture
def asked(system_with_model: LiveSystem, browser: Browser) -> Iterator[Lesson]:
    """A lesson at its beginning."""
    with visitor(browser, **DESKTOP) as context:
        lesson = Lesson(context.new_page(), system_with_model.url)
        lesson.start_as_guest()
        expect(lesson.button("Continue")).to_be_visible()
        yield lesson

        assert lesson.complaints == []


def test_a_reload_goes_on_in_the_middle_and_stop_keeps_what_was_shown(asked: Lesson, model: ModelServer) -> None:
    model.behaviour = stalls(FIRST)
    asked.say("What is an equation?")
    streaming = asked.page.locator("#streaming")
    expect(streaming).to_have_text(FIRST.strip())
    asked.page.reload()
    expect(streaming).to_have_text(FIRST.strip())

    asked.press("Stop")
    expect(streaming).to_be_hidden()
    expect(asked.page.locator(".says", has_text="stopped here")).to_contain_text(FIRST.strip())
    asked.assert_same_after_reload()


def test_what_was_written_is_what_stays(asked: Lesson, model: ModelServer) -> None:
    model.behaviour = says(FIRST, SECOND, every_s=0.3)
    asked.say("What is an equation?")
    expect(asked.page.locator("#streaming")).to_contain_text(FIRST.strip())
    expect(asked.page.locator(".says p", has_text=SECOND)).to_have_text(FIRST + SECOND)
    expect(asked.page.locator("#streaming")).to_be_hidden()
