"""What the tutor believes is shown with its reasons, and a learner can disagree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.page.conftest import rendered

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SKILL = {
    "skill": "add", "name": "Undo adding", "topic": "one", "p": 0.8, "mastered": False, "why": "", "level": 0.5,
    "recent": ["not_yet", "unassisted"], "opportunities": 2, "unassisted": 1, "with_help": 0, "missing": 2,
    "next_review": None, "due": False, "remembered": None,
}  # fmt: skip
MASTERED = {**SKILL, "p": 0.99, "mastered": True, "missing": 0, "next_review": "2020-03-01T12:00:00+00:00", "due": True}
ERROR = {
    "known_error": "same_sign", "name": "Adds instead of subtracting", "skill": "add", "standing": "active", "seen": 1,
    "remediated": 0, "passed": 0, "relapsed": 0, "evidence": [{"question": "q1", "number": 1, "given": "<b>13</b>"}],
}  # fmt: skip


def believe(server: ScriptedServer, skill: dict[str, Any], *errors: dict[str, Any], **progress: Any) -> None:
    """What the session's address tells of the learner."""
    told = {"skills": [skill], "known_errors": list(errors), "mastered": int(skill["mastered"]), "taught": 1}
    told |= {"due": int(skill["due"]), "next_review": skill["next_review"], "why": None, **progress}
    body = json.dumps({"session": "s1", "head": 1_000, "progress": told}).encode()
    server.files["/api/sessions/s1"] = ("application/json", body)


async def sent(server: ScriptedServer, t: str) -> dict[str, Any]:
    await until(lambda: any(frame["t"] == t for frame in server.received))
    found: dict[str, Any] = next(frame["d"] for frame in server.received if frame["t"] == t)
    return found


async def test_what_was_known_before_this_lesson_is_on_the_path(server: ScriptedServer, page: Page) -> None:
    believe(server, MASTERED)
    await page.reload()
    await expect(page.locator("[data-skill=add] .level")).to_have_text("mastered")
    await expect(page.locator("#path-summary")).to_have_text("1 of 1 skill")


async def test_a_skill_tells_its_reason_and_its_next_review(server: ScriptedServer, page: Page) -> None:
    believe(server, SKILL)
    await page.reload()
    await expect(page.locator("[data-skill=add] .level")).to_have_text("getting sure")
    await page.get_by_role("button", name="Undo adding").focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Undo adding")
    await expect(dialog).to_contain_text("1 of 2 questions were right at the first attempt, without help.")
    await expect(dialog).to_contain_text("2 more are needed.")
    await expect(dialog.get_by_role("listitem")).to_have_text(["not yet", "right"])

    believe(server, MASTERED)
    server.happen("mastery.changed", skill="add", p=0.99, mastered=True, why="", next_review="2020-03-01")
    await expect(dialog).to_contain_text("Its review is due now.")
    await expect(dialog.get_by_role("button", name="I know this")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Undo adding")).to_be_focused()


async def test_a_learner_says_that_they_know_it(server: ScriptedServer, page: Page) -> None:
    await page.get_by_role("button", name="Undo adding").click()
    await expect(page.get_by_role("button", name="I am not sure of this")).to_be_hidden()
    await page.get_by_role("button", name="I know this: test me").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()

    assert await sent(server, "progress.contest") == {"claim": "known", "skill": "add"}


async def test_a_learner_says_that_they_are_not_sure(server: ScriptedServer, page: Page) -> None:
    believe(server, MASTERED)
    await page.reload()
    await expect(page.locator("[data-skill=add] .level")).to_have_text("mastered")
    await page.get_by_role("button", name="Undo adding").click()
    await page.get_by_role("button", name="I am not sure of this").click()

    assert await sent(server, "progress.contest") == {"claim": "unsure", "skill": "add"}


async def test_a_known_error_shows_its_evidence_and_can_be_sent_back(server: ScriptedServer, page: Page) -> None:
    believe(server, SKILL, ERROR)
    await page.reload()
    await expect(page.locator("[data-skill=add] .level")).to_have_text("getting sure")
    await page.get_by_role("button", name="Undo adding").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Question 1: you wrote “<b>13</b>”.")
    await page.get_by_role("button", name="That is not mine: Adds instead of subtracting").click()

    assert await sent(server, "progress.contest") == {"claim": "not_mine", "known_error": "same_sign"}
    believe(server, SKILL, {**ERROR, "standing": "contested"})
    server.happen("estimate.contested", claim="not_mine", known_error="same_sign")
    await page.get_by_role("button", name="Undo adding").click()
    await expect(page.get_by_role("dialog")).to_contain_text("You said that this is not yours.")
    await expect(page.get_by_role("button", name="That is not mine: Adds instead of subtracting")).to_have_count(0)


async def test_a_completed_lesson_offers_the_review_that_is_due(server: ScriptedServer, page: Page) -> None:
    believe(server, MASTERED)
    server.files["/sessions/s2/"] = ("text/html; charset=utf-8", rendered("lesson.html", session={"pk": "s2"}))
    asked = []

    async def answer(route: Any) -> None:
        asked.append(json.loads(route.request.post_data)["t"])
        body = {"t": "ok", "d": {"session": "s2", "new": True, "seq": 9, "disposition": "applied", "duplicate": False}}
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    await page.route("**/api/sessions/s1/commands", answer)
    server.happen("state.changed", **{"from": "topic_complete", "to": "completed", "why": ""})
    await expect(page.locator("#actions")).to_contain_text("1 skill is due for review.")
    await expect(page.get_by_role("link", name="Once more from the start")).to_have_count(0)
    await page.get_by_role("button", name="Review").click()
    await page.wait_for_url("**/sessions/s2/")

    assert asked == ["session.review"]


async def test_what_is_not_due_yet_says_when(server: ScriptedServer, page: Page) -> None:
    believe(server, {**MASTERED, "due": False, "next_review": "2099-03-01T12:00:00+00:00"}, taught=2)
    server.happen("state.changed", **{"from": "topic_complete", "to": "completed", "why": ""})
    await expect(page.locator("#actions")).to_contain_text("Next review: March 1, 2099.")
    await expect(page.get_by_role("link", name="Once more from the start")).to_be_visible()


async def test_of_lessons_that_are_over_only_the_newest_is_reviewed(server: ScriptedServer, page: Page) -> None:
    progress = {"session": "s1", "skills": [MASTERED], "due": 1, "next_review": MASTERED["next_review"]}
    server.files["/api/courses"] = (
        "application/json",
        json.dumps([{"progress": None}, {"progress": progress}]).encode(),
    )
    await server.bye(4410, "closed")
    await expect(page.get_by_role("button", name="Review")).to_be_visible()
    await expect(page.locator("#actions")).to_contain_text("1 skill is due for review.")

    progress["session"] = "s2"
    server.files["/api/courses"] = ("application/json", json.dumps([{"progress": progress}]).encode())
    await page.reload()
    await expect(page.locator("#connection")).to_have_attribute("data-status", "connected")
    async with page.expect_response("**/api/courses"):
        await server.bye(4410, "closed")
    await expect(page.get_by_role("link", name="All courses", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Review")).to_have_count(0)
