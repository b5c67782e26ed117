"""What one session of a learner's course hands on to the next: what is known of the learner (DESIGN §6).

The learner's knowledge is part of the data of their own session of the course, and so a projection of its log; a fork
has another name, and a copy that nobody asks for. The next session is begun with what the newest one handed on.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from sessions_app import conf
from sessions_app.models import Session
from sessions_app.row import Unloadable

logger = logging.getLogger(__name__)


def handed_on(machine: Any, data: Any) -> dict[str, Any]:
    """The context of a next ``initial``; empty for a machine that hands nothing on, or data that nobody can read."""
    hand_on = getattr(machine, "handed_on", None)
    if hand_on is None or isinstance(data, Unloadable):
        return {}
    context: dict[str, Any] = hand_on(data)
    return context


def newest(session_name: str) -> Session | None:
    """The newest session of a name, live or not."""
    found: Session | None = Session.objects.filter(name=session_name).order_by("-created_at").first()
    return found


def of_session(session_id: uuid.UUID) -> dict[str, Any]:
    """What a session hands on as it is now. A learner can always begin anew: what cannot be read is left behind."""
    session = Session.objects.get(pk=session_id)
    try:
        machine = conf.machine(session.machine, session.machine_args)
        return handed_on(machine, machine.load(session.data))
    except Exception:
        logger.warning("action=succession.unreadable session=%s", session_id, exc_info=True)
        return {}
