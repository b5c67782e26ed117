"""For scale: Django Channels answering at once, with no database, no layer and no worker.

``python -m tests.bench.channels_echo --port 8100``
"""

from __future__ import annotations

import argparse
from typing import Any

import uvicorn
from django.conf import settings

settings.configure()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402  it reads the settings when imported
from channels.routing import ProtocolTypeRouter  # noqa: E402

from tests.bench import frames  # noqa: E402


class Echo(AsyncWebsocketConsumer):  # type: ignore[misc]
    """Each message is a turn that is over when it arrives."""

    async def connect(self) -> None:
        await self.accept(frames.SUBPROTOCOL)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        command = frames.decode_command(text_data or "{}")
        if command.t == "hello":
            await self.send(frames.welcome("echo", command.id))
            await self.send(frames.live("echo"))
        else:
            await self.send(frames.accepted("echo", command.id, command.id, 1))
            await self.send(frames.finished("echo", command.id, 2, command.d["text"]))


async def guests(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201 if scope["path"] == "/api/guests" else 200, "headers": []})
    await send({"type": "http.response.body", "body": frames.guest("guest")})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(
        ProtocolTypeRouter({"http": guests, "websocket": Echo.as_asgi()}),
        host="127.0.0.1",
        port=parser.parse_args().port,
        log_level="warning",
        lifespan="off",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
