"""What the page shows while things go wrong: honest about the connection, careful with the learner's words."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.scripted_server import ScriptedServer, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def test_a_line_is_shown_at_once_and_confirmed_once(server: ScriptedServer, page: Page) -> None:
    server.mute = True
    await say(page, "x = 4")
    await expect(page.locator(".sending .text")).to_have_text("x = 4")
    await expect(page.locator("#text")).to_have_value("x = 4")
    server.mute = False
    server.drop()
    await expect(page.locator(".line.learner:not(.sending) .text")).to_have_text(["x = 4"])
    await expect(page.locator(".line.learner")).to_have_count(1)
    await expect(page.locator("#text")).to_have_value("")
    await expect(page.locator("#text")).to_be_editable()


async def test_a_refusal_is_said_by_the_box_and_the_text_stays_in_it(server: ScriptedServer, page: Page) -> None:
    server.refusals = [{"code": "over_budget", "message": "That is enough for today.", "retry": "later"}]
    await say(page, "one more?")
    await expect(page.locator("#notice")).to_have_text("That is enough for today.")
    await expect(page.locator(".line.learner")).to_have_count(0)
    await expect(page.locator("#text")).to_have_value("one more?")
    await page.press("#text", "!")
    await expect(page.locator("#notice")).to_be_hidden()


async def test_a_text_the_tutor_failed_on_comes_back_into_the_box(server: ScriptedServer, page: Page) -> None:
    await say(page, "a long thought")
    await until(lambda: server.accepted)
    cause = next(iter(server.accepted))
    server.happen("turn.started", turn="t1", cause=cause, by="learner")
    await expect(page.locator("#text")).to_have_value("")
    server.happen("turn.finished", turn="t1", cause=cause, outcome="failed")
    await expect(page.locator("#text")).to_have_value("a long thought")


async def test_the_connection_is_told_as_it_is(server: ScriptedServer, page: Page) -> None:
    words, status = page.locator("#connection-words"), page.locator("#connection")
    await expect(words).to_have_text("Connected")
    await server.bye(1001, "moving", reconnect=True, after_ms=4_000)
    await expect(words).to_have_text("Reconnecting")
    await expect(page.locator("#connection-count")).to_have_text("in 4 s")
    await page.context.set_offline(True)
    await expect(words).to_have_text("You are offline")
    await page.context.set_offline(False)
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(words).to_have_text("Connected")
    await server.bye(4410, "closed")
    await expect(status).to_have_attribute("data-status", "closed")
    await expect(page.locator("#notice")).to_have_text("This lesson is over.")
    await expect(page.get_by_role("link", name="Open the lesson anew")).to_be_visible()


async def test_the_learner_need_not_wait_for_the_next_try(server: ScriptedServer, page: Page) -> None:
    await server.bye(1001, "moving", reconnect=True, after_ms=60_000)
    await page.get_by_role("button", name="Try now").click()
    await expect(page.locator("#connection")).to_have_attribute("data-status", "connected")


async def test_it_says_what_the_tutor_is_doing(server: ScriptedServer, page: Page) -> None:
    doing = page.locator("#activity")
    server.happen("turn.started", turn="t1", by="learner")
    await expect(doing).to_have_text("Thinking…")
    server.happen("tool.requested", turn="t1", call="c1", name="check_answer")
    await expect(doing).to_have_text("Checking your answer…")
    server.happen("state.changed", turn="t1", **{"from": "awaiting_answer", "to": "awaiting_tool_result", "why": ""})
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    server.happen("tool.finished", turn="t1", call="c1", name="check_answer", attempts=1)
    server.happen("turn.finished", turn="t1", outcome="completed")
    server.happen("state.changed", **{"from": "awaiting_tool_result", "to": "awaiting_answer", "why": ""})
    await expect(doing).to_have_text("")
    await expect(page.get_by_role("button", name="Stop")).to_have_count(0)


async def test_streamed_text_is_replaced_by_what_was_committed(server: ScriptedServer, page: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner")
    await until(lambda: server._live)
    server.write("It is $x")
    await expect(page.locator("#streaming")).to_have_text("It is $x")
    server.happen(
        "output.committed", turn="t1", text="It is $x$.", html="<p>It is <math><mi>x</mi></math>.</p>", len=10
    )
    await expect(page.locator("#streaming")).to_be_hidden()
    await expect(page.locator(".line.tutor .says")).to_have_text("It is x.")


async def test_new_lines_are_read_out_and_old_ones_are_not(server: ScriptedServer, page: Page) -> None:
    await expect(page.locator("#transcript")).to_have_attribute("aria-live", "polite")
    server.happen("output.committed", text="Hello", html="<p>Hello</p>", len=5)
    await page.add_init_script("""
        addEventListener("DOMContentLoaded", () => {
          const log = document.getElementById("transcript");
          new MutationObserver(() => { window.readOut = (window.readOut ?? 0) + (log.ariaLive !== "off"); })
            .observe(log, { childList: true });
        });
    """)
    await page.reload()
    await expect(page.locator(".line.tutor")).to_have_count(1)
    await expect(page.locator("#transcript")).to_have_attribute("aria-live", "polite")

    assert not await page.evaluate("window.readOut")


async def test_another_log_is_told_anew(server: ScriptedServer, page: Page) -> None:
    server.happen("output.committed", text="Old", html="<p>Old</p>", len=3)
    await expect(page.locator(".line.tutor")).to_have_text(["Tutor: Old"])
    server.events.clear()
    server.log_id = "log-2"
    server.happen("output.committed", text="New", html="<p>New</p>", len=3)
    server.drop()
    await expect(page.locator(".line.tutor")).to_have_text(["Tutor: New"])


async def test_a_choice_is_sent_by_its_id_and_shown_by_its_words(server: ScriptedServer, page: Page) -> None:
    choices = [
        {"id": "c-up", "text": "Up", "html": "<p>Up</p>"},
        {"id": "c-down", "text": "Down", "html": "<p>Down</p>"},
    ]
    server.happen(
        "question.asked", question="q1", prompt="Where?", prompt_html="<p>Where?</p>", number=1, skill="add",
        choices=choices, format={"type": "choice", "select": "one"}, why="",
    )  # fmt: skip
    await page.get_by_label("Down").check()
    await page.get_by_role("button", name="Check my answer").click()
    await until(lambda: server.accepted)

    sent = next(frame for frame in server.received if frame["t"] == "answer.submit")
    assert sent["d"] == {"question": "q1", "value": "c-down", "on_busy": "queue"}
    server.happen("message.accepted", cause=sent["id"], text="c-down")
    await expect(page.locator(".line.learner .text")).to_have_text(["B. Down"])
    server.happen("answer.checked", question="q1", answer="c-down", verdict="correct", feedback="")
    await expect(page.locator(".verdict")).to_have_text(["Correct"])
    await expect(page.get_by_label("Down")).to_be_disabled()
    server.happen("mastery.changed", skill="add", p=0.97, mastered=True, why="three in a row")
    await expect(page.locator("[data-skill=add] .level")).to_have_text("mastered")
    await expect(page.locator("#path-summary")).to_have_text("1 of 1 skill")


async def test_a_draft_outlives_a_reload(server: ScriptedServer, page: Page) -> None:
    await page.fill("#text", "half a thought")
    await page.reload()
    await expect(page.locator("#text")).to_have_value("half a thought")


async def test_new_lines_are_scrolled_to_unless_the_learner_reads_further_up(
    server: ScriptedServer, page: Page
) -> None:
    def speak(count: int) -> None:
        for number in range(count):
            server.happen("output.committed", text="", html=f"<p>Line {number}</p>" + "<p>more</p>" * 4, len=1)

    speak(20)
    await expect(page.locator(".line").last).to_be_in_viewport()
    await page.locator("#scroller").hover()
    await page.mouse.wheel(0, -1500)
    await expect(page.locator(".line").last).not_to_be_in_viewport()
    speak(1)
    await expect(page.locator("#newer")).to_be_visible()
    await expect(page.locator(".line").last).not_to_be_in_viewport()
    await page.locator("#newer").click()
    await expect(page.locator(".line").last).to_be_in_viewport()
    await expect(page.locator("#newer")).to_be_hidden()
