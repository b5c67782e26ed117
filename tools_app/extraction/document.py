"""What reading a file gives, and how it fails."""

from __future__ import annotations

from dataclasses import dataclass


class Unreadable(Exception):
    """A file of which nothing can be read: why in one word, and in plain words with what to do about it."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the text."""

    text: str
    #: Plain text; empty where there is none.
    heading: str = ""
    #: From 1; None where the format has no pages.
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as text."""

    sections: tuple[Section, ...]
    pages: int | None = None
