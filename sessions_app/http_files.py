"""Files over HTTP: ``POST /api/sessions/<id>/files`` takes one in, ``GET`` lists them.

A multipart form with the file in the field ``file`` and, optionally, the command's id in ``id``. The body was read to a
temporary file before any of this runs, and is bounded (``body_limit``); nothing here holds it in memory.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError

from sessions_app import commands, draining, frames, http_api
from sessions_app.exceptions import CommandError
from sessions_app.files import reading, uploading
from sessions_app.files.uploading import Upload
from sessions_app.pool import in_database
from sessions_app.view import open_view

FIELD = "file"


@http_api.endpoint("GET", "POST")
async def session_files(request: HttpRequest, session_id: str, user: Any) -> HttpResponse:
    """A session's files; or one more. Only its learner adds files to a session."""
    session = commands.session_id(session_id)
    if request.method == "GET":
        view, _row = await in_database(open_view, user, session)
        return http_api.respond(await in_database(reading.listed, view.session))
    if draining.is_draining():
        raise CommandError("draining", "The server is restarting; try again.", after_ms=1_000)
    view, _row = await in_database(lambda: open_view(user, session, for_learner=True))
    upload = await in_database(_upload, request)
    try:
        return http_api.respond(await in_database(uploading.receive, view, upload), 201)
    except CommandError as error:
        return http_api.refused(error, upload.command_id)


def _upload(request: HttpRequest) -> Upload:
    """What the form says. Raises ``CommandError(bad_request)`` where it is none of ours."""
    try:
        files, fields = request.FILES, request.POST
    except (MultiPartParserError, SuspiciousOperation, RequestDataTooBig) as error:
        raise CommandError("bad_request", f"The form could not be read: {error}") from None
    found = files.getlist(FIELD)
    if len(found) != 1 or len(files) != 1:
        raise CommandError("bad_request", f'Send multipart/form-data with one file in the field "{FIELD}".')
    command_id = fields.get("id") or f"api-{secrets.token_hex(8)}"
    if len(command_id) > frames.ID_CHARS or "\x00" in command_id:
        raise CommandError("bad_request", f"id must have 1 to {frames.ID_CHARS} characters.")
    return Upload(found[0], found[0].name or "", command_id)
