"""The pages of teachers: all live sessions, and one of them, watched as it happens.

Watching is a second, read-only view over the same protocol. What a teacher does to a session goes through the commands
of the HTTP API, with the teacher's rights.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions_app import outline
from sessions_app.admin import syllabus
from sessions_app.exceptions import CommandError
from sessions_app.live_sessions import glance
from sessions_app.pool import in_database
from sessions_app.view import may_watch, open_view

Page = Callable[..., Awaitable[HttpResponse]]


def _for_teachers(page: Page) -> Any:
    """Only for who may see others' sessions. Who is not signed in is asked to; to others the page is not there."""

    @require_safe
    @wraps(page)
    async def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = await request.auser()
        if await in_database(may_watch, user):
            return await page(request, *args, **kwargs)
        if user.is_authenticated:
            raise Http404
        return redirect_to_login(request.get_full_path())

    return checked


@_for_teachers
async def live_sessions(request: HttpRequest) -> HttpResponse:
    """``/teach/``: the list; its script asks for what it shows."""
    return await in_database(lambda: render(request, "sessions_app/live_sessions.html"))


@_for_teachers
async def live_sessions_now(request: HttpRequest) -> HttpResponse:
    """``/teach/sessions?q=…&help=1``: what the list shows now, as JSON. 304 where that is what the page has."""
    seen = await glance(request.GET.get("q", "").strip(), needing_help="help" in request.GET)
    tag = f'"{seen.tag}"'
    response: HttpResponse
    if request.headers.get("If-None-Match") == tag:
        response = HttpResponseNotModified()
    else:
        response = HttpResponse(seen.body, content_type="application/json")
    response["ETag"], response["Cache-Control"] = tag, "private, no-cache"
    return response


@_for_teachers
async def watch(request: HttpRequest, session: uuid.UUID) -> HttpResponse:
    """``/teach/<id>/``: one session, live."""
    return await in_database(_watch, request, session)


def _watch(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    try:
        view, row = open_view(request.user, session_id)
    except CommandError as error:
        raise Http404(error.message) from None
    learner: Any = row.learner
    version = syllabus.key(row)
    context = {
        "session": row,
        "course": outline.of_session(row),
        "learner": learner.get_full_name() or learner.get_username(),
        "known_errors": syllabus.known_errors(version) if version is not None else [],
        "operates": request.user.is_superuser,
        "own": view.role == "learner",
    }
    return render(request, "sessions_app/watch.html", context)
