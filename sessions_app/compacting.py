"""Asking for a compaction: by a token budget or an operator. A background tool does it (``tutor.compaction``)."""

from __future__ import annotations

import secrets
import uuid

from sessions_app import history
from sessions_app.controls import RequestWork
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import ControlRefused, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from tutor import compaction

#: The tool's name.
TOOL = "compact"
#: For all its attempts and its fallback, in milliseconds.
DEADLINE_MS = 120_000


class NothingToCompact(ControlRefused):
    """All there is are turns that are never compacted, or they are compacted already."""


def request(session: uuid.UUID, *, actor: str, command_id: str | None = None) -> Delivered:
    """Have everything but the last turns compacted; ``compaction.completed`` enters the log when that is done.

    Raises ``UnknownSession``, ``NothingToCompact``, ``AlreadyRequested`` while one is under way, or ``ClosedSession``.
    """
    head = Session.objects.filter(pk=session).values_list("head", flat=True).first()
    if head is None:
        raise UnknownSession(f"there is no session {session}")
    before = history.compaction_at(session, head)
    upto = compaction.boundary(history.newest_first(session, head))
    if upto is None or (before is not None and upto <= before[1].upto):
        raise NothingToCompact(
            f"nothing to compact: the last {compaction.KEEP_TURNS} turns are never compacted, and nothing new is older"
        )
    command = CommandId(command_id or f"api-{secrets.token_hex(8)}", "session.compact", str(upto).encode())
    control = RequestWork(actor, TOOL, {"upto": upto}, DEADLINE_MS)
    return group_commit.submit(Delivery(session, None, by="operator", command=command, control=control)).result()
