"""What the supervised processes print: to the terminal with their names in front, and to a file each."""

from __future__ import annotations

import contextlib
from logging import INFO, LogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

LOG_FILE_BYTES = 10_000_000
LOG_FILES_KEPT = 2
#: A line longer than this is shown in pieces.
LINE_BYTES = 64 * 1024
_COLOURS = (36, 33, 35, 32, 34)
_NAME_WIDTH = 8


class Terminal:
    """Where the supervisor writes; a terminal that went away is no reason to stop."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._coloured = out.isatty()
        self._names: list[str] = []

    def write(self, name: str, line: str) -> None:
        if name not in self._names:
            self._names.append(name)
        prefix = f"{name:<{_NAME_WIDTH}}|"
        if self._coloured:
            colour = _COLOURS[self._names.index(name) % len(_COLOURS)]
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.say(f"{prefix} {line}")

    def say(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._out.write(f"{text}\n")
            self._out.flush()


class ProcessOutput:
    """The output of one process, cut into lines."""

    def __init__(self, name: str, folder: Path, terminal: Terminal) -> None:
        self._name = name
        self._terminal = terminal
        self._file = RotatingFileHandler(
            folder / f"{name}.log", maxBytes=LOG_FILE_BYTES, backupCount=LOG_FILES_KEPT, encoding="utf-8"
        )
        self._unfinished = b""

    def take(self, data: bytes) -> None:
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        if len(self._unfinished) > LINE_BYTES:
            lines.append(self._unfinished)
            self._unfinished = b""
        for line in lines:
            self._put(line)

    def close(self) -> None:
        if self._unfinished:
            self._put(self._unfinished)
        self._file.close()

    def _put(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip("\r")
        self._terminal.write(self._name, text)
        self._file.emit(LogRecord(self._name, INFO, "", 0, text, None, None))
