"""Uploading a file to a session: once, however often the connection breaks on the way."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from sessions_app.client.errors import CommandError, LoginError
from sessions_app.client.pace import Pace

#: To connect, and for one piece of the body or the answer, in seconds.
TIMEOUT_S = 60.0

#: Called with the bytes sent so far and all of them.
Progress = Callable[[int, int], None]


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """What the server says of a file that it has taken in. ``file.ready`` or ``file.failed`` follows on the socket."""

    file: str
    name: str
    #: In bytes.
    size: int
    status: str
    duplicate: bool
    seq: int


async def upload(
    url: str,
    token: str | None,
    session: str,
    path: Path,
    *,
    progress: Progress | None = None,
    command_id: str | None = None,
    pace: Pace | None = None,
) -> Uploaded:
    """Upload the file at ``path`` to a session of the server at ``url``.

    It is sent again, under the same id, while the server cannot be reached. Raises ``CommandError`` where the server
    refuses it (``too_large``, ``rate_limited``, …), ``LoginError`` for a bad token, ``OSError`` for an unreadable file,
    and ``httpx.TransportError`` where the server stays away.
    """
    pace = pace or Pace()
    command = command_id or secrets.token_urlsafe(12)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    tries = 0
    async with httpx.AsyncClient(timeout=TIMEOUT_S, headers=headers) as http:
        while True:
            tries += 1
            try:
                with _Counted(path, progress) as content:
                    answer = await http.post(
                        f"{_http(url)}/api/sessions/{session}/files",
                        files={"file": (path.name, content)},
                        data={"id": command},
                    )
            except httpx.TransportError:
                if tries >= pace.same_id_tries:
                    raise
                await asyncio.sleep(pace.after_failure(tries))
                continue
            if answer.status_code == httpx.codes.CREATED:
                return msgspec.json.decode(answer.content, type=Uploaded)
            error = _refusal(answer)
            if error.retry != "same_id" or tries >= pace.same_id_tries:
                raise error
            await asyncio.sleep(pace.after_failure(tries) if error.after_ms is None else pace.asked_for(error.after_ms))


class _Counted(io.FileIO):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, progress: Progress | None) -> None:
        super().__init__(path, "rb")
        self._progress = progress
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(-1 if size is None else size) or b""
        if self._progress is not None:
            self._progress(self.tell(), self._size)
        return piece


def _refusal(answer: httpx.Response) -> CommandError:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise LoginError("The server does not know this token. Ask for a new one.")
    try:
        d: dict[str, Any] = msgspec.json.decode(answer.content)["d"]
    except (msgspec.DecodeError, KeyError, TypeError):
        d = {"code": "internal", "message": f"The server answered with HTTP {answer.status_code}.", "retry": "same_id"}
    return CommandError(
        str(d.get("code", "internal")),
        str(d.get("message", "")),
        retry=str(d.get("retry", "never")),
        after_ms=d.get("after_ms"),
        detail=d.get("detail"),
    )


def _http(url: str) -> str:
    """The address of a server, also from that of its socket."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/ws/session"), "", ""))
