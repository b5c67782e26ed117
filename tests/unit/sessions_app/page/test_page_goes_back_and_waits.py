"""Second thoughts and patience: lines are changed, taken back and brought back; messages wait where one sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.scripted_server import ScriptedServer, until
from tests.unit.sessions_app.page.conftest import LESSON, rendered

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def at(server: ScriptedServer, second: int) -> None:
    """The events of one commit happen at one moment; the newest was one of its own."""
    server.events[-1]["at"] = f"2026-01-01T12:00:{second:02}.000000Z"


def three_lines(server: ScriptedServer) -> list[int]:
    """A tutor's line, a learner's and the tutor's answer, each a commit. Returns their seqs."""
    said: list[tuple[str, dict[str, Any]]] = [
        ("output.committed", {"text": "One", "html": "<p>One</p>", "len": 3}),
        ("message.accepted", {"text": "Two", "disposition": "started"}),
        ("output.committed", {"text": "Three", "html": "<p>Three</p>", "len": 5}),
    ]
    seqs = []
    for second, (kind, d) in enumerate(said):
        seqs.append(server.happen(kind, **d)["seq"])
        at(server, second)
    return seqs


async def sent(server: ScriptedServer, t: str) -> dict[str, Any]:
    await until(lambda: any(frame["t"] == t for frame in server.received))
    return next(frame for frame in server.received if frame["t"] == t)


async def test_a_changed_line_takes_back_what_came_after_it(server: ScriptedServer, page: Page) -> None:
    first, _, _ = three_lines(server)
    await page.reload()
    await page.get_by_role("button", name="Change this line and go on from here").click()
    await expect(page.locator("#text")).to_have_value("Two")

    def rewound(command: dict[str, Any]) -> None:
        if command["t"] == "session.rewind":
            server.happen("session.rewound", cause=command["id"], to=first, state="awaiting_answer", actor="ada")

    server.on_command = rewound
    await page.fill("#text", "Two, better")
    await page.press("#text", "Enter")

    assert (await sent(server, "session.rewind"))["d"] == {"seq": first}
    assert (await sent(server, "message.send"))["d"]["text"] == "Two, better"
    await expect(page.locator(".line.learner .text")).to_have_text(["Two, better"])
    await expect(page.locator(".line.tutor")).to_have_text(["Tutor: One"])
    await expect(page.locator("#editing")).to_be_hidden()


async def test_what_was_taken_back_can_be_brought_back(server: ScriptedServer, page: Page) -> None:
    first, _, third = three_lines(server)
    server.happen("session.rewound", to=first, state="awaiting_answer", actor="ada")
    at(server, 9)
    await page.reload()
    await expect(page.locator(".line.learner")).to_have_count(0)
    await page.get_by_role("button", name="Bring it back").click()

    assert (await sent(server, "session.rewind"))["d"] == {"seq": third}
    server.happen("session.rewound", to=third, state="awaiting_answer", actor="ada")
    await expect(page.locator(".line.learner .text")).to_have_text(["Two"])


async def test_a_branch_is_opened_and_says_there_what_was_changed(server: ScriptedServer, page: Page) -> None:
    three_lines(server)
    server.files["/sessions/s1/"] = ("text/html; charset=utf-8", rendered("lesson.html", session={"pk": "s1"}))
    server.on_command = lambda command: server.accepted[command["id"]].update(session="s1")
    await page.reload()
    await page.get_by_role("button", name="Change this line and go on from here").click()
    await page.get_by_label("In a branch of its own").check()
    await page.fill("#text", "Two, otherwise")
    await page.press("#text", "Enter")
    await page.wait_for_url("**/sessions/s1/")

    assert (await sent(server, "session.fork"))["d"]["seq"] > 0
    assert (await sent(server, "message.send"))["d"] == {"text": "Two, otherwise"}
    assert server.hellos[-1]["d"]["session"] == "s1"


async def test_a_change_is_left_with_escape_and_the_draft_is_as_before(server: ScriptedServer, page: Page) -> None:
    three_lines(server)
    await page.reload()
    await expect(page.locator(".line.learner")).to_have_count(1)
    await page.press("#text", "ArrowUp")
    await expect(page.locator("#text")).to_have_value("Two")
    await page.press("#text", "Escape")
    await expect(page.locator("#text")).to_have_value("")
    await expect(page.locator("#editing")).to_be_hidden()


async def test_a_message_that_waits_is_shown_and_can_be_taken_out(server: ScriptedServer, page: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner")
    for number, text in enumerate(["first", "second"]):
        server.happen("message.accepted", cause=f"m{number}", text=text, disposition="queued")
        server.happen("message.queued", cause=f"m{number}", text=text)
    await expect(page.locator("#queue .text")).to_have_text(["first", "second"])
    await expect(page.locator(".line.learner")).to_have_count(0)

    await page.get_by_role("button", name="Take out: second").click()
    assert (await sent(server, "queue.remove"))["d"] == {"command": "m1"}
    server.happen("message.removed", command="m1", why="asked")
    await expect(page.locator("#queue .text")).to_have_text(["first"])

    server.happen("turn.finished", turn="t1", outcome="completed")
    server.happen("turn.started", turn="t2", cause="m0", by="learner")
    await expect(page.locator("#waiting")).to_be_hidden()
    await expect(page.locator(".line.learner .text")).to_have_text(["first"])


async def test_a_failed_turn_is_tried_again_once(server: ScriptedServer, page: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner")
    server.happen("turn.finished", turn="t1", outcome="failed")
    await page.get_by_role("button", name="Try again").click()

    assert (await sent(server, "turn.retry"))["d"] == {"turn": "t1"}
    server.happen("turn.started", turn="t2", by="learner", attempt=2)
    await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    await expect(page.locator(".line.note")).to_contain_text(["The tutor could not finish this."])


async def test_text_that_is_written_touches_only_its_last_paragraph(server: ScriptedServer, page: Page) -> None:
    server.happen("turn.started", turn="t1", by="learner")
    await until(lambda: server._live)
    server.write("The **first** thing: $x + 3$.\n\nThe sec")
    await expect(page.locator("#streaming p")).to_have_count(2)
    await page.evaluate("window.first = document.querySelector('#streaming p')")
    server.write("ond thing.")
    await expect(page.locator("#streaming p").last).to_have_text("The second thing.")

    assert await page.evaluate("window.first === document.querySelector('#streaming p')")
    assert await page.locator("#streaming strong").all_text_contents() == ["first"]
    assert await page.locator("#streaming .formula").all_text_contents() == ["x + 3"]


async def test_files_are_uploaded_and_their_fate_is_told(server: ScriptedServer, page: Page) -> None:
    bodies: list[bytes] = []

    async def answer(route: Any) -> None:
        bodies.append(route.request.post_data_buffer)
        if len(bodies) == 1:
            await route.abort("connectionreset")
            return
        reply = {"file": "f1", "name": "notes.txt", "size": 5, "status": "reading", "duplicate": False, "seq": 2}
        await route.fulfill(status=201, content_type="application/json", body=json.dumps(reply))

    await page.route("**/api/sessions/s1/files", answer)
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    await expect(page.locator(".upload")).to_contain_text("The server could not be reached.")
    await page.locator(".upload").get_by_role("button", name="Try again").click()
    await expect(page.locator(".upload")).to_have_count(0)

    ids = [body.split(b'name="id"\r\n\r\n')[1].split(b"\r\n")[0] for body in bodies]
    assert ids[0] == ids[1], "the same upload, not a second file"
    server.happen("file.uploaded", file="f1", name="notes.txt", size=5, media_type="text/plain")
    await expect(page.locator("#files .file")).to_contain_text(["being read…"])
    server.happen("file.ready", file="f1", name="notes.txt", sections=2, pages=1)
    await expect(page.locator("#files .file")).to_contain_text(["can be read: 1 page, 2 sections"])
    server.happen("file.uploaded", file="f2", name="odd.bin", size=5, media_type="application/octet-stream")
    server.happen("file.failed", file="f2", name="odd.bin", reason="unsupported", message="Please upload another.")
    await expect(page.locator("#files .file")).to_contain_text(["1 page", "cannot be read: this kind of file"])


async def test_shortcuts_are_chords_and_listed(server: ScriptedServer, page: Page) -> None:
    await page.keyboard.press("Alt+Shift+K")
    await expect(page.get_by_role("dialog")).to_contain_text("Hint")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Alt+Shift+H")
    await sent(server, "hint.request")
    await page.locator("#scroller").focus()
    await page.keyboard.press("h")

    assert [frame["t"] for frame in server.received if frame["t"] not in {"hello", "ping"}] == ["hint.request"]


async def test_earlier_lines_are_fetched_on_demand(server: ScriptedServer, page: Page) -> None:
    earlier = [
        {"t": "output.committed", "sid": "s1", "seq": 1, "at": "2026-01-01T11:00:00Z", "turn": None, "cause": None,
         "d": {"text": "Old", "html": "<p>Old</p>", "len": 3}},
    ]  # fmt: skip
    three_lines(server)

    async def answer(route: Any) -> None:
        assert json.loads(route.request.post_data)["d"]["before"] == 2
        body = {"t": "ok", "d": {"events": earlier, "more": False}}
        await route.fulfill(status=200, content_type="application/json", body=json.dumps(body))

    await page.route("**/api/sessions/s1/commands", answer)
    server.replay = 3
    await page.goto(server.url + LESSON)
    await page.get_by_role("button", name="Show earlier lines").click()
    await expect(page.locator(".line.tutor .says")).to_have_text(["Old", "One", "Three"])
    await expect(page.get_by_role("button", name="Show earlier lines")).to_be_hidden()
