"""Which courses there are, and the content of each version."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import F, OuterRef, Subquery

from tutor import course as content
from tutor.machine import TutoringMachine
from tutor.models import CourseVersion
from tutor.statem import Machine

#: Course versions kept decoded per process.
CACHED_VERSIONS = 64


class UnknownCourse(LookupError):
    """There is no such course, or no such version of it."""


@lru_cache(maxsize=CACHED_VERSIONS)
def course(slug: str, version: int) -> content.Course:
    """The content of one version; kept per process, for versions never change. Raises ``UnknownCourse``."""
    stored = CourseVersion.objects.filter(course__slug=slug, version=version).values_list("content", flat=True).first()
    if stored is None:
        raise UnknownCourse(f"there is no version {version} of a course {slug!r}; load it with: manage.py course load")
    return msgspec.json.decode(stored, type=content.Course)


def latest(slug: str) -> CourseVersion:
    """The newest version of a course. Raises ``UnknownCourse``."""
    newest = CourseVersion.objects.select_related("course").filter(course__slug=slug).order_by("-version").first()
    if newest is None:
        raise UnknownCourse(f"there is no course {slug!r}; load it with: manage.py course load")
    return newest


def courses() -> list[dict[str, Any]]:
    """All courses by title: slug, title, summary, version, topics, questions (how many of each) and lang."""
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
        )
    )
    return [dict(row) for row in rows]


def tutoring_machine(args: dict[str, Any]) -> Machine:
    """The machine of a session from its ``machine_args``: ``{"course": slug, "version": number}``.

    Raises ``UnknownCourse``.
    """
    return TutoringMachine(course(args["course"], args["version"]))
