"""The connection dies around COMMIT, so its sender does not know: a command, a call and a cast are handled once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from sessions_app import calling, crash_points, sessions
from sessions_app.models import Call, Session
from tests.own_connection import own_connection
from tutor import events

Folds = Callable[[uuid.UUID], None]


class BrokenCommit:
    """Kills the backend of the next write, once: before its COMMIT arrives, or when it is committed and not answered.

    For the latter COMMIT is made to wait for a standby that does not exist: it is durable then, and says nothing.
    """

    def __init__(self, *, committed: bool) -> None:
        self._committed = committed
        self._admin = own_connection()
        self._killer: threading.Thread | None = None
        self.done = False

    def reach(self, point: str) -> None:
        """Stands in for the crash point."""
        if point != "write.before_commit" or self.done:
            return
        self.done = True
        pg = connection.connection
        pid = pg.info.backend_pid
        if not self._committed:
            self._kill(pid)
            return
        pg.execute("SET LOCAL synchronous_commit = on")
        self._standby("nobody")
        self._killer = threading.Thread(target=self._kill_when_committed, args=[pid])
        self._killer.start()

    def _kill(self, pid: int) -> None:
        self._admin.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def _kill_when_committed(self, pid: int) -> None:
        waits = "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = %s"
        until = time.monotonic() + 5
        while self._admin.execute(waits, [pid]).fetchone() != (True,) and time.monotonic() < until:
            time.sleep(0.005)
        self._kill(pid)
        self._standby("")

    def _standby(self, name: str) -> None:
        self._admin.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
        self._admin.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + 5
        while self._admin.execute("SHOW synchronous_standby_names").fetchone() != (name,) and time.monotonic() < until:
            time.sleep(0.005)

    def close(self) -> None:
        if self._killer is not None:
            self._killer.join()
        self._admin.execute("ALTER SYSTEM RESET synchronous_standby_names")
        self._admin.execute("SELECT pg_reload_conf()")
        self._admin.close()


@pytest.fixture(params=[False, True], ids=["not committed", "committed"])
def broken(request: pytest.FixtureRequest, scripted_session: uuid.UUID) -> Iterator[BrokenCommit]:
    broken = BrokenCommit(committed=request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crash_points, "reach", broken.reach)
        yield broken
    broken.close()


def seen(session: uuid.UUID) -> list[Any]:
    found: list[Any] = Session.objects.get(pk=session).data["seen"]
    return found


def test_a_call_is_handled_once_and_finds_its_own_reply(
    scripted_session: uuid.UUID, broken: BrokenCommit, folds: Folds
) -> None:
    reply = calling.call(scripted_session, events.UserMessage(text="reply"))

    assert broken.done
    assert reply == "reply"
    assert seen(scripted_session) == ["reply"]
    assert Call.objects.count() == 1
    folds(scripted_session)


def test_a_cast_is_handled_once(scripted_session: uuid.UUID, broken: BrokenCommit, folds: Folds) -> None:
    calling.cast(scripted_session, events.UserMessage(text="say:hello"))

    assert broken.done
    assert seen(scripted_session) == ["say:hello"]
    folds(scripted_session)


def test_a_learners_message_is_handled_once(scripted_session: uuid.UUID, broken: BrokenCommit, folds: Folds) -> None:
    delivered = sessions.handle_user_message(scripted_session, "say:hello")

    assert broken.done
    assert delivered.disposition == "started"
    assert seen(scripted_session) == ["say:hello"]
    folds(scripted_session)
