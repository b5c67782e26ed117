"""What becomes of a pending tool call, as told by whoever runs tools. The kernel itself knows no worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class CallReport:
    """One tool call of a session that has not ended."""

    ref: str
    tool: str
    queue: str
    background: bool
    #: waiting (for a place among its group), queued, running, or parked: in doubt.
    status: str
    #: Attempts begun, and how many there may be.
    attempt: int
    attempts: int
    #: The process boot that runs it, and its last sign of life; None where nobody does.
    owner: str | None
    beat_at: datetime | None
    #: When that worker counts as lost, and its call is taken away.
    lease_ends_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    #: Since when it is in doubt.
    parked_at: datetime | None
    #: Not before: the pause between two attempts.
    run_after: datetime
    #: For all attempts together; it ends as timed out then.
    deadline_at: datetime
    #: Workers that live and serve its queue.
    workers: int
    #: Why the last attempt failed; empty before that.
    error: str


def reports(session: uuid.UUID) -> list[CallReport]:
    """The pending calls of a session, oldest first, from ``settings.TUTOR_CALL_REPORTS``."""
    told: Callable[[uuid.UUID], list[CallReport]] = import_string(settings.TUTOR_CALL_REPORTS)
    return told(session)
