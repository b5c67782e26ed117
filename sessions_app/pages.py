"""The pages a learner sees: the courses, and a lesson. What happens in a lesson comes over the WebSocket."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from sessions_app.pool import in_database
from tutor import catalogue
from tutor.course import Course
from tutor.markdown import render as render_markdown
from tutor.pictures import picture_response

#: How long a browser may keep a course's picture: its address names the version.
PICTURE_KEPT_S = 31_536_000


@require_safe
async def landing(request: HttpRequest) -> HttpResponse:
    """``/``: the courses, with one click to start as a guest where guests are taken."""
    return await in_database(_landing, request)


@require_safe
async def lesson(request: HttpRequest, course: str) -> HttpResponse:
    """``/learn/<course>/``: the lesson. Whoever is not signed in is sent to the courses first."""
    return await in_database(_lesson, request, course)


@require_safe
async def picture(request: HttpRequest, course: str, version: int, name: str) -> HttpResponse:
    """``/courses/<course>/<version>/<path>``: a picture that a course shows. It never changes."""
    return await in_database(_picture, course, version, name)


def _picture(course: str, version: int, name: str) -> HttpResponse:
    try:
        response = picture_response(catalogue.file(course, version, name))
    except catalogue.UnknownCourse as error:
        raise Http404(str(error)) from None
    patch_cache_control(response, public=True, max_age=PICTURE_KEPT_S, immutable=True)
    return response


def _landing(request: HttpRequest) -> HttpResponse:
    courses = [{**course, "summary_html": _safe(course["summary"])} for course in catalogue.courses()]
    context = {"courses": courses, "guests": settings.DEMO, "login_url": resolve_url(settings.LOGIN_URL)}
    return render(request, "sessions_app/landing.html", context)


def _lesson(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        latest = catalogue.latest(slug)
    except catalogue.UnknownCourse as error:
        raise Http404(str(error)) from None
    if not request.user.is_authenticated:
        return redirect(f"{resolve_url('landing')}#{slug}")
    outline = _outline(slug, catalogue.course(slug, latest.version))
    return render(request, "sessions_app/lesson.html", {"course": outline})


def _outline(slug: str, course: Course) -> dict[str, Any]:
    """Topics and skills of a course by name: the learner's path."""
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


def _safe(markdown: str) -> str:
    # ``render_markdown`` lets only a closed set of elements through.
    return mark_safe(render_markdown(markdown))  # noqa: S308
