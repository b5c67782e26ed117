"""What the course version of a session offers: the names of its skills, and the known errors a teacher can choose."""

from __future__ import annotations

from typing import Any, NamedTuple

from sessions_app.models import Session
from tutor import catalogue
from tutor.course import Course

#: The machine whose sessions follow a course.
_TUTORING = "tutoring"


class CourseVersionKey(NamedTuple):
    """One version of a course."""

    slug: str
    version: int


def key(session: Session) -> CourseVersionKey | None:
    """The course version a session follows; None for a machine without courses."""
    args: dict[str, Any] = session.machine_args
    if session.machine != _TUTORING or "course" not in args or "version" not in args:
        return None
    return CourseVersionKey(args["course"], args["version"])


def content(version: CourseVersionKey) -> Course | None:
    """The content; None where that version is not in the database."""
    try:
        return catalogue.course(*version)
    except catalogue.UnknownCourse:
        return None


def title(session: Session) -> str:
    """The title of a session's course, or its slug."""
    version = key(session)
    course = content(version) if version is not None else None
    return course.course.title if course is not None else session.course


def known_errors(version: CourseVersionKey) -> list[tuple[str, list[tuple[str, str]]]]:
    """The treatable known errors by topic: ``[(topic title, [(id, name)])]``. Only one with a probe can be treated."""
    course = content(version)
    topics = course.topics if course is not None else []
    groups = [
        (topic.title, [(error.id, error.name) for error in topic.known_errors if error.probe is not None])
        for topic in topics
    ]
    return [(title, errors) for title, errors in groups if errors]


def name_of(version: CourseVersionKey, known_error: str) -> str:
    """The name of a known error, or its id where the course does not know it."""
    names = dict(pair for _, errors in known_errors(version) for pair in errors)
    return names.get(known_error, known_error)
