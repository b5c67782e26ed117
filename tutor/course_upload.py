"""A course folder that came as a zip file: unpacked within bounds, nothing of it outside of its own folder."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from tutor.course_export import written
from tutor.course_files import MAX_ALL, problem
from tutor.course_format import FILE_NAME, MAX_FILE, MAX_FILES, CourseFormatError, read

#: In bytes, packed: what a browser may send.
MAX_ZIP = 30_000_000
_TEXTS = {".yaml", ".yml"}
#: What tools of other people put into zip files.
_IGNORED = ("__MACOSX/", ".DS_Store", ".git/", "Thumbs.db")


class UploadError(ValueError):
    """The file cannot be taken; the message says what to do."""


@dataclass(frozen=True)
class Upload:
    """A course as one text, and its pictures by path."""

    text: str
    files: dict[str, bytes] = field(default_factory=dict)


def unpacked(file: IO[bytes], name: str) -> Upload:
    """The course in a zip file, or in a single YAML file. Raises ``UploadError``."""
    if name.lower().endswith((".yaml", ".yml")):
        return Upload(_text(file.read(MAX_FILE + 1)))
    try:
        with zipfile.ZipFile(file) as archive:
            return _course(_members(archive))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise UploadError(f"This is not a zip file that can be opened: {error}.") from None


def _members(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The files by path, without the folder that holds them all. Sizes are counted while they are unpacked."""
    members = [one for one in archive.infolist() if not one.is_dir() and not _is_ignored(one.filename)]
    if len(members) > MAX_FILES:
        raise UploadError(f"A course has at most {MAX_FILES} files; this zip file has {len(members)}.")
    found: dict[str, bytes] = {}
    left = MAX_ALL
    for member in members:
        path = PurePosixPath(member.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
            raise UploadError(f"The path {member.filename!r} leads out of the course's folder.")
        with archive.open(member) as file:
            # What a header says of a size is not to be trusted: read one byte more than there may be.
            data = file.read(left + 1)
        left -= len(data)
        if left < 0:
            raise UploadError(f"Unpacked, a course has at most {MAX_ALL:,} bytes.")
        found[str(path)] = data
    return _without_common_folder(found)


def _is_ignored(name: str) -> bool:
    return any(part in f"{name}" for part in _IGNORED)


def _without_common_folder(files: dict[str, bytes]) -> dict[str, bytes]:
    places = [PurePosixPath(path).parent for path in files if PurePosixPath(path).name == FILE_NAME]
    if not places:
        raise UploadError(f"There is no {FILE_NAME} in it.")
    root = min(places, key=lambda place: len(place.parts))
    return {
        str(PurePosixPath(path).relative_to(root)): data
        for path, data in files.items()
        if PurePosixPath(path).is_relative_to(root)
    }


def _course(files: dict[str, bytes]) -> Upload:
    pictures = {path: data for path, data in files.items() if PurePosixPath(path).suffix.lower() not in _TEXTS}
    for path, data in list(pictures.items()):
        if problem(path, len(data)) is not None:
            # A README, a licence, the picture's source: part of the folder, not of the course.
            del pictures[path]
    texts = {path: data for path, data in files.items() if PurePosixPath(path).suffix.lower() in _TEXTS}
    if set(texts) == {FILE_NAME}:
        return Upload(_text(texts[FILE_NAME]), pictures)
    return Upload(_in_one(texts), pictures)


def _in_one(texts: dict[str, bytes]) -> str:
    """A course of several files as one text. Raises ``UploadError`` where it cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in texts.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        try:
            return written(read(Path(folder)).course)
        except CourseFormatError as error:
            found = str(error).replace(f"{folder}/", "")
            raise UploadError(f"The course cannot be read: {found}") from None


def _text(data: bytes) -> str:
    if len(data) > MAX_FILE:
        raise UploadError(f"A course file has at most {MAX_FILE:,} bytes; put topics into files of their own.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UploadError(f"{FILE_NAME} is not UTF-8 text.") from None
