"""What one view has been sent of the text that is being written. Pure: pieces in, frames out.

The rule of the wire (protocol §7): every character once and in order, whatever arrives twice, late or never.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

#: Type and body of a frame that is not in the log.
OutputFrame = tuple[str, dict[str, Any]]

#: Most code points in one frame, so that none is larger than the transport's limit.
FRAME_CHARS = 100_000


class Told(NamedTuple):
    """Frames to send now; ``gap``: text before the piece is missing and has to be read from the buffer."""

    frames: list[OutputFrame]
    gap: bool = False


_NOTHING = Told([])


class Sent:
    """Which turn's text a view is sent, and how much of which attempt of it."""

    def __init__(self) -> None:
        self.turn: str | None = None
        self.attempt = 0
        #: Code points of that attempt that were sent.
        self.off = 0
        self._committed = 0

    def begin(self, turn: str | None, attempt: int = 0, off: int = 0) -> None:
        """Another turn runs, or none. ``attempt`` and ``off``: what the view has of its text already."""
        self.turn, self.attempt, self.off, self._committed = turn, attempt, off, 0

    def commit(self, attempt: int) -> None:
        """The text of an attempt is in the log: nothing of it, or of one before it, is sent any more."""
        self._committed = max(self._committed, attempt)

    def take(self, turn: str, attempt: int, off: int, text: str) -> Told:
        """The frames that a piece of text makes necessary."""
        if turn != self.turn or attempt < self.attempt or attempt <= self._committed:
            return _NOTHING
        frames: list[OutputFrame] = []
        if attempt > self.attempt:
            if self.off and self.attempt > self._committed:
                frames.append(("output.reset", {"attempt": attempt}))
            self.attempt, self.off = attempt, 0
        if off > self.off:
            return Told(frames, gap=True)
        new = text[self.off - off :]
        for start in range(0, len(new), FRAME_CHARS):
            part = new[start : start + FRAME_CHARS]
            frames.append(("output.delta", {"attempt": attempt, "off": self.off, "text": part}))
            self.off += len(part)
        return Told(frames)


class _Committed(msgspec.Struct):
    """What delivery needs to know of an ``output.committed``; an erased one has neither."""

    text: str = ""
    attempt: int | None = None


def committed(payload: str) -> tuple[str, int | None]:
    """The text of an ``output.committed``, and which attempt of its turn's streamed text it is (None: it is none)."""
    found = msgspec.json.decode(payload, type=_Committed)
    return found.text, found.attempt
