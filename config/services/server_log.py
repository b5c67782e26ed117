"""The end of a server's log, for messages."""

from __future__ import annotations

from pathlib import Path

_TAIL_BYTES = 8192


def last_lines(path: Path, count: int = 12) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return "(empty)"
    return "\n".join(text.splitlines()[-count:])
