"""The files of a session, and what was read of them. What a fork shares with its parent are the parent's files, too."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sessions_app import lineage
from sessions_app.models import FileSection, UploadedFile


def listed(session: uuid.UUID) -> list[dict[str, Any]]:
    """A session's own files, oldest first, as JSON values."""
    rows = UploadedFile.objects.filter(session_id=session).exclude(status=UploadedFile.Status.RECEIVING)
    return [
        {
            "file": str(row.pk),
            "name": row.name,
            "size": row.size,
            "media_type": row.media_type,
            "status": row.status,
            "sections": row.sections,
            "pages": row.pages,
            "reason": row.reason,
            "message": row.message,
            "at": row.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        for row in rows.order_by("created_at")
    ]


def ready(session: uuid.UUID, files: Iterable[str]) -> list[UploadedFile]:
    """Those of the named files that can be read and that this session may read, in the order of the names."""
    own = [part.session for part in lineage.lineage(session)]
    found = UploadedFile.objects.filter(session_id__in=own, status=UploadedFile.Status.READY)
    names = list(files)
    rows = {str(row.pk): row for row in found.filter(pk__in=[name for name in names if _is_id(name)])}
    return [rows[name] for name in names if name in rows]


def sections(file: UploadedFile) -> list[FileSection]:
    """A file's text, section by section."""
    return list(FileSection.objects.filter(file=file).order_by("number"))


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
