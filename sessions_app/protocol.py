"""Reading and writing wire frames, v1: text to a command, log rows and replies to text. Their types: ``frames``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from sessions_app.exceptions import CommandError
from sessions_app.frames import ID_CHARS, Body, ClientFrame, Err
from sessions_app.log import Line
from tutor.markdown import render

T = TypeVar("T")

_encoder = msgspec.json.Encoder()
_frame = msgspec.json.Decoder(ClientFrame)


def parse(raw: str | bytes) -> ClientFrame:
    """A client's frame. Raises ``CommandError(bad_frame)`` with what was expected."""
    try:
        frame = _frame.decode(raw)
    except msgspec.ValidationError as error:
        raise CommandError("bad_frame", f'Expected {{"t": …, "id": …, "d": {{…}}}}: {error}') from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError("bad_frame", f"This is not JSON: {error}") from None
    if not 1 <= len(frame.id) <= ID_CHARS:
        raise CommandError("bad_frame", f"id must have 1 to {ID_CHARS} characters")
    if "\x00" in frame.id or "\x00" in frame.t:
        raise CommandError("bad_frame", "t and id must not contain NUL characters")
    return frame


class _Identified(msgspec.Struct, frozen=True):
    id: str


_identified = msgspec.json.Decoder(_Identified)


def readable_id(raw: str | bytes | None) -> str | None:
    """The id of a frame that is otherwise wrong, so that its sender learns which command failed; None: unreadable."""
    try:
        found = _identified.decode(raw or b"").id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if 1 <= len(found) <= ID_CHARS and "\x00" not in found else None


def body(value: dict[str, Any], kind: type[T]) -> T:
    """A command's body in its form. Raises ``CommandError(bad_request)`` naming the field."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise CommandError("bad_request", str(error)) from None


def now() -> str:
    """This process's clock, for frames that are not in the log."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"


def server_frame(
    kind: str, sid: str | None, d: Body | dict[str, Any], *, cause: str | None = None, turn: str | None = None
) -> str:
    """A frame that is no log row: replies, ``welcome``, ``live``, ``bye``."""
    return _encoder.encode({"t": kind, "sid": sid, "at": now(), "turn": turn, "cause": cause, "d": d}).decode()


def error_frame(sid: str | None, error: CommandError, cause: str | None) -> str:
    """``err`` for a command that was not accepted."""
    d = Err(code=error.code, message=error.message, retry=error.retry, detail=error.detail, after_ms=error.after_ms)
    return server_frame("err", sid, d, cause=cause)


# --- log rows as frames ------------------------------------------------------------------------------------------


def _with_html(field: str, key: str = "html") -> Callable[[dict[str, Any]], dict[str, Any]]:
    def dressed(d: dict[str, Any]) -> dict[str, Any]:
        return {**d, key: render(d[field])}

    return dressed


def _question(d: dict[str, Any]) -> dict[str, Any]:
    choices = d.get("choices")
    dressed = {**d, "prompt_html": render(d["prompt"])}
    if choices:
        dressed["choices"] = [{**choice, "html": render(choice["text"])} for choice in choices]
    return dressed


#: What a frame carries beside its row: safe HTML for people, made from the Markdown.
_DRESS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "output.committed": _with_html("text"),
    "hint.given": _with_html("text"),
    "observer.said": _with_html("text"),
    "question.asked": _question,
}


@lru_cache(maxsize=2_048)
def _dressed(kind: str, payload: str) -> str:
    d = msgspec.json.decode(payload)
    return _encoder.encode(_DRESS[kind](d) if "erased" not in d else d).decode()


def event_frame(sid: str, line: Line) -> str:
    """A log row as a frame. The payload's JSON is taken over as it stands."""
    d = _dressed(line.kind, line.payload) if line.kind in _DRESS else line.payload
    turn, cause = _encoder.encode(line.turn).decode(), _encoder.encode(line.cause).decode()
    return (
        f'{{"t":"{line.kind}","sid":"{sid}","seq":{line.seq},"at":"{line.at}","turn":{turn},"cause":{cause},"d":{d}}}'
    )


def event(sid: str, line: Line) -> dict[str, Any]:
    """The same as an object, for replies that carry frames."""
    frame: dict[str, Any] = msgspec.json.decode(event_frame(sid, line))
    return frame
