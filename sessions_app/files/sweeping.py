"""Bytes that were kept for a file of which no event tells: whoever received them died on the way."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models.functions import Now

from sessions_app import conf
from sessions_app.files import uploading
from sessions_app.models import UploadedFile

logger = logging.getLogger(__name__)

#: Files looked at in one sweep.
_MOST = 100


def sweep() -> None:
    """Delete what was abandoned ``conf.FILE_ABANDONED_S`` ago. Any number of processes may sweep."""
    ago = Now() - timedelta(seconds=conf.FILE_ABANDONED_S)
    abandoned = UploadedFile.objects.filter(status=UploadedFile.Status.RECEIVING, created_at__lt=ago)
    for row in abandoned.order_by("created_at")[:_MOST]:
        if uploading.discard(row):
            logger.info("action=file.abandoned file=%s session=%s size=%d", row.pk, row.session_id, row.size)
