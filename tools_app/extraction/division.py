"""Dividing text into sections: at its headings, and where one is too long to be read at once, between paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools_app.extraction.document import Section, Unreadable
from tools_app.extraction.limits import HEADING_CHARS, SECTION_CHARS, SECTIONS, TEXT_CHARS

_HEADING = re.compile(r"(#{1,6})\s+(\S.*?)\s*#*")
_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_MARKS = re.compile(r"[*_`]+|\\(?=[^\w\s])")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")


def tidy(text: str) -> str:
    """A text without characters that no database and no page takes, and without empty ends."""
    text = _CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t\u00a0]+(?=\n)", "", text)).strip()


def by_headings(markdown: str) -> tuple[Section, ...]:
    """The sections of a Markdown text. Raises ``Unreadable`` where there are too many."""
    found: list[Section] = []
    heading, lines, in_code = "", [], False
    for line in tidy(markdown).split("\n"):
        if _FENCE.match(line):
            in_code = not in_code
        begins = None if in_code else _HEADING.fullmatch(line)
        if begins is None:
            lines.append(line)
            continue
        found += _pieces("\n".join(lines), heading)
        heading, lines = plain_heading(begins[2]), []
    found += _pieces("\n".join(lines), heading)
    return checked(found)


def by_length(text: str, heading: str = "", page: int | None = None) -> tuple[Section, ...]:
    """The sections of a text without headings of its own; none for an empty one."""
    return tuple(_pieces(tidy(text), heading, page))


def plain_heading(text: str) -> str:
    """A heading without marks, on one line."""
    return " ".join(_MARKS.sub("", text).split())[:HEADING_CHARS]


def checked(sections: list[Section]) -> tuple[Section, ...]:
    """The same sections. Raises ``Unreadable`` where they are none, or too much."""
    if not sections:
        raise Unreadable("no_text", "There is no text in it. If its pages are pictures (a scan), I cannot read them.")
    length = sum(len(one.text) for one in sections)
    if length > TEXT_CHARS or len(sections) > SECTIONS:
        raise Unreadable(
            "too_long",
            f"It has more text than can be read ({length:,} characters in {len(sections):,} sections; the limits are "
            f"{TEXT_CHARS:,} and {SECTIONS:,}). Please upload only the part that matters.",
        )
    return tuple(sections)


def _pieces(text: str, heading: str, page: int | None = None) -> Iterator[Section]:
    piece = ""
    for paragraph in _PARAGRAPHS.split(text.strip()):
        while len(paragraph) > SECTION_CHARS:
            cut = paragraph.rfind(" ", 1, SECTION_CHARS)
            cut = cut if cut > 0 else SECTION_CHARS
            if piece:
                yield Section(piece, heading, page)
                piece = ""
            yield Section(paragraph[:cut], heading, page)
            paragraph = paragraph[cut:].lstrip()  # noqa: PLW2901 — the rest of it
        if piece and len(piece) + 2 + len(paragraph) > SECTION_CHARS:
            yield Section(piece, heading, page)
            piece = ""
        piece = f"{piece}\n\n{paragraph}" if piece else paragraph
    if piece.strip():
        yield Section(piece, heading, page)
