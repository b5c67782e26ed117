"""Files that learners uploaded, as a place of text: rows, bytes in whichever storage, and what was read of them."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sessions_app import conf
from sessions_app.files.storage import uploads
from sessions_app.models import FileSection, UploadedFile
from sessions_app.personal_data.places import PAGE_ROWS, SessionPlace

_ABOUT = (
    "name", "media_type", "size", "sha256", "status", "sections", "pages", "reason", "message", "created_at",
    "ended_at",
)  # fmt: skip


def place() -> SessionPlace:
    """For the list."""
    return SessionPlace("uploaded files, their bytes and their text", _count, _clear, "file", _export, (UploadedFile,))


def _count(sessions: Sequence[uuid.UUID]) -> int:
    return UploadedFile.objects.filter(session_id__in=sessions).count()


def _clear(session: uuid.UUID) -> int:
    """Bytes first: none is left that no row names, wherever this dies."""
    files = UploadedFile.objects.filter(session_id=session)
    for key in list(files.values_list("key", flat=True)):
        uploads().delete(key)
    return int(files.delete()[0])


def _export(session: uuid.UUID) -> Iterator[dict[str, Any]]:
    for file in list(UploadedFile.objects.filter(session_id=session).order_by("created_at")):
        yield {"file": str(file.pk), **{name: getattr(file, name) for name in _ABOUT}}
        yield from _bytes(file)
        yield from _sections(file)


def _bytes(file: UploadedFile) -> Iterator[dict[str, Any]]:
    """Piece by piece, whatever the size."""
    told = {"line": "file_bytes", "file": str(file.pk)}
    try:
        with uploads().open(file.key) as content:
            offset = 0
            while piece := content.read(conf.FILE_CHUNK_BYTES):
                yield {**told, "offset": offset, "base64": base64.b64encode(piece).decode()}
                offset += len(piece)
    except FileNotFoundError:
        yield {**told, "missing": True}


def _sections(file: UploadedFile) -> Iterator[dict[str, Any]]:
    after = 0
    columns = ("number", "heading", "page", "text")
    rows = FileSection.objects.filter(file=file).order_by("number")
    while page := list(rows.filter(number__gt=after).values(*columns)[:PAGE_ROWS]):
        after = page[-1]["number"]
        yield from ({"line": "file_section", "file": str(file.pk), **row} for row in page)
