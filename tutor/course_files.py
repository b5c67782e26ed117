"""The pictures of a course: which files its texts show, which kinds are taken, and where a browser finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from tutor import course as content
from tutor.course_export import plain

#: In bytes: one picture, and all of a course.
MAX_FILE = 2_000_000
MAX_ALL = 50_000_000
MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".svg": "image/svg+xml",
}

#: A picture in a text: what it shows, where it is.
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^()\s]*)\)")


def problem(path: str, size: int) -> str | None:
    """Why a file of this name and size (bytes) cannot be a course's; None if it can."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        return f"the path {path!r} leads out of the course's folder"
    if parts.suffix.lower() not in MEDIA_TYPES:
        return f"{path!r} is not a picture a browser shows ({', '.join(sorted(MEDIA_TYPES))})"
    if size > MAX_FILE:
        return f"{path!r} has {size:,} bytes; a picture has at most {MAX_FILE:,}"
    return None


def media_type(path: str) -> str:
    """The media type by the file's name. Raises ``KeyError`` for a kind that is not taken."""
    return MEDIA_TYPES[PurePosixPath(path).suffix.lower()]


def is_elsewhere(path: str) -> bool:
    """Whether the path leads to another site, or to another part of this one."""
    return path.startswith(("/", "data:")) or "://" in path


def shown(course: content.Course) -> set[str]:
    """The paths of all pictures that the course shows, relative to its folder."""
    paths = {material.path for topic in course.topics for material in topic.materials if material.kind == "file"}
    for text in _texts(plain(course)):
        paths.update(found["path"] for found in IMAGE.finditer(text))
    return {path for path in paths if path and not is_elsewhere(path)}


def collected(course: content.Course, folder: Path) -> dict[str, bytes]:
    """The course's pictures by path. Raises ``OSError`` where one cannot be read: the rules are checked before."""
    return {path: (folder / path).read_bytes() for path in sorted(shown(course))}


def located(course: content.Course, addresses: Mapping[str, str]) -> content.Course:
    """The course with its pictures' paths replaced by their addresses."""
    if not addresses:
        return course

    def address(found: re.Match[str]) -> str:
        return f"![{found['alt']}]({addresses.get(found['path'], found['path'])})"

    def moved(value: Any) -> Any:
        if isinstance(value, str):
            return IMAGE.sub(address, value)
        if isinstance(value, list):
            return [moved(item) for item in value]
        if isinstance(value, dict):
            return {key: addresses.get(item, item) if key == "path" else moved(item) for key, item in value.items()}
        return value

    return msgspec.convert(moved(plain(course)), content.Course)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
