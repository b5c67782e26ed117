"""The files that a learner has handed in to a session in memory, and what the machine and its tools get of them.

Nothing is extracted here: a text is one section, as a short text file is in the product; an empty one cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tutor import events
from tutor.file_text import FileOutline, FilePart, Library

#: Why a file without text cannot be read, in the words of a worker.
_EMPTY = "There is no text in it. Please upload a file with text."


class LearnersFile(msgspec.Struct, frozen=True):
    """A file as a learner hands it in."""

    name: str
    #: What stands in it; empty: nothing that could be read.
    text: str


class Shelf:
    """The files of one session, oldest first."""

    def __init__(self) -> None:
        self._files: dict[str, LearnersFile] = {}

    def put(self, file: LearnersFile) -> events.FileReady | events.FileFailed:
        """Keep a file. Returns what the machine is told of it."""
        name = f"f{len(self._files) + 1}"
        self._files[name] = file
        if not file.text:
            return events.FileFailed(file=name, name=file.name, message=_EMPTY)
        return events.FileReady(file=name, name=file.name, sections=1)

    def library(self, files: Iterable[str], *, first: bool) -> Library:
        """What the product's tools read of the files with these names: they are small, and therefore whole."""
        named = [(name, self._files[name]) for name in files]
        return Library(
            tuple(FileOutline(name, file.name, 1, None) for name, file in named),
            tuple(FilePart(name, file.name, 1, "", None, file.text, marked_up=False) for name, file in named),
            first,
        )
