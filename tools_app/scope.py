"""Who a tool acts for, and whether that still holds: at the claim, and again under the lock when its result is applied.

The scope is stored with the call and handed to the tool as its first argument. A message of the broker carries none: it
can only ask for work that stands in the database with its own. What the scope says is compared with what the database
knows now (``AUTHORITY``), so that a right that was taken away meanwhile is not used any more.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.contrib.auth import get_user_model

from tools_app.exceptions import Refused

_USERS = get_user_model()._meta.db_table

#: What the database knows of whoever the call ``c`` acts for, as JSON; NULL without a session.
AUTHORITY = f"""
(SELECT json_build_object('live', s.live, 'learner', s.learner_id, 'course', s.course, 'learner_active', u.is_active,
        'actor_active', a.is_active, 'staff', a.is_staff, 'superuser', a.is_superuser,
        'now_ms', (extract(epoch FROM clock_timestamp()) * 1000)::bigint)::text
   FROM sessions_app_session s
   LEFT JOIN {_USERS} u ON u.id = s.learner_id
   LEFT JOIN {_USERS} a ON a.id = coalesce(c.actor, s.learner_id)
  WHERE s.id = c.session_id)
"""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The rights of one tool call. A tool sees data only through it."""

    session: UUID
    learner: int
    course: str
    #: What the session's machine is made from: course and version.
    machine_args: dict[str, Any]
    #: What whoever acts may do: learner, teacher, operator.
    roles: list[str]
    #: Until when, in milliseconds of the database's clock.
    expires_ms: int
    #: The client command behind it.
    request: str | None = None
    #: The call itself and its attempt and turn, known from the claim on.
    call: str = ""
    attempt: int = 0
    turn: str | None = None


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """What the database says now: about the session, its learner, and who acts."""

    live: bool
    learner: int
    course: str
    now_ms: int
    learner_active: bool | None
    actor_active: bool | None
    staff: bool | None
    superuser: bool | None

    @property
    def roles(self) -> set[str]:
        """The roles that whoever acts has."""
        if not self.actor_active:
            return set()
        more = {"teacher", "operator"} if self.superuser else {"teacher"} if self.staff else set()
        return {"learner", *more}


def check(session: UUID, plain: dict[str, Any], authority: str | None) -> Scope:
    """The scope of a call, where it holds now.

    Raises ``Refused`` where it is missing, malformed, expired or another session's, and where the session, its learner
    or a role is no longer what it was.
    """
    try:
        scope = msgspec.convert(plain, Scope)
    except msgspec.ValidationError as error:
        raise Refused(f"the call has no valid scope: {error}") from None
    if scope.session != session:
        raise Refused("the call's scope is another session's")
    if authority is None:
        raise Refused("the call's session is gone")
    now = msgspec.json.decode(authority, type=Authority)
    if (scope.learner, scope.course) != (now.learner, now.course):
        raise Refused("the call's scope names another learner or course than its session")
    if now.now_ms > scope.expires_ms:
        raise Refused("the call's scope has expired")
    if not now.live:
        raise Refused("the session was closed meanwhile")
    if not now.learner_active:
        raise Refused("the learner's account was deactivated meanwhile")
    if lost := set(scope.roles) - now.roles:
        raise Refused(f"whoever asked for it is no longer {' or '.join(sorted(lost))}")
    return scope


def of_claimed(
    session: UUID, plain: dict[str, Any], authority: str | None, *, call: str, attempt: int, turn: str | None
) -> Scope:
    """The scope with what is known since the claim. Raises ``Refused`` as ``check`` does."""
    return msgspec.structs.replace(check(session, plain, authority), call=call, attempt=attempt, turn=turn)


def demand(scope: Scope, tool: str, roles: frozenset[str]) -> None:
    """Raises ``Refused`` unless the scope has one of the roles that a tool asks for."""
    if roles and not roles & set(scope.roles):
        raise Refused(f"the tool {tool} needs the rights of {' or '.join(sorted(roles))}")
