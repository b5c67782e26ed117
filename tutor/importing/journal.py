"""What an import has done so far, one line per item: a broken import goes on where it stopped, and the end is a report.

The file lies in the course's folder. Its first line names source and options; with others the import begins again. A
line that was being written when the process died is not whole and is done again.
"""

from __future__ import annotations

import base64
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tutor.importing.building import Outcome

FILE_NAME = "import.jsonl"
#: In lines: what a killed import has to do again at most.
_FLUSHED_EVERY = 50


class Journal:
    """Opened for one import; a context manager."""

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        self._path = folder / FILE_NAME
        self._header = header
        self._encoder = msgspec.json.Encoder()
        self._unflushed = 0
        self.outcomes: list[Outcome] = []
        whole = self._whole_lines()
        if whole and msgspec.json.decode(whole[0]) == header:
            self.outcomes = [_outcome(msgspec.json.decode(line)) for line in whole[1:]]
        else:
            whole = [self._encoder.encode(header)]
        folder.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(b"".join(line + b"\n" for line in whole))
        self._file = self._path.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, outcome: Outcome) -> None:
        """Write one outcome down."""
        self.outcomes.append(outcome)
        files = {path: base64.b64encode(data).decode() for path, data in outcome.files.items()}
        plain = {**msgspec.to_builtins(outcome), "files": files}
        self._file.write(self._encoder.encode({key: value for key, value in plain.items() if value}) + b"\n")
        self._unflushed += 1
        if self._unflushed >= _FLUSHED_EVERY:
            self._file.flush()
            self._unflushed = 0

    def _whole_lines(self) -> list[bytes]:
        if not self._path.is_file():
            return []
        *lines, last = self._path.read_bytes().split(b"\n")
        del last  # empty, or not whole
        return lines


def _outcome(plain: dict[str, Any]) -> Outcome:
    files = {path: base64.b64decode(data) for path, data in plain.get("files", {}).items()}
    return msgspec.convert({"why": [], **plain, "files": files}, Outcome)
