"""Server-sent events from bytes as they come, without ever holding a line longer than allowed. Pure."""

from __future__ import annotations


class LineTooLong(Exception):
    """A line is longer than allowed; nothing more is read."""


class EventParser:
    """Turns chunks of bytes into the ``data`` of events. Comments and other fields are skipped."""

    def __init__(self, longest: int) -> None:
        #: In bytes.
        self._longest = longest
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The data of each event that is complete now, oldest first. Raises ``LineTooLong``."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        # What has no end yet counts as well: it would be kept, and copied again with every chunk.
        if len(self._rest) > self._longest or any(len(line) > self._longest for line in lines):
            raise LineTooLong(f"a line is longer than {self._longest} bytes")
        events: list[bytes] = []
        for line in lines:
            self._line(line.removesuffix(b"\r"), events)
        return events

    def end(self) -> list[bytes]:
        """The data of an event that was not finished by an empty line, as some servers leave their last one."""
        events: list[bytes] = []
        self._line(self._rest, events)
        self._line(b"", events)
        self._rest = b""
        return events

    def _line(self, line: bytes, events: list[bytes]) -> None:
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data = []
        elif line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
