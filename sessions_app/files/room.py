"""How much a learner may upload: asked before bytes are kept, and again under the session's lock."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import Sum
from django.db.models.functions import Now

from sessions_app import conf
from sessions_app.exceptions import CommandError
from sessions_app.models import UploadedFile

_HOUR = timedelta(hours=1)


def too_large() -> CommandError:
    """A file of more than ``settings.TUTOR_FILE_BYTES``."""
    limit: int = settings.TUTOR_FILE_BYTES
    return CommandError(
        "too_large",
        f"A file has at most {in_words(limit)}; please upload a smaller one, or only the pages that matter.",
        detail={"limit": limit},
    )


def check(session: uuid.UUID, learner: int, size: int) -> None:
    """Raises ``CommandError``: ``too_large``, ``over_budget`` or ``rate_limited``."""
    if size > settings.TUTOR_FILE_BYTES:
        raise too_large()
    kept = UploadedFile.objects.exclude(status=UploadedFile.Status.RECEIVING)
    of_session = kept.filter(session_id=session)
    if of_session.count() >= conf.SESSION_FILES:
        raise CommandError(
            "over_budget", f"A lesson has at most {conf.SESSION_FILES} files.", detail={"limit": conf.SESSION_FILES}
        )
    if (of_session.aggregate(all=Sum("size"))["all"] or 0) + size > conf.SESSION_FILE_BYTES:
        raise CommandError(
            "over_budget",
            f"The files of a lesson have at most {in_words(conf.SESSION_FILE_BYTES)} together.",
            detail={"limit": conf.SESSION_FILE_BYTES},
        )
    if kept.filter(session__learner_id=learner, created_at__gt=Now() - _HOUR).count() >= conf.FILES_PER_HOUR:
        raise CommandError(
            "rate_limited",
            f"At most {conf.FILES_PER_HOUR} files within an hour; please try again later.",
            after_ms=60_000,
            detail={"limit": conf.FILES_PER_HOUR},
        )


def in_words(size: int) -> str:
    """A number of bytes as people say it."""
    for unit, in_bytes in (("MB", 2**20), ("KB", 2**10)):
        if size >= in_bytes:
            return f"{size / in_bytes:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
