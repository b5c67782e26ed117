"""The real page and the real client module in a real browser, in front of a server that follows a script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

import sessions_app
from sessions_app.pages import words
from tests.acceptance.page.browser import ARGUMENTS
from tests.chromium import program
from tests.scripted_server import ScriptedServer

STATIC = Path(sessions_app.__file__).parent / "static" / "sessions_app"
COURSE = {
    "slug": "algebra",
    "title": "Algebra",
    "lang": "en",
    "topics": [{"id": "one", "title": "One step", "skills": [{"id": "add", "name": "Undo adding"}]}],
}
LESSON = "/learn/algebra/"


def rendered(template: str, **context: Any) -> bytes:
    """A page as the server makes it."""
    limits = {"text": 2_000}
    return render_to_string(f"sessions_app/{template}", {"course": COURSE, "limits": limits, **context}).encode()


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        running.files[LESSON] = ("text/html; charset=utf-8", rendered("lesson.html"))
        catalogue = words(RequestFactory().get("/words.js")).content
        running.files["/words.js"] = ("text/javascript; charset=utf-8", catalogue)
        running.files["/empty/"] = ("text/html; charset=utf-8", b"<!doctype html><title>empty</title>")
        running.folders["/static/sessions_app/"] = STATIC
        yield running


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all tests, because starting it is what takes time; each test has a context of its own."""
    found = program()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context()
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(context: BrowserContext, server: ScriptedServer) -> Page:
    """The lesson page, connected."""
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(server.url + LESSON)
    await page.wait_for_selector("[data-status=connected]")
    return page
