"""The few things a client asks over HTTP before it opens its socket: who am I, what can I learn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from sessions_app.client.errors import LoginError

#: For one request, in seconds.
TIMEOUT_S = 10.0


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """A learner without an account. The token is all there is to come back with: keep it."""

    token: str
    user: str | int


def socket_url(url: str) -> str:
    """The session socket of a server: ``http://host:8000`` → ``ws://host:8000/ws/session/``."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/")
    return (
        urlunsplit((scheme, parts.netloc, path if path.endswith("/ws/session") else f"{path}/ws/session", "", "")) + "/"
    )


async def new_guest(url: str) -> Guest:
    """A new guest of the server at ``url``. Raises ``LoginError`` where guests are not taken."""
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as http:
        answer = await http.post("/api/guests")
    if answer.status_code != httpx.codes.CREATED:
        raise LoginError(
            f"The server at {url} takes no guests (HTTP {answer.status_code}). Give a token, or start it in demo mode."
        )
    return msgspec.json.decode(answer.content, type=Guest)


async def courses(url: str, token: str) -> list[dict[str, Any]]:
    """The courses of the server at ``url``: ``[{slug, title, …}]``. Raises ``LoginError`` for a bad token."""
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S) as http:
        answer = await http.get("/api/courses", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise LoginError(f"The server at {url} does not know this token. Ask for a new one.")
    answer.raise_for_status()
    found: list[dict[str, Any]] = msgspec.json.decode(answer.content)
    return found
