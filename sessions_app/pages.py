"""The pages a learner sees: the courses, and a lesson. What happens in a lesson comes over the WebSocket."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.views.decorators.http import conditional_page, require_safe
from django.views.i18n import JavaScriptCatalog

from sessions_app import conf, names, outline, progress
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from sessions_app.pool import in_database
from sessions_app.view import may_watch, open_view
from tutor import catalogue
from tutor.machine.state import State
from tutor.markdown import render as render_markdown
from tutor.pictures import picture_response

#: How long a browser may keep a course's picture: its address names the version.
PICTURE_KEPT_S = 31_536_000
#: Lessons that the first page lists, newest first.
LESSONS_LISTED = 20


@require_safe
async def landing(request: HttpRequest) -> HttpResponse:
    """``/``: the courses, with one click to start as a guest where guests are taken; the learner's own lessons."""
    return await in_database(_landing, request)


@require_safe
async def lesson(request: HttpRequest, course: str) -> HttpResponse:
    """``/learn/<course>/``: the lesson. Whoever is not signed in is sent to the courses first."""
    return await in_database(_lesson, request, course)


@require_safe
async def session(request: HttpRequest, session: uuid.UUID) -> HttpResponse:
    """``/sessions/<id>/``: one of the learner's own lessons, to go on with or to read again once it is over."""
    return await in_database(_session, request, session)


@require_safe
async def picture(request: HttpRequest, course: str, version: int, name: str) -> HttpResponse:
    """``/courses/<course>/<version>/<path>``: a picture that a course shows. It never changes."""
    return await in_database(_picture, course, version, name)


@require_safe
@conditional_page
def words(request: HttpRequest) -> HttpResponse:
    """``/words.js``: what the pages' scripts say, in the reader's language; not sent again where it has not changed."""
    response = cast("HttpResponse", JavaScriptCatalog.as_view(packages=["sessions_app"])(request))
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _picture(course: str, version: int, name: str) -> HttpResponse:
    try:
        response = picture_response(catalogue.file(course, version, name))
    except catalogue.UnknownCourse as error:
        raise Http404(str(error)) from None
    patch_cache_control(response, public=True, max_age=PICTURE_KEPT_S, immutable=True)
    return response


def _landing(request: HttpRequest) -> HttpResponse:
    found = catalogue.courses()
    titles = {course["slug"]: course["title"] for course in found}
    lessons = _lessons(request.user, titles) if request.user.is_authenticated else []
    taken = progress.of_courses(request.user.pk, list(titles)) if request.user.is_authenticated else {}
    courses = [
        {**course, "summary_html": _safe(course["summary"]), "progress": _shown(taken.get(course["slug"]))}
        for course in found
    ]
    # What is due comes first, then what was begun.
    courses.sort(key=lambda course: (not course["progress"].get("due"), not course["progress"]))
    context = {
        "courses": courses,
        "lessons": lessons,
        "guests": settings.DEMO,
        "login_url": resolve_url(settings.LOGIN_URL),
        "teaches": may_watch(request.user),
    }
    return render(request, "sessions_app/landing.html", context)


def _shown(taken: dict[str, Any] | None) -> dict[str, Any]:
    """How far a learner is in a course: its ``progress``, whether its lesson goes on, and whether there is something
    to review. Empty for a course that was not begun."""
    if taken is None:
        return {}
    goes_on = taken["live"] and taken["state"] != State.COMPLETED
    next_review = taken.get("next_review")
    return {
        **taken,
        "goes_on": goes_on,
        "reviewable": not goes_on and bool(taken.get("skills")),
        "next_review": datetime.fromisoformat(next_review) if next_review else None,
        "all_mastered": bool(taken.get("taught")) and taken["mastered"] == taken["taught"],
    }


def _lessons(learner: Any, titles: dict[str, str]) -> list[dict[str, Any]]:
    """The learner's newest lessons: id, course, title, state, live, branch (of which one), changed_at."""
    rows = (
        Session.objects.filter(learner=learner)
        .order_by("-created_at")
        .values("id", "course", "state", "live", "parent_id", "changed_at", "created_at")[:LESSONS_LISTED]
    )
    return [{**row, "title": titles.get(row["course"], row["course"]), "branch": row["parent_id"]} for row in rows]


def _lesson(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        newest = catalogue.latest(slug).version
    except catalogue.UnknownCourse as error:
        raise Http404(str(error)) from None
    if not request.user.is_authenticated:
        return redirect(f"{resolve_url('landing')}#{slug}")
    # A lesson that was begun keeps the version it was begun with.
    live = Session.objects.filter(name=names.name(request.user.pk, slug), live=True).values_list("machine_args")
    begun = live.first()
    version = begun[0].get("version", newest) if begun else newest
    return _lesson_page(request, {"course": outline.of(slug, version)})


def _session(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("landing")
    try:
        _view, row = open_view(request.user, session_id, for_learner=True)
    except CommandError as error:
        raise Http404(error.message) from None
    return _lesson_page(request, {"course": outline.of_session(row), "session": row})


def _lesson_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    limits = {"text": conf.TEXT_CHARS}
    return render(request, "sessions_app/lesson.html", {**context, "limits": limits})


def _safe(markdown: str) -> str:
    # ``render_markdown`` lets only a closed set of elements through.
    return mark_safe(render_markdown(markdown))  # noqa: S308
