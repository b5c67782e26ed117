"""The floor's web process: bare ASGI under uvicorn, with just enough of protocol v1 for the load client.

A message: one transaction, one push to the worker's list, the acknowledgement; the reply comes by one Redis
subscription per process. ``python -m tests.bench.floor.server --store steps --port 8100``
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import uuid
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec
import redis.asyncio as redis
import uvicorn

from tests.bench import frames
from tests.bench.floor.batcher import Batcher
from tests.bench.floor.rows import Message, Settled
from tests.bench.floor.store import CONNECTIONS, STORES, Store, open_pool

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_settled = msgspec.json.Decoder(list[Settled]).decode


class Floor:
    """One web process: a store, a Redis client, and the sockets by session."""

    def __init__(self, store: Store, client: redis.Redis, name: str) -> None:
        self._redis = client
        self._store = store
        self._queue = f"floor:{name}:calls"
        self.replies = f"floor:{name}:replies"
        self._sockets: dict[str, Send] = {}
        self._accepting: Batcher[Message, int] = Batcher(self._accept, store.batch)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._socket(receive, send)
        elif scope["type"] == "http":
            await _http(scope, send)

    async def listen(self) -> None:
        """Replies from the worker, to whoever waits for them."""
        async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(self.replies)
            async for hint in subscription.listen():
                for done in _settled(hint["data"]):
                    send = self._sockets.get(done.session)
                    if send is not None:
                        text = frames.finished(done.session, done.ref, done.head, done.text)
                        with contextlib.suppress(OSError):  # the learner left while the call ran
                            await send({"type": "websocket.send", "text": text})

    async def _accept(self, messages: Sequence[Message]) -> Sequence[int]:
        heads = await self._store.accept(messages)
        await self._redis.rpush(self._queue, *(message.ref for message in messages))
        return heads

    async def _socket(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept", "subprotocol": frames.SUBPROTOCOL})
        session = uuid.uuid4().hex
        try:
            while (event := await receive())["type"] == "websocket.receive":
                await self._handle(session, frames.decode_command(event["text"]), send)
        except OSError:
            return  # the learner left while a message was on its way
        finally:
            self._sockets.pop(session, None)

    async def _handle(self, session: str, command: frames.Command, send: Send) -> None:
        if command.t == "hello":
            await self._store.start(session)
            self._sockets[session] = send
            await send({"type": "websocket.send", "text": frames.welcome(session, command.id)})
            await send({"type": "websocket.send", "text": frames.live(session)})
        elif command.t == "message.send":
            ref = uuid.uuid4().hex
            head = await self._accepting.submit(Message(session, ref, command.d["text"]))
            await send({"type": "websocket.send", "text": frames.accepted(session, command.id, ref, head)})


async def _http(scope: Scope, send: Send) -> None:
    status = 201 if scope["path"] == "/api/guests" else 200
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": frames.guest(uuid.uuid4().hex)})


async def serve(store_name: str, port: int) -> None:
    pool = await open_pool(os.environ["FLOOR_DATABASE_URL"])
    connections = redis.BlockingConnectionPool.from_url(
        os.environ["FLOOR_REDIS_URL"], max_connections=CONNECTIONS, timeout=None, socket_timeout=None
    )
    floor = Floor(STORES[store_name](pool, f"web-{os.getpid()}"), redis.Redis(connection_pool=connections), store_name)
    listening = asyncio.create_task(floor.listen())
    config = uvicorn.Config(
        floor,
        host="127.0.0.1",
        port=port,
        log_level="warning",
        lifespan="off",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    try:
        await uvicorn.Server(config).serve()
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await pool.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=sorted(STORES), required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    import uvloop

    uvloop.run(serve(arguments.store, arguments.port))
