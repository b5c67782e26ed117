"""How far a learner is, for pages: from the data of their own sessions, which hold what is believed of them.

Nothing is stored beside those rows, so nothing can tell another story than the logs that they are the fold of.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from sessions_app import conf, names
from sessions_app.models import Session

#: Sessions listed for one learner.
LISTED = 100


def of_session(session: Session) -> dict[str, Any] | None:
    """``TutoringMachine.standing`` of a session; None for a machine that believes nothing, or data nobody can read."""
    try:
        machine = conf.machine(session.machine, session.machine_args)
        stand = getattr(machine, "standing", None)
        if stand is None:
            return None
        standing: dict[str, Any] = stand(machine.load(session.data), _now_ms())
    except Exception:
        return None  # whoever looks shall see the rest; why it cannot be read is told by ``session why``
    return standing


def of_courses(learner_id: int, slugs: list[str]) -> dict[str, dict[str, Any]]:
    """course -> ``{"session", "state", "live", **standing}`` of the learner's newest own session of it."""
    own = [names.name(learner_id, slug) for slug in slugs]
    newest = Session.objects.filter(name__in=own).order_by("name", "-created_at").distinct("name")
    return {
        session.course: {
            "session": str(session.pk),
            "state": session.state,
            "live": session.live,
            **(of_session(session) or {}),
        }
        for session in newest
    }


def sessions(learner_id: int) -> list[dict[str, Any]]:
    """The learner's sessions, newest first: a fork names its ``parent``, a next one of a course its ``previous``."""
    found = Session.objects.filter(learner_id=learner_id).order_by("-created_at")[:LISTED]
    return [
        {
            "session": str(session.pk),
            "course": session.course,
            "state": session.state,
            "live": session.live,
            "status": session.status,
            "started": session.created_at.isoformat(),
            "changed": session.changed_at.isoformat(),
            "previous": str(session.previous_id) if session.previous_id else None,
            "parent": str(session.parent_id) if session.parent_id else None,
        }
        for session in found
    ]


def _now_ms() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        return int(cursor.fetchone()[0])
