"""One connection to Redis over which any thread publishes and waits for nobody.

Redis is asked not to answer on it (``CLIENT REPLY OFF``), so publishing is one write into the socket's buffer: no event
loop, no other thread, no reply to be read. A server that takes nothing any more costs ``conf.HINT_SEND_S`` once; while
there is no connection, what is published waits for the one that is being made, or is forgotten with it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import Any

import redis

from sessions_app import conf

logger = logging.getLogger(__name__)


def packed(channel: str, message: bytes) -> bytes:
    """A PUBLISH as Redis reads it."""
    name = channel.encode()
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (len(name), name, len(message), message)


class HintSocket:
    """Of one process and one Redis server. Opened by its first use."""

    def __init__(self, host: dict[str, Any]) -> None:
        self._host = host
        self.renew()

    def renew(self) -> None:
        """Begin anew: a forked child must not write to its parent's connection."""
        self._lock = threading.Lock()
        #: redis-py's connection, which is not typed.
        self._connection: Any = None
        self._connecting: threading.Thread | None = None
        self._failed_at = 0.0
        self._waiting: deque[bytes] = deque(maxlen=conf.HINTS_WAITING)

    def send(self, commands: bytes) -> None:
        """Write packed commands. Returns at once."""
        with self._lock:
            if self._connection is not None and self._write(self._connection, commands):
                return
            if time.monotonic() - self._failed_at < conf.OUTPUT_RECONNECT_S:
                return
            self._waiting.append(commands)
            if self._connecting is None:
                self._connecting = threading.Thread(target=self._connect, name="hints-connect", daemon=True)
                self._connecting.start()

    def close(self) -> None:
        """Hang up; the next use connects again."""
        connecting = self._connecting
        if connecting is not None:
            connecting.join()
        with self._lock:
            self._drop()

    def _write(self, connection: Any, commands: bytes) -> bool:
        try:
            # It never answers: there is something to read only where the other end is gone.
            if not connection.can_read(0):
                connection.send_packed_command([commands], check_health=False)
                return True
        except (redis.RedisError, OSError) as error:
            logger.warning("action=hints.cut error=%r", error)
        self._drop()
        return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _connect(self) -> None:
        """On a thread of its own: a server that is away may take its time to say so."""
        connection: Any = None
        try:
            connection = redis.ConnectionPool.from_url(**self._arguments()).make_connection()
            connection.connect()
            connection.send_command("CLIENT", "REPLY", "OFF", check_health=False)
        except (redis.RedisError, OSError) as error:
            logger.warning("action=hints.unreachable error=%r", error)
            if connection is not None:
                connection.disconnect()
            connection = None
        with self._lock:
            self._connection, self._connecting = connection, None
            waiting = b"".join(self._waiting)
            self._waiting.clear()
            if connection is None:
                self._failed_at = time.monotonic()
            elif waiting:
                self._write(connection, waiting)

    def _arguments(self) -> dict[str, Any]:
        given = {key: value for key, value in self._host.items() if key != "address"}
        times = {"socket_timeout": conf.HINT_SEND_S, "socket_connect_timeout": conf.OUTPUT_REDIS_S}
        return {**given, "url": self._host["address"], **times, "health_check_interval": 0}
