"""Taking a file in: a row, its bytes, and then, in one commit, that it is there and has to be read.

Whatever dies on the way: bytes without ``file.uploaded`` have a row that says *receiving*, which ``sweeping`` finds;
once ``file.uploaded`` stands in the log, the request to read it stands in the same commit. The same command id again
gets the same answer, and its bytes are not kept twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.conf import settings
from django.core.files import File
from django.db import transaction

from sessions_app import conf
from sessions_app.controls import RequestWork
from sessions_app.delivery import CommandId, Delivered, Delivery, Statement, Write
from sessions_app.exceptions import ClosedSession, CommandError
from sessions_app.files import naming, room, sniffing
from sessions_app.files.storage import uploads
from sessions_app.frames import FileTaken
from sessions_app.group_commit import group_commit
from sessions_app.models import Command, UploadedFile
from sessions_app.view import View
from tutor.interactions import FileUploaded

#: The tool that reads a file.
TOOL = "extract_file"
#: The command, as its id's digest knows it.
COMMAND = "file.upload"

_ADMIT = Statement(
    "admit_file",
    """
UPDATE sessions_app_uploadedfile f
   SET status = 'pending'
  FROM json_to_recordset(%s) AS r(id uuid)
 WHERE f.id = r.id AND f.status = 'receiving'
RETURNING 1""",
)


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody sends."""

    content: File  # type: ignore[type-arg]
    #: As its sender calls it.
    name: str
    command_id: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is to know of a file before it is kept."""

    name: str
    size: int
    sha256: str
    media_type: str

    @property
    def digest(self) -> bytes:
        """What must be the same when the same command comes again."""
        return hashlib.sha256(f"{COMMAND}\x00{self.name}\x00{self.sha256}".encode()).digest()


def receive(view: View, upload: Upload) -> FileTaken:
    """Take a file in. Returns what its sender is told. It reads and writes piece by piece, whatever the size.

    Raises ``CommandError``. Needs a thread that may use the database.
    """
    if (upload.content.size or 0) > settings.TUTOR_FILE_BYTES:
        raise room.too_large()
    known = _look(upload)
    command = CommandId(upload.command_id, COMMAND, known.digest)
    before = Command.objects.filter(session_id=view.session, command_id=command.id).values_list("digest", "reply")
    for digest, reply in before:
        if bytes(digest) != command.digest:
            raise CommandError("id_reused", "This id was used for another command; choose a new one.")
        return _told(reply["file"], reply["seq"], duplicate=True)
    room.check(view.session, view.user_id, known.size)
    row = _keep(view, upload, known)
    try:
        delivered = _admit(view, row, command)
    except BaseException:
        discard(row)
        raise
    if delivered.duplicate:
        # The same command came twice at the same moment: the other one was first.
        discard(row)
    return _told(delivered.reply["file"], delivered.seq, duplicate=delivered.duplicate)


def discard(row: UploadedFile) -> bool:
    """Delete a file that nothing tells of, bytes first. False where its ``file.uploaded`` stands in the log."""
    with transaction.atomic():
        found = UploadedFile.objects.select_for_update(no_key=True).filter(
            pk=row.pk, status=UploadedFile.Status.RECEIVING
        )
        abandoned = found.first()
        if abandoned is None:
            return False
        uploads().delete(abandoned.key)
        abandoned.delete()
    return True


def _look(upload: Upload) -> _Known:
    digest, size, head, tail = hashlib.sha256(), 0, b"", b""
    upload.content.seek(0)
    while piece := upload.content.read(conf.FILE_CHUNK_BYTES):
        digest.update(piece)
        size += len(piece)
        if len(head) < sniffing.HEAD_BYTES:
            head = (head + piece)[: sniffing.HEAD_BYTES]
        tail = (tail + piece)[-sniffing.TAIL_BYTES :]
    return _Known(naming.clean(upload.name), size, digest.hexdigest(), sniffing.media_type(head, tail))


def _keep(view: View, upload: Upload, known: _Known) -> UploadedFile:
    row = UploadedFile(
        session_id=view.session, name=known.name, size=known.size, sha256=known.sha256, media_type=known.media_type
    )
    row.key = str(row.pk)
    row.save(force_insert=True)
    try:
        key = uploads().save(row.key, upload.content)
        if key != row.key:
            # A storage may choose a name of its own.
            row.key = key
            row.save(update_fields=["key"])
    except BaseException:
        discard(row)
        raise
    return row


def _admit(view: View, row: UploadedFile, command: CommandId) -> Delivered:
    """One commit: the row, ``file.uploaded``, and the request to read it."""
    uploaded = FileUploaded(file=str(row.pk), name=row.name, size=row.size, media_type=row.media_type)
    control = RequestWork(
        view.actor,
        TOOL,
        {"file": str(row.pk)},
        conf.EXTRACTION_DEADLINE_MS,
        because=(uploaded,),
        about={"file": str(row.pk), "name": row.name},
    )
    writes = [Write(_ADMIT, {"id": row.pk})]
    delivery = Delivery(view.session, None, by=view.role, command=command, control=control, writes=writes)

    def checked(_look: tuple[Any, ...] | None) -> Delivery:
        # Files of this session that were taken in since the first look count, too.
        room.check(view.session, view.user_id, row.size)
        return delivery

    try:
        return group_commit.submit(replace(delivery, under_lock=checked)).result()
    except ClosedSession:
        raise CommandError(
            "invalid_transition",
            "This session is closed. Open the course again to start a new one.",
            detail={"allowed": []},
        ) from None


def _told(file: str, seq: int, *, duplicate: bool) -> FileTaken:
    row = UploadedFile.objects.get(pk=file)
    return msgspec.convert(
        {"file": file, "name": row.name, "size": row.size, "status": row.status, "duplicate": duplicate, "seq": seq},
        FileTaken,
    )
