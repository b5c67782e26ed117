"""One connection to Postgres for one event loop: opened beside whatever the loop does, opened again when it broke.

Getting it and giving it back may have to wait, so threads do that. As Django makes and configures it, from its pool.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections

from sessions_app import commit, conf
from sessions_app.loop_wire import LoopWire

logger = logging.getLogger(__name__)


class LoopConnection:
    """Used on the loop that made it, but for ``abandon``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wire: LoopWire | None = None
        self._opening: asyncio.Task[None] | None = None
        self._failed_at = -conf.LOOP_RECONNECT_S
        self._left = False
        #: Django's wrappers (``DatabaseWrapper``, which is not typed), which give connections back. They are here from
        #: the moment they are connected: the loop may end while one is.
        self._owned: list[Any] = []
        self._owning = threading.Lock()

    def wire(self) -> LoopWire | None:
        """The way to Postgres; None while there is none, and then it is being opened."""
        if self._wire is not None and self._wire.closed:
            self._forget_wire()
            if not self._left:
                self._loop.run_in_executor(None, _give_back, self._let_go())
        since_s = time.monotonic() - self._failed_at
        if self._wire is None and not self._left and self._opening is None and since_s > conf.LOOP_RECONNECT_S:
            self._opening = self._loop.create_task(self._open())
        return self._wire

    async def leave(self) -> None:
        """Give the connection back."""
        self._left = True
        if self._opening is not None:
            await self._opening
        self._forget_wire()
        await self._loop.run_in_executor(None, _give_back, self._let_go())

    def abandon(self) -> None:
        """Give the connection back as it is, where the loop does not run any more. Not on a loop."""
        self._left = True
        self._forget_wire()
        _give_back(self._let_go())

    async def _open(self) -> None:
        try:
            django = await self._loop.run_in_executor(None, self._connect)
            self._wire = LoopWire(django.connection, prepare=settings.PREPARE_STATEMENTS)
        except Exception:
            self._failed_at = time.monotonic()
            logger.warning("action=loop.not_connected", exc_info=True)
        finally:
            self._opening = None

    def _forget_wire(self) -> None:
        if self._wire is not None:
            self._wire.leave()
            self._wire = None

    def _connect(self) -> Any:
        """By a thread."""
        django: Any = connections[DEFAULT_DB_ALIAS].copy()
        django.inc_thread_sharing()
        django.ensure_connection()
        with self._owning:
            self._owned.append(django)
        if self._left:
            _give_back(self._let_go())
            raise RuntimeError("the loop has ended; connect through another one")
        commit.make_ready(django.connection)
        return django

    def _let_go(self) -> list[Any]:
        """What is owned, once: the next connection may be there before this one has been given back."""
        with self._owning:
            owned, self._owned = self._owned, []
        return owned


def _give_back(owned: list[Any]) -> None:
    """By a thread."""
    for django in owned:
        with contextlib.suppress(Error, psycopg.Error):
            django.close()
