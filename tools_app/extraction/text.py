"""Plain text and Markdown."""

from __future__ import annotations

import re

from sessions_app.files.sniffing import decoded
from tools_app.extraction import division
from tools_app.extraction.document import Document, Unreadable
from tools_app.extraction.limits import MARKUP_BYTES

_IMAGE = re.compile(r"!\[([^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_LINK = re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)|\[[^\]\n]*\])")
_REFERENCE = re.compile(r"^\s{0,3}\[[^\]\n]+\]:\s.*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?|ftp|mailto):[^>\s]*)>", re.IGNORECASE)


def characters(content: bytes) -> str:
    """A text's characters. Raises ``Unreadable`` where it is too long, or no text."""
    if len(content) > MARKUP_BYTES:
        raise Unreadable("too_long", "It is a very long text. Please upload only the part that matters.")
    text = decoded(content)
    if text is None:
        raise Unreadable("unsupported", "It is called a text, but it is none.")
    return text


def read_plain(content: bytes) -> Document:
    """A plain text, between its paragraphs."""
    return Document(division.checked(list(division.by_length(characters(content)))))


def read_markdown(content: bytes) -> Document:
    """A Markdown text by its headings; of links and pictures the words stay."""
    text = _REFERENCE.sub("", characters(content))
    return Document(division.by_headings(_AUTOLINK.sub(r"\1", _LINK.sub(r"\1", _IMAGE.sub(r"\1", text)))))
