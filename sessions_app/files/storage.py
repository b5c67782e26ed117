"""Bytes in the database: a storage that every process on every host can read. ``settings.STORAGES["uploads"]``."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import Count, Sum
from django.db.models.functions import Length

from sessions_app import conf
from sessions_app.models import FileChunk

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def uploads() -> Storage:
    """Where the bytes of uploaded files are."""
    return storages["uploads"]


class DatabaseStorage(Storage):
    """Django's storage over rows of ``conf.FILE_CHUNK_BYTES``; read piece by piece, never all at once."""

    def _save(self, name: str, content: File) -> str:  # type: ignore[type-arg]
        content.seek(0)
        offset = 0
        while piece := content.read(conf.FILE_CHUNK_BYTES):
            FileChunk.objects.create(key=name, offset=offset, content=piece)
            offset += len(piece)
        if not offset:
            FileChunk.objects.create(key=name, offset=0, content=b"")
        return name

    def _open(self, name: str, mode: str = "rb") -> File:  # type: ignore[type-arg]
        if mode != "rb":
            raise ValueError(f"files in the database are opened to be read ('rb'), not {mode!r}; save another one")
        if not self.exists(name):
            raise FileNotFoundError(f"there is no file {name!r} in the database")
        opened: IO[Any] = io.BufferedReader(_Pieces(name, self.size(name)), conf.FILE_CHUNK_BYTES)
        return File(opened, name)

    def delete(self, name: str) -> None:
        """Harmless where there is none."""
        FileChunk.objects.filter(key=name).delete()

    def exists(self, name: str) -> bool:
        """Whether anything of it is kept."""
        return FileChunk.objects.filter(key=name).exists()

    def size(self, name: str) -> int:
        """In bytes."""
        found = FileChunk.objects.filter(key=name).aggregate(bytes=Sum(Length("content")), pieces=Count("id"))
        return int(found["bytes"] or 0)


class _Pieces(io.RawIOBase):
    """The rows of a file as one stream: one row is in memory at a time."""

    def __init__(self, key: str, size: int) -> None:
        self._key, self._size, self._at = key, size, 0
        self._begin, self._piece = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        into = memoryview(buffer)
        skip = self._at - self._begin
        if not 0 <= skip < len(self._piece):
            rows = FileChunk.objects.filter(key=self._key, offset__lte=self._at).order_by("-offset")
            begin, piece = rows.values_list("offset", "content").first() or (0, b"")
            self._begin, self._piece = begin, bytes(piece)
            skip = self._at - begin
        got = self._piece[skip : skip + len(into)]
        into[: len(got)] = got
        self._at += len(got)
        return len(got)
