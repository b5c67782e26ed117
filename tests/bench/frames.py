"""The few frames of protocol v1 that a floor needs, so that one load client drives floors and the real server."""

from __future__ import annotations

from typing import Any

import msgspec

SUBPROTOCOL = "tutor.v1"

_encode = msgspec.json.Encoder().encode


class Command(msgspec.Struct):
    """What a client sends."""

    t: str
    id: str = ""
    d: dict[str, Any] = {}


decode_command = msgspec.json.Decoder(Command).decode


def frame(t: str, sid: str, *, d: dict[str, Any], **envelope: object) -> str:
    return _encode({"t": t, "sid": sid, **envelope, "d": d}).decode()


def welcome(sid: str, cause: str) -> str:
    d = {"session": sid, "state": "ready", "head": 0, "active": None, "queue": [], "beat_s": 20}
    return frame("welcome", sid, cause=cause, d=d)


def live(sid: str) -> str:
    return frame("live", sid, d={"head": 0})


def accepted(sid: str, cause: str, turn: str, seq: int) -> str:
    return frame("ok", sid, cause=cause, turn=turn, d={"seq": seq, "disposition": "started", "duplicate": False})


def finished(sid: str, turn: str, seq: int, text: str) -> str:
    return frame("turn.finished", sid, seq=seq, turn=turn, d={"outcome": "completed", "text": text})


def guest(token: str) -> bytes:
    return _encode({"token": token, "user": token})
