"""Which courses there are, and the content of each version."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import quote

import msgspec
from django.db.models import F, OuterRef, Subquery

from tutor import course as content
from tutor import question_ratings
from tutor.course_files import located
from tutor.machine import TutoringMachine
from tutor.models import CourseFile, CourseVersion
from tutor.statem import Machine

#: Course versions kept decoded per process.
CACHED_VERSIONS = 64


class UnknownCourse(LookupError):
    """There is no such course, or no such version of it."""


@lru_cache(maxsize=CACHED_VERSIONS)
def course(slug: str, version: int) -> content.Course:
    """The content of one version; kept per process, for versions never change. Raises ``UnknownCourse``."""
    written = CourseVersion.objects.filter(course__slug=slug, version=version).values_list("content", "files").first()
    if written is None:
        raise UnknownCourse(f"there is no version {version} of a course {slug!r}; load it with: manage.py course load")
    stored, files = written
    # The log keeps texts as they were shown, so a picture's address names the version, whose pictures never change.
    return located(
        msgspec.json.decode(stored, type=content.Course), {path: file_address(slug, version, path) for path in files}
    )


def file_address(slug: str, version: int, path: str) -> str:
    """Where a browser finds a picture of a course version."""
    return f"/courses/{slug}/{version}/{quote(path)}"


def file(slug: str, version: int, path: str) -> CourseFile:
    """A picture of a course version. Raises ``UnknownCourse`` where the version does not show it."""
    files = CourseVersion.objects.filter(course__slug=slug, version=version).values_list("files", flat=True).first()
    found = CourseFile.objects.filter(digest=files[path]).first() if files and path in files else None
    if found is None:
        raise UnknownCourse(f"version {version} of the course {slug!r} has no picture {path!r}")
    return found


def latest(slug: str) -> CourseVersion:
    """The newest version of a course. Raises ``UnknownCourse``."""
    return version(slug, None)


def version(slug: str, number: int | None) -> CourseVersion:
    """This version of a course; None: the newest. Raises ``UnknownCourse``."""
    versions = CourseVersion.objects.select_related("course").filter(course__slug=slug).order_by("-version")
    found = (versions if number is None else versions.filter(version=number)).first()
    if found is None:
        what = f"course {slug!r}" if number is None else f"version {number} of a course {slug!r}"
        raise UnknownCourse(f"there is no {what}; load it with: manage.py course load")
    return found


def written_course(version: CourseVersion) -> content.Course:
    """A version as its author wrote it: pictures by their paths in the course's folder."""
    return msgspec.json.decode(version.content, type=content.Course)


def courses() -> list[dict[str, Any]]:
    """All courses by title: slug, title, summary, version, topics, questions (how many), lang, licence, source."""
    newest = CourseVersion.objects.filter(course=OuterRef("course")).order_by("-version").values("version")[:1]
    rows = (
        CourseVersion.objects.filter(version=Subquery(newest))
        .order_by("course__title")
        .values(
            "version",
            "topics",
            "questions",
            slug=F("course__slug"),
            title=F("course__title"),
            summary=F("course__summary"),
            lang=F("course__lang"),
            licence=F("course__licence"),
            source=F("course__source"),
        )
    )
    return [dict(row) for row in rows]


def tutoring_machine(args: dict[str, Any]) -> Machine:
    """The machine of a session from its ``machine_args``: ``{"course": slug, "version": number}``.

    Raises ``UnknownCourse``.
    """
    return TutoringMachine(course(args["course"], args["version"]), question_ratings.difficulties(args["course"]))
