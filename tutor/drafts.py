"""Drafts of courses: begun, saved, checked, published. Two authors never overwrite each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from tutor import course as content
from tutor import course_rules, publication
from tutor.catalogue import written_course
from tutor.course_export import written
from tutor.course_files import shown
from tutor.course_format import CourseFormatError, CourseSource, Finding, parse
from tutor.models import CourseDraft, CourseVersion
from tutor.publication import Publication, store

#: What findings in a draft are found in.
NAME = Path("course.yaml")


class DraftChanged(Exception):
    """The draft is not the one that was looked at."""

    def __init__(self) -> None:
        super().__init__("Somebody else saved or published this draft in the meantime: look at it again, then repeat.")


class DraftHasFindings(Exception):
    """The draft breaks rules of a course."""

    def __init__(self) -> None:
        super().__init__("A course with findings is not published: correct them first.")


def begin(
    text: str,
    author: Any,
    *,
    note: str = "",
    files: Mapping[str, bytes] | None = None,
    version: CourseVersion | None = None,
) -> CourseDraft:
    """A new draft, with the pictures of ``version`` if it began there. The text need not be readable yet."""
    digests = {**(version.files if version is not None else {}), **store(files or {})}
    return CourseDraft.objects.create(
        slug=_slug(text, version.course.slug if version is not None else ""),
        text=text,
        files=digests,
        based_on=version.version if version is not None else None,
        note=note,
        author=author,
    )


def of_version(version: CourseVersion, author: Any, note: str = "") -> CourseDraft:
    """A draft that is this version of a course, to be changed."""
    return of_course(written_course(version), author, note, version)


def of_course(course: content.Course, author: Any, note: str, version: CourseVersion) -> CourseDraft:
    """A draft with this content, which was made from ``version``."""
    return begin(written(course), author, note=note, version=version)


def save(draft: CourseDraft, revision: int, text: str, files: Mapping[str, bytes] | None = None) -> None:
    """Store the text, and pictures beside those it has. Raises ``DraftChanged`` if ``revision`` is not the newest."""
    saved = CourseDraft.objects.filter(pk=draft.pk, revision=revision).update(
        text=text,
        files={**draft.files, **store(files or {})},
        slug=_slug(text, draft.slug),
        revision=F("revision") + 1,
        changed_at=Now(),
    )
    if not saved:
        raise DraftChanged
    draft.refresh_from_db()


def source(draft: CourseDraft) -> CourseSource:
    """The draft as a course. Raises ``CourseFormatError``."""
    return parse(draft.text.replace("\r\n", "\n"), NAME, files=frozenset(draft.files))


def findings(draft: CourseDraft) -> list[Finding]:
    """What is wrong with it, by line."""
    try:
        return course_rules.findings(source(draft))
    except CourseFormatError as error:
        return error.findings


@transaction.atomic
def publish(draft: CourseDraft, revision: int) -> Publication:
    """Make the draft the newest version of its course and drop it.

    Raises ``DraftChanged``, ``DraftHasFindings``, ``CourseFormatError``.
    """
    # The row is deleted first: who publishes at the same time finds nothing to delete and waits for nothing.
    deleted, _ = CourseDraft.objects.filter(pk=draft.pk, revision=revision).delete()
    if not deleted:
        raise DraftChanged
    if findings(draft):
        raise DraftHasFindings
    course = source(draft).course
    digests = {path: digest for path, digest in draft.files.items() if path in shown(course)}
    return publication.publish(course, digests)


def _slug(text: str, before: str) -> str:
    try:
        return parse(text.replace("\r\n", "\n"), NAME).course.course.id[:80]
    except CourseFormatError:
        return before
