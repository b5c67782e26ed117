"""How far the logs of sessions reach, asked for many sockets at once: one query for all that beat at about one time.

Five thousand idle sockets beat 250 times a second; a query for each, with its thread and its connection from the pool,
would take most of a process's CPU.
"""

from __future__ import annotations

import asyncio
import uuid
import weakref

from sessions_app import conf
from sessions_app.models import Session
from sessions_app.pool import in_database


class Heads:
    """The questions of one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[uuid.UUID, list[asyncio.Future[int | None]]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def of(self, session: uuid.UUID) -> int | None:
        """The head of a session, read after this was called; None: no such session. Raises the database's errors."""
        answer: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(session, []).append(answer)
        if self._asking is None:
            self._asking = asyncio.get_running_loop().create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        while self._waiting:
            await asyncio.sleep(conf.HEADS_WINDOW_S)
            # Who asks from now on may know of something newer than this query sees.
            waiting, self._waiting = self._waiting, {}
            try:
                found = await in_database(_heads, list(waiting))
            except Exception as error:
                for answer in (one for some in waiting.values() for one in some if not one.done()):
                    answer.set_exception(error)
                continue
            for session, some in waiting.items():
                for answer in (one for one in some if not one.done()):
                    answer.set_result(found.get(session))
        self._asking = None


_of_loops: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Heads] = weakref.WeakKeyDictionary()


def heads() -> Heads:
    """This event loop's."""
    return _of_loops.setdefault(asyncio.get_running_loop(), Heads())


def _heads(sessions: list[uuid.UUID]) -> dict[uuid.UUID, int]:
    return dict(Session.objects.filter(pk__in=sessions).values_list("pk", "head"))
