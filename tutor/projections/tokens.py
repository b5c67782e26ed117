"""How many tokens a text costs a model: an estimate that is safe rather than exact.

A tokeniser belongs to one model; which one answers is the operator's choice. English prose has about four bytes a
token, formulas and code about three, and letters beyond ASCII take two or three bytes each: a third of the bytes is
above the real number for ordinary text of each kind.
"""

from __future__ import annotations

BYTES_PER_TOKEN = 3
#: What a message costs beside its text.
PER_MESSAGE = 4


def tokens(text: str) -> int:
    """Of one text."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def of_message(text: str) -> int:
    """Of one message with this text."""
    return PER_MESSAGE + tokens(text)


def clipped(text: str, most: int) -> str:
    """The beginning of a text that costs at most so many tokens, marked where it is cut."""
    if tokens(text) <= most:
        return text
    mark = "…"
    room = most * BYTES_PER_TOKEN - len(mark.encode())
    return text.encode()[: max(0, room)].decode(errors="ignore") + mark if room > 0 else ""
