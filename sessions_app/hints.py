"""Hints after a commit: "look at this session", "there is work". Lossy by nature, never waited for.

One thread of each process owns an event loop for the channel layer; another sends the wake-ups, because a broker that
does not answer may hold it for seconds. A hint that cannot be sent is logged and forgotten: sweeps find what it would
have told.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

import redis
import uvloop
from channels.layers import get_channel_layer

from sessions_app import conf, crash_points, log
from sessions_app.delivery import Wake
from sessions_app.output import buffer
from sessions_app.step import Played
from tutor.interactions import OutputCommitted

logger = logging.getLogger(__name__)


def group(session: uuid.UUID) -> str:
    """The channel-layer group of a session's sockets."""
    return f"session.{session.hex}"


def look(played: Played) -> dict[str, Any]:
    """The hint to a session's sockets: where the log was and is, and, while small, the rows between."""
    row = played.row
    lines = [log.line(entry) for entry in row.written]
    rows = [[one.seq, one.kind, one.at, one.turn, one.cause, one.visibility, one.payload] for one in lines]
    small = sum(len(one.payload) for one in lines) <= conf.HINT_BYTES
    return {
        "type": "session.look",
        "prev": row.head_read,
        "head": row.head,
        "rows": rows if small else None,
    }


class _Looks:
    """The thread that sends to the channel layer."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    def send(self, messages: list[tuple[str, dict[str, Any]]]) -> None:
        self._run(self._send(messages))

    def forget(self, session: uuid.UUID, turn: str) -> None:
        """The turn's text is in the log: its buffer is not needed any more."""
        self._run(self._forget(session, turn))

    def _run(self, what: Coroutine[Any, Any, None]) -> None:
        with self._lock:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="hints-looks", daemon=True).start()
        asyncio.run_coroutine_threadsafe(what, self._loop)

    async def _forget(self, session: uuid.UUID, turn: str) -> None:
        try:
            await buffer.drop(session, turn)
        except redis.RedisError as error:
            logger.warning("action=output.not_dropped session=%s error=%s", session, error)  # it expires

    async def _send(self, messages: list[tuple[str, dict[str, Any]]]) -> None:
        layer = get_channel_layer()
        for name, message in messages:
            crash_points.reach("looks.before")
            try:
                await layer.group_send(name, message)
            except Exception:
                logger.warning("action=hint.lost group=%s", name, exc_info=True)


class _Wakes:
    """The thread that sends wake-ups. Equal ones that wait at the same time are sent once."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Wake] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def send(self, wake: Wake) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="hints-wakes", daemon=True)
                self._thread.start()
        self._queue.put(wake)

    def _work(self) -> None:
        while True:
            wakes = {self._queue.get()}
            while not self._queue.empty():
                wakes.add(self._queue.get())
            for wake in wakes:
                try:
                    wake.send(wake.argument)
                except Exception as error:
                    logger.warning("action=wake.lost what=%s error=%s", wake.argument, error)


_replies: dict[str, threading.Event] = {}


def expect_reply(caller: str) -> threading.Event:
    """An event that is set when this process commits the reply to a caller."""
    woken = threading.Event()
    _replies[caller] = woken
    return woken


def forget_reply(caller: str) -> None:
    """The caller does not wait any more."""
    _replies.pop(caller, None)


_looks = _Looks()
_wakes = _Wakes()


def after_commit(played: Sequence[Played]) -> None:
    """Tell sockets and workers what a commit brought."""
    messages = [(group(one.row.id), look(one)) for one in played if one.row.written]
    if messages:
        _looks.send(messages)
    for write in (write for one in played for write in one.writes if _replies and "caller" in write.row):
        woken = _replies.get(write.row["caller"])
        if woken is not None:
            woken.set()
    for session, turn in {streamed for one in played for streamed in _streamed(one)}:
        _looks.forget(session, turn)
    for wake in {wake for one in played for wake in one.wakes}:
        _wakes.send(wake)


def _streamed(played: Played) -> Iterator[tuple[uuid.UUID, str]]:
    """Turns whose streamed text is in the log now. One that was fenced stays closed until it expires."""
    for entry in played.row.written:
        if entry.kind == "output.committed" and entry.turn is not None:
            committed = entry.fact
            if isinstance(committed, OutputCommitted) and committed.attempt is not None and not committed.partial:
                yield entry.session, entry.turn
