"""Every scenario of ``tests.client_scenarios``, by the ES module in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from playwright.async_api import BrowserContext, Page

from tests.client_scenarios import PATIENCE_S, SCENARIOS, Scenario
from tests.scripted_server import ScriptedServer, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

#: Keeps what a user would have seen in ``window.seen``.
WITNESS = """
async () => {
  const { TutorClient } = await import("/static/sessions_app/client.js");
  const pace = { first: 20, longest: 50, opening: 2000, silence: 300, behind: 50 };
  window.client = new TutorClient({ course: "algebra", pace });
  window.seen = { events: [], streamed: "", statuses: [], resyncs: 0, answers: [], end: null };
  client.addEventListener("event", ({ detail }) => seen.events.push([detail.seq, detail.t, detail.d]));
  client.addEventListener("output", ({ detail }) => { seen.streamed += detail.added; });
  client.addEventListener("resync", () => { seen.resyncs += 1; seen.events = []; seen.streamed = ""; });
  client.addEventListener("connection", ({ detail }) => {
    seen.statuses.push(detail.status);
    if (detail.status === "closed") seen.end = detail.code;
  });
  client.open();
}
"""
SEND = """
([command, d]) => {
  client.send(command, d).then(
    ({ duplicate }) => seen.answers.push({ duplicate }),
    ({ code }) => seen.answers.push({ code }),
  );
}
"""


class Module:
    """Drives the ES module."""

    def __init__(self, tab: Page) -> None:
        self._tab = tab

    def _seen(self, what: str) -> Callable[[], Any]:
        return lambda: self._tab.evaluate(f"seen.{what}")

    async def events(self) -> list[tuple[int, str, dict[str, Any]]]:
        return [(seq, kind, d) for seq, kind, d in await self._seen("events")()]

    async def streamed(self) -> str:
        return cast("str", await self._seen("streamed")())

    async def statuses(self) -> list[str]:
        return cast("list[str]", await self._seen("statuses")())

    async def resyncs(self) -> int:
        return cast("int", await self._seen("resyncs")())

    async def answers(self) -> list[dict[str, Any]]:
        return cast("list[dict[str, Any]]", await self._seen("answers")())

    async def end(self) -> int | None:
        return cast("int | None", await self._seen("end")())

    async def send(self, command: str, d: dict[str, Any]) -> None:
        await self._tab.evaluate(SEND, [command, d])


@pytest.mark.parametrize("play", SCENARIOS.values(), ids=SCENARIOS)
async def test_scenario(server: ScriptedServer, context: BrowserContext, play: Scenario) -> None:
    tab = await context.new_page()
    await tab.goto(server.url + "/empty/")
    await tab.evaluate(WITNESS)
    await until(lambda: server._live, within_s=PATIENCE_S)

    await play(server, Module(tab))
