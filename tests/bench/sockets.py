"""A WebSocket client that costs little: the ``websockets`` protocol without its per-frame tasks and queues.

A load client shares the machine with what it measures, so each frame it takes is one callback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

OPEN_TIMEOUT_S = 20.0


class Socket(asyncio.Protocol):
    """One open WebSocket: ``on_text(data)`` for each text frame, ``on_close(reason)`` once at the end."""

    def __init__(self, url: str, token: str, on_text: Callable[[bytes], None], on_close: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._on_close = on_close
        self._token = token
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol("tutor.v1")], max_size=2**21)
        self._opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self.frames = 0

    @classmethod
    async def open(
        cls, url: str, token: str, on_text: Callable[[bytes], None], on_close: Callable[[str], None]
    ) -> Socket:
        """Raises ``ConnectionError`` or ``TimeoutError``."""
        uri = parse_uri(url)
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: cls(url, token, on_text, on_close), uri.host, uri.port)
        async with asyncio.timeout(OPEN_TIMEOUT_S):
            await socket._opened
        return socket

    def send(self, text: bytes) -> None:
        self._protocol.send_text(text)
        self._flush()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class does not derive from asyncio's
        request = self._protocol.connect()
        request.headers.update(Headers(Authorization=f"Bearer {self._token}"))
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered()
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        code, reason = self._protocol.close_rcvd.code if self._protocol.close_rcvd else 1006, str(exc or "")
        if not self._opened.done():
            self._opened.set_exception(ConnectionError(f"the server closed while opening: {code} {reason}"))
        self._on_close(f"{code} {reason}".strip())

    def _answered(self) -> None:
        if self._protocol.handshake_exc is not None and not self._opened.done():
            self._opened.set_exception(ConnectionError(f"the handshake failed: {self._protocol.handshake_exc}"))
        elif not self._opened.done():
            self._opened.set_result(None)

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.CONT}:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            self.frames += 1
            data, self._parts = b"".join(self._parts), []
            self._on_text(data)

    def _flush(self) -> None:
        assert self._transport is not None
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            elif self._transport.can_write_eof():
                self._transport.write_eof()
