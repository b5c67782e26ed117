"""Bodies of HTTP requests are bounded before anybody keeps them: Django reads a whole body to a temporary file first.

What is too large is read and thrown away, up to a limit: a sender that is cut off in the middle of a body sees a broken
connection, and never learns why.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

from sessions_app import conf, protocol
from sessions_app.files import room

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Paths that take files of learners.
_UPLOADS = re.compile(r"/api/sessions/[^/]+/files")


class _TooLarge(Exception):
    """The body has more bytes than it may have."""


class BodyLimit:
    """An ASGI application around another one: uploads beyond ``settings.TUTOR_FILE_BYTES`` never reach it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _UPLOADS.fullmatch(scope["path"]):
            await self._application(scope, receive, send)
            return
        most = settings.TUTOR_FILE_BYTES + conf.FORM_BYTES
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > most:
            if headers.get(b"expect", b"").lower() != b"100-continue":
                await _discard(receive)
            await _refuse(send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _TooLarge
            return message

        try:
            await self._application(scope, counted, send)
        except _TooLarge:
            await _discard(receive)
            await _refuse(send)


async def _discard(receive: Receive) -> None:
    left, more = conf.DISCARDED_BYTES, True
    while more and left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)


async def _refuse(send: Send) -> None:
    body = protocol.error_frame(None, room.too_large(), None).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
