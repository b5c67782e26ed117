"""Shortening a session's history where it is too long for a model (``settings.TUTOR_COMPACTOR``)."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

#: Says whether what the next attempt will send is shorter now.
Compactor = Callable[[uuid.UUID], Awaitable[bool]]


def available() -> bool:
    """Whether a compactor is configured; where none is, the offline tool answers."""
    return bool(settings.TUTOR_COMPACTOR)


async def compact(session: uuid.UUID, within_s: float) -> bool:
    """Compact a session's history, in at most half of the time that its call has left. False: it is as long as before.

    Never raises: a compactor that fails changes nothing.
    """
    compactor: Compactor = import_string(settings.TUTOR_COMPACTOR)
    try:
        async with asyncio.timeout(within_s / 2):
            return await compactor(session)
    except Exception:
        logger.warning("action=compaction.failed session=%s", session, exc_info=True)
        return False
