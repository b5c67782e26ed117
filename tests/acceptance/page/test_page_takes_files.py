"""A file is attached or dropped, read by the server, and still there after a reload; what cannot be read says why."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.acceptance.page.browser import Lesson

pytestmark = [pytest.mark.acceptance, pytest.mark.browser]

NOTES = "# Balance\n\nAn equation is like a balance: both sides weigh the same.\n"
#: What a browser fires when files are dropped on a page.
_DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, {type: "text/plain"}));
  const how = {dataTransfer, bubbles: true, cancelable: true};
  for (const type of ["dragenter", "dragover", "drop"])
    document.getElementById("lesson").dispatchEvent(new DragEvent(type, how));
}"""


def test_a_file_is_read_and_told_of(lesson: Lesson) -> None:
    lesson.start_as_guest()
    expect(lesson.button("Continue")).to_be_visible()
    with lesson.page.expect_file_chooser() as chooser:
        lesson.page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files({"name": "balance.md", "mimeType": "text/markdown", "buffer": NOTES.encode()})
    shelf = lesson.page.locator("#files .file")
    expect(shelf).to_contain_text(["can be read"])
    expect(lesson.page.locator(".line.note", has_text="balance.md")).to_contain_text("can be read")
    expect(lesson.page.locator("#uploads")).to_be_empty()

    lesson.page.evaluate(_DROP, ["dropped.txt", "Take the same away on both sides."])
    expect(shelf).to_contain_text(["balance.md", "dropped.txt"])
    expect(shelf).to_contain_text(["can be read", "can be read"])
    expect(lesson.page.locator("#drop")).to_be_hidden()
    lesson.page.reload()
    lesson.wait_connected()
    expect(shelf).to_contain_text(["can be read", "can be read"])

    with lesson.page.expect_file_chooser() as chooser:
        lesson.page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files({"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})
    expect(lesson.page.locator(".upload.failed, #files [data-state=failed]")).to_contain_text("empty.txt")
