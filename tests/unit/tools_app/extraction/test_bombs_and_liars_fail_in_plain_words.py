"""Whatever is in a file, reading it ends soon, with a reason that a learner understands."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from config.services.data_folder import CHECKOUT
from tests import sample_files
from tools_app.extraction import limits, reading
from tools_app.extraction.document import Unreadable

#: What it is, how it is made, and why it cannot be read.
BAD: list[tuple[str, Callable[[], bytes], str]] = [
    ("an empty file", lambda: b"", "empty"),
    ("nothing but white space", lambda: b" \n\t\r\n" * 100, "empty"),
    ("an encrypted PDF", sample_files.encrypted_pdf, "encrypted"),
    ("a PDF that unpacks to 100 MB", sample_files.pdf_bomb, "too_big_inside"),
    ("a PDF with too many pages", lambda: sample_files.pdf_of_many_pages(limits.PAGES + 1), "too_many_pages"),
    ("a scan", lambda: sample_files.pdf(""), "no_text"),
    ("half a PDF", lambda: sample_files.pdf("Much text.")[:200], "broken"),
    ("only the beginning of a PDF", lambda: b"%PDF-1.7\n", "broken"),
    ("a PDF whose pages go round in circles", sample_files.pdf_of_pages_in_circles, "broken"),
    ("a Word file that unpacks to 120 MB", sample_files.docx_bomb, "too_big_inside"),
    ("a Word file of entities", sample_files.docx_of_entities, "too_big_inside"),
    ("a Word file nested deeply", sample_files.docx_of_deep_nesting, "broken"),
    ("a Word file without text", sample_files.docx, "no_text"),
    ("half a Word file", lambda: sample_files.docx(("", "text " * 500))[:-40] + b"word/document.xml", "broken"),
    ("an archive", lambda: sample_files.archive({"a.txt": b"text"}), "unsupported"),
    ("an archive of archives", lambda: sample_files.archive({"a.zip": sample_files.docx_bomb(20)}), "unsupported"),
    ("a program called .pdf", lambda: b"\x7fELF\x02\x01\x01" + bytes(100), "unsupported"),
    ("random bytes", lambda: bytes(range(256)) * 20, "unsupported"),
    ("an old Word file", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "unsupported"),
    ("a picture cut off in its header", lambda: sample_files.png()[:12], "broken"),
    ("a very long text", lambda: b"word " * (limits.MARKUP_BYTES // 5 + 1), "too_long"),
    ("a text longer than can be kept", lambda: b"word " * (limits.TEXT_CHARS // 4), "too_long"),
    ("HTML nested deeply", lambda: b"<html>" + b"<div>" * 3_000 + b"x", "broken"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "reason"), [(make, reason) for _, make, reason in BAD], ids=[what for what, _, _ in BAD]
)
def test_it_cannot_be_read_and_says_why(make: Callable[[], bytes], reason: str) -> None:
    content = make()
    began = time.process_time()

    with pytest.raises(Unreadable) as caught:
        reading.read(content)

    assert caught.value.reason == reason
    assert caught.value.message.endswith(".")
    assert "Error" not in caught.value.message
    assert time.process_time() - began < limits.CPU_S


#: In a process of its own, as in a worker's child: a signal that strikes in a destructor or a listener of somebody
#: else's is only reported there, and strikes again; here every such report is an error.
_LATE = """
from tests import sample_files
from tools_app.extraction import reading
from tools_app.extraction.document import Unreadable

reading.CPU_S = 0.2
try:
    reading.read(sample_files.slow_pdf())
except Unreadable as why:
    print(why.reason)
"""


def test_what_takes_too_long_gives_up_by_itself() -> None:
    late = subprocess.run(
        [sys.executable, "-c", _LATE], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True
    )

    assert late.stdout.split() == ["too_slow"]
