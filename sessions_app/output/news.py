"""News of written text: one message for all pieces that a worker has just written, to every web process.

Not the channel layer: its price is paid for each group and message, and two hundred streams bring four thousand pieces
a second. Here a web process subscribes once for all its sockets and hands each piece to those who show that session. A
lost message costs nothing but time: the next piece leaves a gap, which its reader fills from the buffer.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
import weakref
from collections.abc import Callable, Sequence

import msgspec
import redis
import redis.asyncio
from django.conf import settings

from sessions_app import conf
from sessions_app.output.buffer import Piece, client

logger = logging.getLogger(__name__)

_CHANNEL = "tutor:output"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[tuple[bytes, str, int, int, str]])

#: Takes a piece; None: pieces may have been lost, read the buffer.
Subscriber = Callable[[Piece | None], None]


async def publish(pieces: Sequence[Piece]) -> None:
    """Tell every web process of pieces that are in the buffer. Raises ``redis.RedisError``."""
    message = _encoder.encode([(one.session.bytes, *one[1:]) for one in pieces])
    await client().publish(_CHANNEL, message)


class Listener:
    """One event loop's subscription, open while somebody listens."""

    def __init__(self) -> None:
        self._subscribers: dict[uuid.UUID, set[Subscriber]] = {}
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, session: uuid.UUID, subscriber: Subscriber) -> None:
        """Hand pieces of a session to ``subscriber``, on this loop, until ``unsubscribe``."""
        self._subscribers.setdefault(session, set()).add(subscriber)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._listen(), name="output-news")

    def unsubscribe(self, session: uuid.UUID, subscriber: Subscriber) -> None:
        """Hand it no more."""
        known = self._subscribers.get(session, set())
        known.discard(subscriber)
        if not known:
            self._subscribers.pop(session, None)
        if not self._subscribers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._take()
            except redis.RedisError as error:
                logger.warning("action=output.news_lost error=%s", error)
            await asyncio.sleep(conf.OUTPUT_RECONNECT_S)

    async def _take(self) -> None:
        connection = redis.asyncio.Redis.from_url(
            settings.LAYER_URL,
            socket_timeout=None,
            socket_connect_timeout=conf.OUTPUT_REDIS_S,
            health_check_interval=15,
        )
        async with connection, connection.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(_CHANNEL)
            # Whatever was told before this moment was told to nobody here.
            for subscribers in list(self._subscribers.values()):
                for subscriber in list(subscribers):
                    subscriber(None)
            async for message in subscription.listen():
                self._hand_out(message["data"])

    def _hand_out(self, message: bytes) -> None:
        for raw, turn, attempt, off, text in _decoder.decode(message):
            session = uuid.UUID(bytes=raw)
            for subscriber in list(self._subscribers.get(session, ())):
                subscriber(Piece(session, turn, attempt, off, text))


_listeners: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Listener] = weakref.WeakKeyDictionary()


def listener() -> Listener:
    """This event loop's."""
    return _listeners.setdefault(asyncio.get_running_loop(), Listener())
