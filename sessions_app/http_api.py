"""The HTTP side of the protocol: guests, tickets, courses, sessions, commands, events, health.

Commands go through the same ``commands.handle`` as on a socket; errors are the same ``err`` bodies with a status.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import wraps
from typing import Any, cast

import msgspec
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from sessions_app import (
    access,
    commands,
    conf,
    draining,
    health,
    inspection,
    metrics,
    opening,
    progress,
    protocol,
    published,
)
from sessions_app.consumers import internal
from sessions_app.exceptions import STATUS, CommandError
from sessions_app.frames import Events, Guest, Health, Ready, Ticket
from sessions_app.output.following import RunningText
from sessions_app.pool import in_database
from sessions_app.rate_limits import address_of, rate_limits
from sessions_app.standing import Standing
from sessions_app.view import View as SessionView
from sessions_app.view import open_view
from tutor import catalogue

#: Longest wait of ``GET …/events?wait=``, in seconds, and how often it looks.
LONGEST_WAIT_S = 30.0
LOOK_EVERY_S = 0.25
#: A silent event stream says so at this interval, in seconds: proxies close what says nothing.
KEEP_ALIVE_S = 15.0

View = Callable[..., Awaitable[HttpResponse]]
#: A view as Django's URL table wants it typed; Django itself awaits coroutine functions.
Endpoint = Callable[..., HttpResponse]
_csrf = CsrfViewMiddleware(lambda _request: HttpResponse())


def respond(value: Any, status: int = 200) -> HttpResponse:
    """A JSON response."""
    return HttpResponse(msgspec.json.encode(value), status=status, content_type="application/json")


def refused(error: CommandError, cause: str | None = None) -> HttpResponse:
    """An ``err`` frame with the status of its code."""
    metrics.COMMANDS.add(result=error.code)
    frame = protocol.error_frame(None, error, cause)
    response = HttpResponse(frame, status=STATUS[error.code], content_type="application/json")
    if error.after_ms is not None:
        response["Retry-After"] = str(math.ceil(error.after_ms / 1000))
    return response


def _unauthenticated() -> HttpResponse:
    error = CommandError("forbidden", "Log in first, or send Authorization: Bearer <token>.")
    response = HttpResponse(protocol.error_frame(None, error, None), status=401, content_type="application/json")
    response["WWW-Authenticate"] = "Bearer"
    return response


async def _user(request: HttpRequest) -> tuple[Any, Standing] | None:
    """The user of a token or of a login cookie, which needs the CSRF token for writing. Raises ``CommandError``."""
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        token = bearer.removeprefix("Bearer ").strip()
        user = await in_database(access.user_of_token, token)
        return None if user is None else (user, Standing(user.pk, token=token))
    user = await request.auser()
    if not user.is_authenticated:
        return None
    _check_csrf(request)
    return user, Standing(user.pk, cookie=request.session.session_key)


def _address(request: HttpRequest) -> str:
    return address_of(request.META.get("REMOTE_ADDR"))


async def _let_in(request: HttpRequest, user: Any | None) -> None:
    """A request counts like a frame: by number and bytes, for the address and the user. Raises ``rate_limited``."""
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    await rate_limits.spend("commands", "address", _address(request))
    await rate_limits.spend("bytes", "address", _address(request), size)
    if user is not None:
        await rate_limits.spend("commands", "user", str(user.pk))
        await rate_limits.spend("bytes", "user", str(user.pk), size)


def _check_csrf(request: HttpRequest) -> None:
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        return
    if request.content_type == "multipart/form-data":
        # Django would look for the token in the form first, and read a whole upload on the event loop for it.
        request.POST = QueryDict()
    _csrf.process_request(request)
    if _csrf.process_view(request, _csrf_checked, (), {}) is not None:
        raise CommandError("forbidden", "The CSRF token is missing or wrong; reload the page.")


def _csrf_checked(_request: HttpRequest) -> HttpResponse:
    """Stands for the view in the CSRF check: it is not exempt."""
    return HttpResponse()


def endpoint(*methods: str, authenticated: bool = True) -> Callable[[View], Endpoint]:
    """An endpoint of the API: methods, authentication, errors as ``err`` bodies."""

    def decorate(view: View) -> Endpoint:
        @csrf_exempt  # checked in ``_user``, where a cookie is what authenticates
        @wraps(view)
        async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                response = refused(CommandError("bad_request", f"Use {' or '.join(methods)}."))
                response.status_code, response["Allow"] = 405, ", ".join(methods)
                return response
            try:
                if authenticated:
                    known = await _user(request)
                    await _let_in(request, None if known is None else known[0])
                    if known is None:
                        return _unauthenticated()
                    kwargs["user"], request.standing = known  # type: ignore[attr-defined]
                return await view(request, *args, **kwargs)
            except CommandError as error:
                return refused(error)
            except Exception as error:
                return refused(internal(error))

        return cast("Endpoint", answer)

    return decorate


def _json(request: HttpRequest) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError("bad_frame", f"The body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise CommandError("bad_frame", "The body must be a JSON object.")
    return value


# --- people ------------------------------------------------------------------------------------------------------


@endpoint("POST", authenticated=False)
async def guests(request: HttpRequest) -> HttpResponse:
    """A guest learner, in demo mode. From the page (with its CSRF token) the browser is logged in, too."""
    if not settings.DEMO:
        raise CommandError("not_found", "Guests exist in demo mode only.")
    await rate_limits.spend("guests", "address", _address(request))
    user = await in_database(access.new_guest)
    token = await in_database(access.issue_token, user)
    if "csrftoken" in request.COOKIES:
        _check_csrf(request)
        await sync_to_async(login)(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return respond(Guest(token=token, user=user.get_username()), 201)


@endpoint("POST")
async def tickets(_request: HttpRequest, user: Any) -> HttpResponse:
    """A ticket for one WebSocket."""
    return respond(Ticket(ticket=await in_database(access.issue_ticket, user)), 201)


@endpoint("GET")
async def courses(_request: HttpRequest, user: Any) -> HttpResponse:
    """The courses a learner can take, and how far they are in each (``progress``; null where it was not begun)."""
    return respond(await in_database(lambda: _courses_of(user.pk)))


def _courses_of(learner_id: int) -> list[dict[str, Any]]:
    found = catalogue.courses()
    taken = progress.of_courses(learner_id, [course["slug"] for course in found])
    return [{**course, "progress": taken.get(course["slug"])} for course in found]


# --- sessions ----------------------------------------------------------------------------------------------------


@endpoint("GET", "POST")
async def sessions(request: HttpRequest, user: Any) -> HttpResponse:
    """GET: the learner's sessions. POST: start their session of a course, or find the live one.

    With ``review`` it is one that reviews what the last one has taught.
    """
    if request.method == "GET":
        return respond(await in_database(progress.sessions, user.pk))
    wanted = _json(request)
    slug, review = wanted.get("course"), wanted.get("review", False)
    if not isinstance(slug, str) or not isinstance(review, bool):
        raise CommandError("bad_request", 'Send {"course": slug}, and "review": true to review what it has taught.')
    session, is_new = await in_database(opening.start_review if review else opening.start_course, user, slug)
    return respond(await in_database(inspection.inspect, session), 201 if is_new else 200)


@endpoint("GET")
async def session(_request: HttpRequest, session_id: str, user: Any) -> HttpResponse:
    """What a session is doing."""
    view, _row = await in_database(open_view, user, commands.session_id(session_id))
    return respond(await in_database(inspection.inspect, view.session, view.role))


@endpoint("POST")
async def session_commands(request: HttpRequest, session_id: str, user: Any) -> HttpResponse:
    """A command: the same body as on a socket, the same reply."""
    try:
        if len(request.body) > conf.FRAME_BYTES:
            raise CommandError(
                "too_large", f"A frame has at most {conf.FRAME_BYTES} bytes.", detail={"limit": conf.FRAME_BYTES}
            )
        frame = protocol.parse(request.body)
    except CommandError as error:
        return refused(error, protocol.readable_id(request.body))
    try:
        if draining.is_draining():
            raise CommandError("draining", "The server is restarting; try again.", after_ms=1_000)
        view, _row = await in_database(open_view, user, commands.session_id(session_id))
        d, _delivered = await commands.handle(frame, view)
    except CommandError as error:
        return refused(error, frame.id)
    metrics.COMMANDS.add(result="ok")
    reply = protocol.server_frame("ok", str(view.session), d, cause=frame.id)
    return HttpResponse(reply, content_type="application/json")


@endpoint("GET")
async def session_events(request: HttpRequest, session_id: str, user: Any) -> HttpResponse:
    """Events after a seq; with ``wait`` a long poll; as ``text/event-stream`` a stream that goes on."""
    streams = "text/event-stream" in request.headers.get("Accept", "")
    try:
        # A browser that reconnects says where it was by the last id it saw.
        after = int((streams and request.headers.get("Last-Event-ID")) or request.GET.get("after", "0"))
        wait_s = min(float(request.GET.get("wait", "0")), LONGEST_WAIT_S)
    except ValueError:
        raise CommandError("bad_request", "after and wait must be numbers.") from None
    view, _row = await in_database(open_view, user, commands.session_id(session_id))
    if streams:
        frames = _stream(view, after, request.standing)  # type: ignore[attr-defined]
        return cast("HttpResponse", StreamingHttpResponse(frames, content_type="text/event-stream"))
    until = time.monotonic() + wait_s
    while True:
        lines, _head = await in_database(opening.catch_up, view, after)
        if lines or time.monotonic() >= until or draining.is_draining():
            break
        await asyncio.sleep(LOOK_EVERY_S)
    return respond(Events(events=[protocol.event(str(view.session), line) for line in lines]))


async def _stream(view: SessionView, after: int, standing: Standing) -> AsyncIterator[str]:
    """Server-sent events, until the client goes away or this process drains: events by seq, and text as it is written.

    Only events have an id. A client that comes back by it is told running text from its beginning, and drops what it
    has by the text's offset.
    """
    said_at = asked_at = time.monotonic()
    text = RunningText(view.session)
    text.begin(await in_database(inspection.running_turn, view.session))
    try:
        while not draining.is_draining():
            if time.monotonic() - asked_at > conf.RIGHTS_S:
                asked_at = time.monotonic()
                if not await in_database(_still_allowed, view, standing):
                    return
            lines, _head = await in_database(opening.catch_up, view, after)
            frames: list[str] = []
            for line in lines:
                after = line.seq
                frames += [_data(frame) for frame in text.before(line)]
                frames.append(f"id: {line.seq}\n" + _data(protocol.event_frame(str(view.session), line)))
            frames += [_data(frame) for frame in await text.read()]
            for frame in frames:
                yield frame
            if frames:
                said_at = time.monotonic()
            elif time.monotonic() - said_at > KEEP_ALIVE_S:
                said_at = time.monotonic()
                yield ": nothing new\n\n"
            if not lines:
                await text.news(LOOK_EVERY_S)
    finally:
        text.close()


def _still_allowed(view: SessionView, standing: Standing) -> bool:
    user = standing.again()
    try:
        return user is not None and open_view(user, view.session)[0].role == view.role
    except CommandError:
        return False


def _data(frame: str) -> str:
    return f"data: {frame}\n\n"


# --- health ------------------------------------------------------------------------------------------------------


@endpoint("GET", authenticated=False)
async def healthz(_request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return respond(Health(ok=True))


@endpoint("GET", authenticated=False)
async def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when a lesson can be taken; 503 says what is missing."""
    missing = ["this process is draining"] if draining.is_draining() else await in_database(health.missing)
    return respond(Ready(ready=not missing, missing=missing), 503 if missing else 200)


@endpoint("GET", authenticated=False)
async def prometheus(request: HttpRequest) -> HttpResponse:
    """What this process counts, for this machine and for whoever has the token; for others there is nothing here."""
    token = settings.TUTOR_METRICS_TOKEN
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if not (
        _address(request) in {"127.0.0.1", "::"} or (token and secrets.compare_digest(shown.encode(), token.encode()))
    ):
        raise CommandError("not_found", "There is nothing here.")
    return HttpResponse(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


# --- the published documents -------------------------------------------------------------------------------------


@endpoint("GET", authenticated=False)
async def asyncapi(_request: HttpRequest) -> HttpResponse:
    """The WebSocket protocol as an AsyncAPI 3 document."""
    return respond(published.asyncapi())


@endpoint("GET", authenticated=False)
async def openapi(_request: HttpRequest) -> HttpResponse:
    """The HTTP API as an OpenAPI 3.1 document."""
    return respond(published.openapi())
