"""PDF, page by page."""

from __future__ import annotations

import io
import re

from pypdf import Configuration, PasswordType, PdfReader, apply_configuration
from pypdf.errors import DependencyError, LimitReachedError

from tools_app.extraction import division
from tools_app.extraction.document import Document, Section, Unreadable
from tools_app.extraction.limits import PAGES, STREAM_BYTES, STREAM_WORK_BYTES, TEXT_CHARS

_BOUNDS = Configuration(
    maximum_declared_stream_length=STREAM_BYTES,
    array_based_stream_maximum_output_length=STREAM_BYTES,
    lzw_maximum_output_length=STREAM_BYTES,
    run_length_maximum_output_length=STREAM_BYTES,
    zlib_maximum_output_length=STREAM_BYTES,
    stream_decoding_work_maximum_length=STREAM_WORK_BYTES,
    # Nothing of a learner's file is given to another program.
    jbig2dec_binary=None,
)
_ENCRYPTED = "It is protected by a password. Please upload it without one."
#: A first line that may be a heading: short, and no sentence.
_TITLE = re.compile(r"(?=.*[^\W\d])[^\n]{2,80}(?<![.,;:!?…-])")
_HYPHEN = re.compile(r"(?<=[a-z])-\n(?=[a-z])")
_WRAPPED = re.compile(r"(?<=[^\n.!?:;]{30})\n(?=[^\s\-•*\d])|(?<=[^\n.!?:;])\n(?=[a-z])")


def read(content: bytes) -> Document:
    """A PDF by its pages. Raises ``Unreadable`` where it is encrypted, a bomb, or has no text."""
    try:
        with apply_configuration(_BOUNDS):
            return _read(content)
    except LimitReachedError:
        raise Unreadable(
            "too_big_inside", "It unpacks to far more than a text would. Please upload only the pages that matter."
        ) from None


def _read(content: bytes) -> Document:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        try:
            opened = reader.decrypt("")
        except (DependencyError, NotImplementedError):
            opened = PasswordType.NOT_DECRYPTED
        if not opened:
            raise Unreadable("encrypted", _ENCRYPTED)
    count = len(reader.pages)
    if count > PAGES:
        raise Unreadable(
            "too_many_pages",
            f"It has {count:,} pages; at most {PAGES} can be read. Please upload only the pages that matter.",
        )
    sections: list[Section] = []
    length = 0
    for number, page in enumerate(reader.pages, start=1):
        of_page = _sections(page.extract_text(), number)
        sections += of_page
        length += sum(len(one.text) for one in of_page)
        if length > TEXT_CHARS:
            break  # ``checked`` says so
    return Document(division.checked(sections), count)


def _sections(text: str, page: int) -> tuple[Section, ...]:
    text = division.tidy(text)
    first, _, rest = text.partition("\n")
    heading = first.strip() if rest.strip() and _TITLE.fullmatch(first.strip()) else ""
    return division.by_length(_flowing(rest if heading else text), heading, page)


def _flowing(text: str) -> str:
    """Lines that a page's width has broken become paragraphs again."""
    return _WRAPPED.sub(" ", _HYPHEN.sub("", text))
