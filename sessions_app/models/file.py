"""Files that learners upload, and what was read of them.

Where their text lives, for whoever exports or erases it:

- ``UploadedFile``: the name, and in plain words why it could not be read
- the bytes: in the storage ``uploads`` under ``UploadedFile.key`` (``FileChunk`` where that storage is the database)
- ``FileSection``: the extracted text, heading by heading
- beside these tables, in the session's log and data, as with everything that is said: the name, and quotations
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from sessions_app.models.session import Session


class UploadedFile(models.Model):
    """One file of one session. Its row is there before its bytes: no byte is kept that no row names."""

    class Status(models.TextChoices):
        #: Its bytes are being kept; no event tells of it yet.
        RECEIVING = "receiving"
        PENDING = "pending"
        PROCESSING = "processing"
        READY = "ready"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="files")
    #: As its sender called it, cleaned.
    name = models.CharField(max_length=200)
    #: As sniffed from its bytes.
    media_type = models.CharField(max_length=100)
    #: In bytes.
    size = models.BigIntegerField()
    #: Of its bytes, in hexadecimal.
    sha256 = models.CharField(max_length=64)
    #: Its name in the storage.
    key = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RECEIVING)
    #: As in ``file.ready``; null until then.
    sections = models.IntegerField(null=True)
    pages = models.IntegerField(null=True)
    #: As in ``file.failed``; empty where it did not.
    reason = models.CharField(max_length=40, db_default="", blank=True)
    message = models.TextField(db_default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    #: When it became ready or failed.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["session", "-created_at"], name="files_of_a_session"),
            models.Index(fields=["created_at"], condition=models.Q(status="receiving"), name="files_being_received"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"


class FileChunk(models.Model):
    """A piece of what the database storage keeps (``sessions_app.files.storage``)."""

    id = models.BigAutoField(primary_key=True)
    #: The name in the storage.
    key = models.CharField(max_length=100)
    #: Where in the file it begins, in bytes.
    offset = models.BigIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "offset"], name="one_chunk_per_offset")]

    def __str__(self) -> str:
        return f"{self.key} from {self.offset}"


class FileSection(models.Model):
    """A part of a file's text, under a heading or on a page. Written once; never changed."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(UploadedFile, on_delete=models.CASCADE, related_name="parts")
    #: From 1.
    number = models.IntegerField()
    #: Plain text; empty where there is none.
    heading = models.CharField(max_length=200, blank=True)
    #: From 1; null where the format has no pages.
    page = models.IntegerField(null=True)
    text = models.TextField()

    class Meta:
        ordering = ["file", "number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_section_per_number")]

    def __str__(self) -> str:
        return f"{self.number} {self.heading}"
