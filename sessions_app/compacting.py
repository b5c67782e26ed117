"""Asking for a compaction: by a token budget or an operator. A background tool does it (``tutor.compaction``)."""

from __future__ import annotations

import asyncio
import secrets
import uuid

from sessions_app import history, lineage
from sessions_app.controls import RequestWork
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import AlreadyRequested, ControlRefused, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from sessions_app.pool import in_database
from tutor import compaction

#: The tool's name.
TOOL = "compact"
#: For all its attempts and its fallback, in milliseconds.
DEADLINE_MS = 120_000


#: How often ``compacted`` looks, in seconds.
_LOOK_S = 0.1


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


async def compacted(session: uuid.UUID) -> bool:
    """Have a session compacted and wait until that is done; False: it is as long as before.

    For ``settings.TUTOR_COMPACTOR``. Whoever calls bounds the wait.
    """
    before = await in_database(_newest, session)
    try:
        await in_database(lambda: request(session, actor="context too long"))
    except AlreadyRequested:
        pass  # somebody else's will do
    except ControlRefused:
        return False
    while await in_database(_under_way, session):
        await asyncio.sleep(_LOOK_S)
    return await in_database(_newest, session) != before


def _newest(session: uuid.UUID) -> int | None:
    found = history.compaction_at(session, lineage.MOST - 1)
    return found[0] if found else None


def _under_way(session: uuid.UUID) -> bool:
    kernel = Session.objects.values_list("kernel", flat=True).get(pk=session)
    return any(call["tool"] == TOOL and call.get("recorded") for call in kernel.get("calls", {}).values())
