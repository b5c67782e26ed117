"""What a turn writes down, as wide as the real log's rows: six interactions going in, six coming out."""

from __future__ import annotations

from dataclasses import dataclass

HASH = bytes(range(32))
SALT = bytes(range(16))
SCOPE = '{"course":"linear-equations","learner":"1","request":"r-1","roles":["learner"],"session":"s-1"}'
DATA = '{"' + "d" * 500 + '":1}'

#: (kind, characters of payload beside the text)
_ACCEPTED = (
    ("message.accepted", 60),
    ("turn.started", 150),
    ("tool.requested", 160),
    ("state.changed", 150),
    ("step", 400),
    ("message.queued", 150),
)
_SETTLED = (
    ("tool.finished", 250),
    ("output.committed", 60),
    ("state.changed", 150),
    ("turn.finished", 150),
    ("step", 400),
    ("mastery.changed", 200),
)
ROWS = len(_ACCEPTED)
assert len(_SETTLED) == ROWS

ACCEPTED_KINDS = [kind for kind, _ in _ACCEPTED]
SETTLED_KINDS = [kind for kind, _ in _SETTLED]


def _payloads(shape: tuple[tuple[str, int], ...], text: str) -> list[str]:
    return [f'{{"text":"{text}","rest":"{"x" * size}"}}' for _, size in shape]


def accepted_payloads(text: str) -> list[str]:
    return _payloads(_ACCEPTED, text)


def settled_payloads(text: str) -> list[str]:
    return _payloads(_SETTLED, text)


@dataclass(frozen=True, slots=True)
class Message:
    """A learner's message, and the call it asks for."""

    session: str
    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that this worker may run."""

    ref: str
    session: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A finished call whose turn is over: ``head`` is the seq of ``turn.finished``."""

    session: str
    ref: str
    head: int
    text: str
