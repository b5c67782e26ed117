"""Draining a web process: no new work, sockets are told to come back, then the server may stop."""

from __future__ import annotations

import asyncio
import random
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sessions_app.consumers import SessionConsumer

#: Clients come back spread over this long, in milliseconds, so that they do not come all at once: at least this long,
#: and this much for each socket.
SPREAD_MS = 2_000
SPREAD_MS_SOCKET = 2

_open: weakref.WeakSet[SessionConsumer] = weakref.WeakSet()
_draining = False


def is_draining() -> bool:
    """Whether this process takes no new work."""
    return _draining


def opened(socket: SessionConsumer) -> None:
    _open.add(socket)


def closed(socket: SessionConsumer) -> None:
    _open.discard(socket)


def open_sockets() -> int:
    """Sockets of this process."""
    return len(_open)


async def drain() -> None:
    """Say ``bye 1001`` to every socket of this process. Called before the web server is told to stop."""
    global _draining  # noqa: PLW0603 — one process drains once
    _draining = True
    sockets = list(_open)
    spread_ms = max(SPREAD_MS, SPREAD_MS_SOCKET * len(sockets))
    await asyncio.gather(
        *(socket.drain(random.randint(100, spread_ms)) for socket in sockets),  # noqa: S311 — jitter
        return_exceptions=True,
    )
