"""The frames of protocol v1 as a client writes and reads them. Unknown fields are ignored, as the protocol asks."""

from __future__ import annotations

from typing import Any

import msgspec

SUBPROTOCOL = "tutor.v1"
#: No frame of the server is larger, in bytes.
FRAME_LIMIT = 1 << 20


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A frame of the server. ``seq`` stands on durable events only."""

    t: str
    sid: str | None = None
    seq: int | None = None
    #: ISO 8601.
    at: str | None = None
    turn: str | None = None
    #: Id of the command this answers or came from.
    cause: str | None = None
    d: dict[str, Any] = {}


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frame of the client. The same id with the same ``t`` and ``d`` is the same command, however often sent."""

    t: str
    id: str
    expect: int | None = None
    d: dict[str, Any] = {}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The one positive answer to a command."""

    #: The command's id.
    cause: str
    #: Where the command entered the log; None where it did not.
    seq: int | None = None
    #: started, busy, queued, merged, applied or noop.
    disposition: str | None = None
    #: The server had already accepted this id: nothing was done twice.
    duplicate: bool = False
    turn: str | None = None
    #: Everything the reply says, these fields included.
    d: dict[str, Any] = {}

    @classmethod
    def of(cls, frame: Frame) -> Reply:
        d = frame.d
        return cls(
            cause=frame.cause or "",
            seq=d.get("seq"),
            disposition=d.get("disposition"),
            duplicate=bool(d.get("duplicate", False)),
            turn=d.get("turn") or frame.turn,
            d=d,
        )


_decoder = msgspec.json.Decoder(Frame)
_encoder = msgspec.json.Encoder()


def decode(text: str | bytes) -> Frame:
    """A frame of the server. Raises ``msgspec.MsgspecError`` where it is none."""
    return _decoder.decode(text)


def encode(command: Command) -> str:
    # ``d`` is always written, even if empty: the server compares a repeated command with its first form.
    plain = {**msgspec.to_builtins(command), "d": command.d}
    return _encoder.encode(plain).decode()
