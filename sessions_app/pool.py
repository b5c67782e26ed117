"""Threads of this process that read the database for coroutines.

Django's default helper runs everything on one thread of the process; sockets would wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import connection

from sessions_app.conf import COMMIT_ON_LOOPS, COMMIT_THREADS

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: As many as there are connections that nobody holds who delivers or claims.
_readers = ThreadPoolExecutor(
    max_workers=max(1, settings.DB_CONNECTIONS - COMMIT_THREADS - 2 * COMMIT_ON_LOOPS - 1),
    thread_name_prefix="database",
)


async def in_database(read: Callable[..., T], *arguments: Any) -> T:
    """Run a function that uses the database in a thread of its own, connection handling included."""
    result: T = await database_sync_to_async(read, thread_sensitive=False, executor=_readers)(*arguments)
    return result


def in_background(read: Callable[..., object], *arguments: Any) -> None:
    """Run a function that uses the database on one of these threads some time soon; nobody waits for it."""
    _readers.submit(_and_close, read, *arguments)


def _and_close(read: Callable[..., object], *arguments: Any) -> None:
    try:
        read(*arguments)
    except Exception:
        logger.warning("action=background.failed what=%s", read.__name__, exc_info=True)
    finally:
        connection.close()
