"""Storing a course: a new version where its content changed, nothing where it did not."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from django.db import transaction

from tutor import course as content
from tutor.course_changes import Change, changes
from tutor.course_export import plain
from tutor.course_files import media_type
from tutor.models import Course, CourseFile, CourseVersion

_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True)
class Publication:
    """What became of a course that was published, or would become of it."""

    slug: str
    version: int
    #: Whether its content is new; otherwise ``version`` is the one that has it already.
    created: bool
    #: Against the version before.
    changes: list[Change] = field(default_factory=list)


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """SHA-256 of each file by its path, in hexadecimal."""
    return {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}


def store(files: Mapping[str, bytes]) -> dict[str, str]:
    """Store pictures (bytes by path); their digests by path. One that is there already is not stored again."""
    named = digests(files)
    CourseFile.objects.bulk_create(
        [CourseFile(digest=named[path], media_type=media_type(path), data=data) for path, data in files.items()],
        ignore_conflicts=True,
    )
    return named


def plan(course: content.Course, files: Mapping[str, str] | None = None) -> Publication:
    """What ``publish`` would do now; nothing is stored."""
    newest = CourseVersion.objects.filter(course__slug=course.course.id).order_by("-version").first()
    return _planned(course, _encoded(course), dict(files or {}), newest)


@transaction.atomic
def publish(course: content.Course, files: Mapping[str, str] | None = None) -> Publication:
    """Store ``course`` as the newest version of its slug, unless the newest has the same content already.

    ``files``: digests of its pictures by path, as ``store`` gives them.
    """
    info = course.course
    described = {
        "title": info.title,
        "summary": info.summary,
        "lang": info.lang,
        "licence": info.licence,
        "source": info.source,
    }
    Course.objects.get_or_create(slug=info.id, defaults=described)
    row = Course.objects.select_for_update(no_key=True).get(slug=info.id)
    encoded, named = _encoded(course), dict(files or {})
    planned = _planned(course, encoded, named, row.versions.order_by("-version").first())
    if not planned.created:
        return planned
    Course.objects.filter(pk=row.pk).update(**described)
    CourseVersion.objects.create(
        course=row,
        version=planned.version,
        content=encoded,
        files=named,
        digest=_digest(encoded, named),
        topics=len(course.topics),
        questions=sum(len(topic.questions) for topic in course.topics),
    )
    return planned


def _planned(course: content.Course, encoded: str, files: dict[str, str], newest: CourseVersion | None) -> Publication:
    slug = course.course.id
    if newest is None:
        return Publication(slug=slug, version=1, created=True)
    if newest.digest == _digest(encoded, files):
        return Publication(slug=slug, version=newest.version, created=False)
    old = msgspec.json.decode(newest.content, type=content.Course)
    found = changes(old, course)
    for path in sorted({*files, *newest.files}):
        if files.get(path) != newest.files.get(path):
            sign = "-" if path not in files else "~" if path in newest.files else "+"
            found.append(Change(sign, "file", path))
    return Publication(slug=slug, version=newest.version + 1, created=True, changes=found)


def _encoded(course: content.Course) -> str:
    # Without defaults: what a later release adds to the format does not make a new version of every course.
    return _encoder.encode(plain(course)).decode()


def _digest(encoded: str, files: Mapping[str, str]) -> str:
    named = "".join(f"\n{path} {digest}" for path, digest in files.items())
    return hashlib.sha256((encoded + named).encode()).hexdigest()
