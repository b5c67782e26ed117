"""Who a tool acts for. Stored with the call, checked at the claim, handed to the tool as its first argument."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from tools_app.exceptions import Refused


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The rights of one tool call. A tool sees data only through it."""

    session: UUID
    learner: int
    course: str
    #: What the session's machine is made from: course and version.
    machine_args: dict[str, Any]
    roles: list[str]
    #: The client command behind it.
    request: str | None = None
    #: The call itself and its attempt and turn, known from the claim on.
    call: str = ""
    attempt: int = 0
    turn: str | None = None


def check(session: UUID, plain: dict[str, Any]) -> Scope:
    """The scope of a claimed call. Raises ``Refused`` where it is missing, malformed or another session's."""
    try:
        scope = msgspec.convert(plain, Scope)
    except msgspec.ValidationError as error:
        raise Refused(f"the call has no valid scope: {error}") from None
    if scope.session != session:
        raise Refused("the call's scope is another session's")
    return scope


def of_claimed(session: UUID, plain: dict[str, Any], *, call: str, attempt: int, turn: str | None) -> Scope:
    """The scope with what is known since the claim. Raises ``Refused`` as ``check`` does."""
    return msgspec.structs.replace(check(session, plain), call=call, attempt=attempt, turn=turn)
