"""Hints after a commit: "look at this session", "there is work", "your reply is here". Lossy, never waited for.

All go through the channel layer, in one write for a whole batch of sessions (``hint_layer``). Workers are woken by
Celery, too: a thread sends its messages, because a broker that does not answer may hold it for seconds. A hint that
cannot be sent is logged and forgotten: sweeps find what it would have told.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import redis

from sessions_app import conf, crash_points, log
from sessions_app.delivery import Wake
from sessions_app.hint_layer import hint_layer
from sessions_app.hint_loop import hint_loop
from sessions_app.output import buffer
from sessions_app.played import Played
from sessions_app.reply_hints import reply_hints
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


class _Wakes:
    """The thread that sends wake-ups. Equal ones that wait at the same time are sent once.

    After each round it rests: a message costs Celery more than the claim it brings, and whoever claims has been told
    already, through the channel layer.
    """

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
            time.sleep(conf.WAKES_EVERY_S)


_wakes = _Wakes()


def after_commit(played: Sequence[Played]) -> None:
    """Tell sockets, workers and callers what a commit brought."""
    messages = []
    for one in played:
        if one.row.written:
            crash_points.reach("looks.before")
            messages.append((group(one.row.id), look(one)))
    wakes = {wake for one in played for wake in one.wakes}
    messages += [(wake.group, {"type": "work.queued", "what": wake.argument}) for wake in wakes]
    messages += reply_hints.told(caller for one in played for caller in one.replied)
    if messages:
        hint_layer().tell(messages)
    for wake in wakes:
        _wakes.send(wake)
    for session, turn in {streamed for one in played for streamed in _streamed(one)}:
        hint_loop.run(_forget(session, turn))


def _streamed(played: Played) -> Iterator[tuple[uuid.UUID, str]]:
    """Turns whose streamed text is in the log now. One that was fenced stays closed until it expires."""
    for entry in played.row.written:
        if entry.kind == "output.committed" and entry.turn is not None:
            committed = entry.fact
            if isinstance(committed, OutputCommitted) and committed.attempt is not None and not committed.partial:
                yield entry.session, entry.turn


async def _forget(session: uuid.UUID, turn: str) -> None:
    """What was streamed is in the log: its buffer is not needed any more."""
    try:
        await buffer.drop(session, turn)
    except redis.RedisError as error:
        logger.warning("action=output.not_dropped session=%s error=%s", session, error)  # it expires
