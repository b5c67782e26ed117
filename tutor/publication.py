"""Storing a course: a new version where its content changed, nothing where it did not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import msgspec
from django.db import transaction

from tutor import course as content
from tutor.models import Course, CourseVersion

_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True)
class Publication:
    """What became of a course that was published."""

    slug: str
    version: int
    created: bool
    #: Ids of questions against the version before.
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def is_up_to_date(course: content.Course) -> bool:
    """Whether the newest stored version has this very content."""
    newest = CourseVersion.objects.filter(course__slug=course.course.id).order_by("-version").first()
    return newest is not None and newest.digest == _digest(_encoded(course))


@transaction.atomic
def publish(course: content.Course) -> Publication:
    """Store ``course`` as the newest version of its slug, unless the newest has the same content already."""
    info = course.course
    encoded = _encoded(course)
    digest = _digest(encoded)
    described = {"title": info.title, "summary": info.summary, "lang": info.lang}
    Course.objects.get_or_create(slug=info.id, defaults=described)
    row = Course.objects.select_for_update(no_key=True).get(slug=info.id)
    before = row.versions.order_by("-version").first()
    if before is not None and before.digest == digest:
        return Publication(slug=info.id, version=before.version, created=False)
    Course.objects.filter(pk=row.pk).update(**described)
    version = before.version + 1 if before is not None else 1
    CourseVersion.objects.create(
        course=row,
        version=version,
        content=encoded,
        digest=digest,
        topics=len(course.topics),
        questions=sum(len(topic.questions) for topic in course.topics),
    )
    old = _questions(msgspec.json.decode(before.content, type=content.Course)) if before is not None else {}
    new = _questions(course)
    return Publication(
        slug=info.id,
        version=version,
        created=True,
        added=[key for key in new if key not in old],
        removed=[key for key in old if key not in new],
        changed=[key for key in new if key in old and new[key] != old[key]],
    )


def _encoded(course: content.Course) -> str:
    return _encoder.encode(course).decode()


def _digest(encoded: str) -> str:
    return hashlib.sha256(encoded.encode()).hexdigest()


def _questions(course: content.Course) -> dict[str, content.Question]:
    return {question.id: question for topic in course.topics for question in topic.questions}
