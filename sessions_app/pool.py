"""Threads of this process that read the database for coroutines.

Django's default helper runs everything on one thread of the process; sockets would wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from channels.db import database_sync_to_async
from django.conf import settings

from sessions_app.conf import COMMIT_THREADS

T = TypeVar("T")

#: As many as there are connections that the delivering threads do not hold.
_readers = ThreadPoolExecutor(
    max_workers=max(1, settings.DB_CONNECTIONS - COMMIT_THREADS - 1), thread_name_prefix="database"
)


async def in_database(read: Callable[..., T], *arguments: Any) -> T:
    """Run a function that uses the database in a thread of its own, connection handling included."""
    result: T = await database_sync_to_async(read, thread_sensitive=False, executor=_readers)(*arguments)
    return result
