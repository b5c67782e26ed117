"""Who looks at which session, with which rights: what a socket, a request and an export have in common."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sessions_app.exceptions import CommandError
from sessions_app.frames import Role
from sessions_app.models import Session
from tutor.interactions import Visibility


@dataclass(slots=True)
class View:
    """One person's view of one session."""

    session: uuid.UUID
    user_id: int
    #: Who it is, as a log names them: staff by their user name. What a learner is called stands in no log: from there
    #: it would reach observers, and whatever they ask.
    actor: str
    role: Role
    read_only: bool = False

    @property
    def visibility(self) -> Visibility:
        """The kinds of interactions this view may see."""
        return Visibility[self.role.upper()]


def role_of(user: Any, session: Session) -> Role | None:
    """What a user is to a session: None means nothing to them, not even that it exists."""
    if session.learner_id == user.pk:
        return "learner"
    if user.is_superuser:
        return "operator"
    if user.is_staff and user.has_perm("sessions_app.view_session"):
        return "teacher"
    return None


def may_watch(user: Any) -> bool:
    """Whether a user may look at the sessions of others: teachers and operators."""
    return bool(
        user.is_active and (user.is_superuser or (user.is_staff and user.has_perm("sessions_app.view_session")))
    )


def open_view(user: Any, session_id: uuid.UUID, *, for_learner: bool = False) -> tuple[View, Session]:
    """A user's view of a session. Raises ``CommandError(not_found)`` for one that is not there *or not theirs*."""
    session = Session.objects.filter(pk=session_id).first()
    role = role_of(user, session) if session is not None else None
    if session is None or role is None or (for_learner and role != "learner"):
        raise CommandError("not_found", "There is no such session, or it is not yours.")
    actor = role if role == "learner" else user.get_username()
    return View(session.pk, user.pk, actor, role), session
