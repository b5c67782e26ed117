"""What an endpoint's refusals mean: statuses, error bodies and ``Retry-After`` become the errors of tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from tools_app.exceptions import BadOutput, ContextTooLong, Misconfigured, Overloaded, ToolError, Unreachable

#: Longest pause that is believed, in seconds.
LONGEST_PAUSE_S = 3_600.0

_TOO_LONG = re.compile(
    r"context[ _-]?(?:length|window|size|limit)|maximum context|prompt is too long|too many (?:input )?tokens"
    r"|input is too long|reduce the length",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|billing|credit balance", re.IGNORECASE)


class Rejected(BadOutput):
    """400 or the like: the endpoint does not take the request as it is. ``text`` is what it said."""

    def __init__(self, message: str, text: str) -> None:
        super().__init__(message)
        self.text = text


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """``Retry-After`` in seconds, from either of its forms (RFC 9110, 10.2.3); None: there is none that can be read."""
    said = headers.get("retry-after", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return min(max(0.0, seconds), LONGEST_PAUSE_S) if seconds == seconds else None  # noqa: PLR0124 — not a number


def said(body: bytes) -> str:
    """What an error body says, as one line: its ``error`` object's type, code and message, or its beginning."""
    try:
        plain: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return " ".join(body[:300].decode(errors="replace").split())
    error = plain.get("error", plain) if isinstance(plain, dict) else plain
    if not isinstance(error, dict):
        return str(error)[:300]
    return " ".join(str(error[key]) for key in ("type", "code", "message") if error.get(key))[:500]


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> ToolError:
    """The error for an answer other than 200."""
    text = said(body)
    about = f"the model's endpoint answered {status}" + (f": {text}" if text else "")
    if _TOO_LONG.search(text) and status in {400, 413, 422, 500}:
        return ContextTooLong(about)
    if status in {401, 403, 404} or _NO_CREDIT.search(text):
        return Misconfigured(f"{about}; check LLM_BASE_URL, LLM_API_KEY and LLM_MODEL")
    if status == 429:
        return Overloaded(about, retry_after_s(headers))
    if status == 503 and retry_after_s(headers) is not None:
        return Overloaded(about, retry_after_s(headers))
    if status == 408 or status >= 500:
        return Unreachable(about)
    return Rejected(about, text)
