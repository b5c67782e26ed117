"""The command ``session.review``: a session that reviews what was learned, linked to the one before it (row 43)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from sessions_app import names, opening
from sessions_app.commands import add
from sessions_app.delivery import CommandId, Delivered
from sessions_app.exceptions import CommandError
from sessions_app.frames import ClientFrame, Nothing
from sessions_app.models import Session
from sessions_app.pool import in_database
from sessions_app.protocol import body
from sessions_app.view import View


async def _review(frame: ClientFrame, view: View) -> tuple[dict[str, Any], Delivered | None]:
    """What it wrote stands at the end of this session's log, and at the beginning of the other one's."""
    body(frame.d, Nothing)
    if view.role != "learner":
        raise CommandError("forbidden", "A review is for the learner to begin.")
    command = CommandId(frame.id, frame.t, frame.digest)
    return await in_database(lambda: _begin(view, command)), None


def _begin(view: View, command: CommandId) -> dict[str, Any]:
    session = Session.objects.get(pk=view.session)
    if session.name != names.name(session.learner_id, session.course):
        detail = {"state": session.state, "allowed": []}
        raise CommandError("invalid_transition", "A fork is not reviewed: review the course itself.", detail=detail)
    learner = get_user_model().objects.get(pk=view.user_id)
    review, is_new = opening.start_review(learner, session.course, command)
    return {
        "session": str(review),
        "new": is_new,
        "seq": opening.visible_head(Session.objects.get(pk=session.pk), view.visibility),
        "disposition": "applied",
        "duplicate": not is_new,
    }


add("session.review", _review)
