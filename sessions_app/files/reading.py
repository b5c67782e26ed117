"""The files of a session, and what was read of them. What a fork shares with its parent are the parent's files, too."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_

import msgspec
from django.db.models import Q, Sum
from django.db.models.functions import Length

from sessions_app import conf, lineage, log
from sessions_app.files import sniffing
from sessions_app.frames import FileListed, Files
from sessions_app.models import FileSection, UploadedFile
from tutor import file_text
from tutor.file_text import FileOutline, FilePart, Library


def listed(session: uuid.UUID) -> Files:
    """A session's own files, oldest first."""
    rows = UploadedFile.objects.filter(session_id=session).exclude(status=UploadedFile.Status.RECEIVING)
    columns = [name for name in FileListed.__struct_fields__ if name not in {"file", "at"}]
    plain = [
        {
            **{name: getattr(row, name) for name in columns},
            "file": str(row.pk),
            "at": log.iso(log.microseconds(row.created_at)),
        }
        for row in rows.order_by("created_at")
    ]
    return msgspec.convert({"files": plain}, Files)


def ready(session: uuid.UUID, files: Iterable[str]) -> list[UploadedFile]:
    """Those of the named files that can be read and that this session may read, in the order of the names."""
    own = [part.session for part in lineage.lineage(session)]
    found = UploadedFile.objects.filter(session_id__in=own, status=UploadedFile.Status.READY)
    names = list(files)
    rows = {str(row.pk): row for row in found.filter(pk__in=[name for name in names if _is_id(name)])}
    return [rows[name] for name in names if name in rows]


def library(session: uuid.UUID, files: Iterable[str], text: str, *, first: bool = False) -> Library:
    """The named files as far as they may say something about a text: small ones whole, of others what fits.

    The same at any later time: sections never change, and erased ones are gone.
    """
    rows = ready(session, files)
    if not rows:
        return file_text.NOTHING
    outlines = tuple(FileOutline(str(row.pk), row.name, row.sections or 0, row.pages, _headings(row)) for row in rows)
    return Library(outlines, tuple(_parts(rows, text)), first)


def part(row: UploadedFile, section: FileSection) -> FilePart:
    """A section as a value."""
    return FilePart(
        str(row.pk), row.name, section.number, section.heading, section.page, section.text,
        marked_up=row.media_type in sniffing.MARKED_UP,
    )  # fmt: skip


def _parts(rows: list[UploadedFile], text: str) -> Iterator[FilePart]:
    kept = FileSection.objects.filter(file__in=rows)
    size = kept.aggregate(all=Sum(Length("text")))["all"] or 0
    if size > conf.WHOLE_FILES_CHARS:
        wanted = file_text.asked_of(text)
        # A stem stands in every form of its word.
        fits = (Q(text__icontains=stem) | Q(heading__icontains=stem) for stem in sorted(wanted)[: conf.SEARCH_TERMS])
        kept = kept.filter(reduce(or_, fits)) if wanted else kept.none()
    by_file = {row.pk: row for row in rows}
    order = {row.pk: at for at, row in enumerate(rows)}
    found = sorted(kept.order_by("file", "number")[: conf.SEARCHED_SECTIONS], key=lambda one: order[one.file_id])
    yield from (part(by_file[one.file_id], one) for one in found)


def _headings(row: UploadedFile) -> tuple[str, ...]:
    named = FileSection.objects.filter(file=row).exclude(heading="").order_by("number")
    found = dict.fromkeys(named.values_list("heading", flat=True)[: 2 * file_text.HEADINGS])
    return tuple(found)[: file_text.HEADINGS]


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
