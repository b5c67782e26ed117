"""A worker's sign of life: one row, renewed twice a second, is the lease on everything that the process runs.

On a thread of its own, so that a busy event loop does not look like a dead process. With the same word to the database
it learns what has changed meanwhile: calls that were taken away from it, and an operator's wish to drain it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import Error, connection

from tools_app import calls, conf
from tools_app.calls import Claimed

logger = logging.getLogger(__name__)

_BEAT = """
INSERT INTO tools_app_worker (owner, host, process, queues, started_at, beat_at)
VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET beat_at = clock_timestamp()
RETURNING drain_asked_at IS NOT NULL
"""

_Running = tuple[asyncio.Task[None], Claimed]


class Beat:
    """Beats until it is stopped. The callables are called by its thread."""

    def __init__(
        self,
        owner: str,
        queues: list[str],
        *,
        running: Callable[[], list[_Running]],
        lost: Callable[[list[asyncio.Task[None]]], None],
        drain: Callable[[], None],
    ) -> None:
        #: Monotonic time since when the database owes an answer; None while it owes none.
        self.asking_since: float | None = None
        self._owner = owner
        self._me: list[Any] = [owner, socket.gethostname()[:200], os.getpid(), ",".join(queues)[:200]]
        self._running, self._lost, self._drain = running, lost, drain
        self._drain_told = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="beat", daemon=True)

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def stop(self) -> None:
        """End after the beat that is under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self.asking_since = time.monotonic()
            try:
                self._beat()
            except Error:
                logger.warning("action=beat.failed owner=%s", self._owner, exc_info=True)
                connection.close()
            finally:
                self.asking_since = None
            self._stopping.wait(conf.BEAT_S)
        connection.close()

    def _beat(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BEAT, self._me)
            found = cursor.fetchone()
        # Asked after the list was made: whatever is on it had been claimed by then.
        if running := self._running():
            held = calls.held(self._owner)
            lost = [(task, call) for task, call in running if call.key not in held]
            for _task, call in lost:
                logger.info("action=call.not_ours session=%s call=%s attempt=%d", call.session, call.ref, call.attempt)
            if lost:
                self._lost([task for task, _call in lost])
        if found is not None and found[0] and not self._drain_told:
            self._drain_told = True
            self._drain()
