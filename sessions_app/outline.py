"""A course as the pages show it beside a lesson: its topics and skills by name, in the order of the course."""

from __future__ import annotations

from typing import Any

from sessions_app.models import Session
from tutor import catalogue


def of(slug: str, version: int) -> dict[str, Any]:
    """slug, title, lang and topics of a course version. Raises ``catalogue.UnknownCourse``."""
    course = catalogue.course(slug, version)
    names = {skill.id: skill.name for skill in course.skills}
    topics = [
        {
            "id": topic.id,
            "title": topic.title,
            "skills": [{"id": skill, "name": names[skill]} for skill in topic.skills],
        }
        for topic in course.topics
    ]
    return {"slug": slug, "title": course.course.title, "lang": course.course.lang, "topics": topics}


def of_session(session: Session) -> dict[str, Any]:
    """The same for a session. One that follows no course, or one that is not there any more, has no topics."""
    args: dict[str, Any] = session.machine_args
    try:
        return of(args["course"], args["version"])
    except (KeyError, catalogue.UnknownCourse):
        return {"slug": session.course, "title": session.course or session.machine, "lang": "en", "topics": []}


def title_of(slug: str, machine_args: dict[str, Any]) -> str:
    """The title of the course that a session with these arguments follows, or its slug."""
    try:
        return catalogue.course(machine_args["course"], machine_args["version"]).course.title
    except (KeyError, catalogue.UnknownCourse):
        return slug
