"""A lesson with uploaded files: the test is the worker, and reads them in its own process."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec

from sessions_app import log, sessions
from sessions_app.models import UploadedFile
from sessions_app.pool import in_database
from sessions_app.server import deliver
from tests.integration.sessions_app.uploads import uploader
from tests.integration.tools_app.model_lesson import claim, started
from tools_app import calls, scope
from tools_app.calls import Claimed
from tools_app.executor import execute
from tools_app.pools import Pools
from tools_app.tools.extract_file import extract_file


def read(call: Claimed) -> dict[str, Any]:
    """What the child does in a worker."""
    who = scope.of_claimed(
        call.session, call.scope, call.authority, call=call.ref, attempt=call.attempt, turn=call.turn
    )
    plain: dict[str, Any] = msgspec.to_builtins(extract_file(who, **call.args))
    return plain


def work() -> None:
    """Run what is queued until nothing is."""
    while taken := claim(100):
        for call in taken:
            if call.tool == "extract_file":
                deliver(calls.succeeded(call, read(call), fallback=False, facts=[]))
            else:
                asyncio.run(_execute(call))


async def _execute(call: Claimed) -> None:
    pools = Pools()
    try:
        deliver_ = await execute(call, pools)
    finally:
        pools.close()
    await in_database(deliver, deliver_)  # no plain thread: what that has of the pool's is lost with it


def lesson(learner: Any) -> uuid.UUID:
    """A new one."""
    session = started(learner).session
    work()
    return session


def upload(session: uuid.UUID, content: bytes, name: str = "notes.md", *, read_it: bool = True) -> str:
    """The file's id, once it was read."""
    status, d = uploader(session)(content, name)
    assert status == 201, d
    if read_it:
        work()
    return str(d["file"])


def say(session: uuid.UUID, text: str) -> str:
    """A message, all the work that it makes, and what the tutor says to it."""
    head = max(entry.seq for entry in log.read(session))
    sessions.handle_user_message(session, text)
    work()
    return said(session, after=head)


def said(session: uuid.UUID, *, after: int = 0) -> str:
    """What the tutor has said."""
    told = [entry.fact for entry in log.read(session, after=after) if entry.kind == "output.committed"]
    return "\n".join(fact.text for fact in told)  # type: ignore[attr-defined]


def status(file: str) -> tuple[str, str]:
    """A file's status and reason."""
    row = UploadedFile.objects.get(pk=file)
    return row.status, row.reason
