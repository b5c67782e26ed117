"""Reads an uploaded file: its sections into the database, how many they are as the result.

It runs in a child process, which can be killed: what is in a file is anybody's guess. What can be told about a file
that cannot be read is a result, too; only a process that dies, or outlives its time, is a failure.
"""

from __future__ import annotations

from django.db import transaction

from sessions_app.files.conclusion import Extracted
from sessions_app.files.storage import uploads
from sessions_app.models import FileSection, UploadedFile
from tools_app.exceptions import Refused
from tools_app.extraction.document import Document, Unreadable
from tools_app.extraction.limits import HARD_S
from tools_app.extraction.reading import read
from tools_app.registry import tool
from tools_app.retry import RetryPolicy
from tools_app.scope import Scope

_BEING_READ = (UploadedFile.Status.PENDING, UploadedFile.Status.PROCESSING)


@tool(timeout_s=HARD_S, cpu=True, retry=RetryPolicy(attempts=2))
def extract_file(scope: Scope, file: str) -> Extracted:
    """The sections of a file of this session are in the database when this returns; or it says why there are none."""
    row = UploadedFile.objects.filter(pk=file, session_id=scope.session).first()
    if row is None:
        raise Refused("there is no such file in this session")
    UploadedFile.objects.filter(pk=file, status=UploadedFile.Status.PENDING).update(
        status=UploadedFile.Status.PROCESSING
    )
    with uploads().open(row.key) as stored:
        content = stored.read()
    try:
        document = read(content)
    except Unreadable as why:
        return Extracted(reason=why.reason, message=why.message)
    _keep(row, document)
    return Extracted(
        sections=len(document.sections),
        pages=document.pages,
        chars=sum(len(section.text) for section in document.sections),
    )


def _keep(row: UploadedFile, document: Document) -> None:
    """In place of what an attempt before has written. Once the file is ready its sections never change again."""
    with transaction.atomic():
        locked = UploadedFile.objects.select_for_update(no_key=True).filter(pk=row.pk, status__in=_BEING_READ)
        if not locked.exists():
            return
        FileSection.objects.filter(file=row).delete()
        FileSection.objects.bulk_create(
            (
                FileSection(file=row, number=number, heading=one.heading, page=one.page, text=one.text)
                for number, one in enumerate(document.sections, start=1)
            ),
            batch_size=100,
        )
