"""What is delivered on an event loop that has joined is committed there; what would hold the loop up, by a thread."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from django.contrib.auth import get_user_model

from sessions_app import breaker, conf, crash_points, log, registry, server, step
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from sessions_app.pool import in_database
from tests.own_connection import own_connection
from tutor import events

Folds = Callable[[uuid.UUID], None]
PATIENCE_S = 30.0


def message(session: uuid.UUID, text: str, command: str) -> Delivery:
    content = events.UserMessage(text=text, on_busy="queue")
    return Delivery(session, content, by="learner", command=CommandId(command, "message.send", b"1"), text=text)


class Played:
    """On which threads what was played, one entry for each transaction: the thread, and how many sessions."""

    def __init__(self) -> None:
        self.by: list[tuple[str, int]] = []
        self._attempt = server.attempt

    def attempt(self, deliveries: Any, **options: Any) -> Any:
        """Stands in for ``server.attempt``."""
        self.by.append((threading.current_thread().name, len(deliveries)))
        return self._attempt(deliveries, **options)

    def here(self) -> list[int]:
        """Sizes of the transactions of the thread that asks."""
        return [size for thread, size in self.by if thread == threading.current_thread().name]

    def elsewhere(self) -> list[int]:
        return [size for thread, size in self.by if thread != threading.current_thread().name]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    one = Played()
    monkeypatch.setattr(server, "attempt", one.attempt)
    return one


@pytest_asyncio.fixture
async def joined(scripted_session: uuid.UUID, played: Played) -> AsyncIterator[uuid.UUID]:
    """A session whose messages this loop commits by now."""
    breaker.forget()
    group_commit.join()
    number = 0
    async with asyncio.timeout(PATIENCE_S):
        while not played.here() or played.elsewhere():  # until the connection is open, and all that is needed is known
            played.by.clear()
            await group_commit.deliver(message(scripted_session, "say:hello", f"warm-up-{number}"))
            number += 1
    played.by.clear()
    yield scripted_session
    await group_commit.leave()


def whoever_commits(own: psycopg.Connection[Any]) -> list[int]:
    """The backends that hold a transaction open."""
    found = own.execute(
        "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
    )
    return [pid for (pid,) in found]


def several(count: int) -> list[uuid.UUID]:
    users = get_user_model()._default_manager
    return [
        registry.start_or_find(users.create_user(f"learner {n}").pk, "scripted", "scripted", {})[0]
        for n in range(count)
    ]


async def test_a_message_is_committed_on_the_loop_and_answered_as_ever(
    joined: uuid.UUID, played: Played, folds: Folds
) -> None:
    first = await group_commit.deliver(message(joined, "say:one", "m1"))
    again = await group_commit.deliver(message(joined, "say:one", "m1"))

    assert played.here() == [1, 1]
    assert played.elsewhere() == []
    assert (first.disposition, first.duplicate) == ("started", False)
    assert (again.seq, again.duplicate) == (first.seq, True)
    await in_database(folds, joined)


async def test_messages_of_many_sessions_share_a_transaction(joined: uuid.UUID, played: Played) -> None:
    sessions = await in_database(several, 20)
    delivered = await asyncio.gather(*(group_commit.deliver(message(one, "say:hello", "m1")) for one in sessions))

    assert [one.session for one in delivered] == sessions
    assert played.here() == [20]


async def test_while_a_large_batch_is_played_the_loop_looks_after_its_other_tasks(
    joined: uuid.UUID, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = await in_database(several, 20)
    turns: list[int] = []
    play, done = step.play, 0

    def counted(*arguments: Any) -> Any:
        nonlocal done
        done += 1
        return play(*arguments)

    async def others() -> None:
        while done < len(sessions):
            turns.append(done)
            await asyncio.sleep(0)

    monkeypatch.setattr(server, "play", counted)
    waiting = asyncio.create_task(others())
    await asyncio.gather(*(group_commit.deliver(message(one, "say:hello", "m1")) for one in sessions))
    await waiting

    assert played.here() == [20]
    assert {0, conf.BREATH_SESSIONS, 2 * conf.BREATH_SESSIONS} <= set(turns)


async def test_messages_of_one_session_are_handled_in_their_order(joined: uuid.UUID, played: Played) -> None:
    sent = [message(joined, f"say:{n}", f"m{n}") for n in range(30)]
    delivered = await asyncio.gather(*map(group_commit.deliver, sent))

    assert [one.seq for one in delivered] == sorted(one.seq for one in delivered)
    stored = await in_database(lambda: Session.objects.get(pk=joined))
    assert stored.data["seen"][-30:] == [f"say:{n}" for n in range(30)]
    assert played.elsewhere() == []


async def test_a_refusal_is_raised_and_writes_nothing(joined: uuid.UUID, played: Played) -> None:
    before = await in_database(lambda: Session.objects.get(pk=joined).head)
    stale = message(joined, "say:late", "m1")
    with pytest.raises(CommandError) as refused:
        await group_commit.deliver(Delivery(joined, stale.content, by="learner", command=stale.command, expect=1))

    assert refused.value.code == "stale"
    assert await in_database(lambda: Session.objects.get(pk=joined).head) == before
    assert played.here() == [1]


async def test_a_session_that_somebody_holds_keeps_neither_the_loop_nor_other_sessions_waiting(
    joined: uuid.UUID, played: Played
) -> None:
    [other] = await in_database(several, 1)
    with own_connection() as own:
        own.execute("BEGIN")
        own.execute("SELECT 1 FROM sessions_app_session WHERE id = %s FOR UPDATE", [joined])
        held = asyncio.create_task(group_commit.deliver(message(joined, "say:held", "m1")))
        free = await group_commit.deliver(message(other, "say:free", "m1"))
        assert free.disposition == "started"
        assert not held.done()
        own.rollback()
        assert (await held).disposition == "started"
    assert played.elsewhere() == [1], "the one that had to wait"


async def test_a_crash_that_goes_back_to_an_earlier_state_is_played_by_a_thread_which_can_read_the_log(
    joined: uuid.UUID, played: Played, folds: Folds, settings: Any
) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    await group_commit.deliver(message(joined, "crash", "m1"))

    assert (played.here(), played.elsewhere()) == ([1], [1])
    kinds = await in_database(lambda: [entry.kind for entry in log.read(joined)])
    assert kinds.count("event.crashed") == 1
    assert kinds.count("session.restored") == 1
    await in_database(folds, joined)


async def test_a_machine_that_is_not_made_yet_is_made_by_a_thread(
    joined: uuid.UUID, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "_machines", {})
    await group_commit.deliver(message(joined, "say:one", "m1"))
    assert played.elsewhere() == [1]

    await group_commit.deliver(message(joined, "say:two", "m2"))
    assert played.elsewhere() == [1], "from now on it is at hand"


@pytest.mark.parametrize("committed", [False, True])
async def test_a_connection_that_breaks_in_a_commit_loses_and_doubles_nothing(
    joined: uuid.UUID, played: Played, folds: Folds, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    """Before the COMMIT arrives; or after it, before anybody has been told."""
    with own_connection() as own:

        def reach(point: str) -> None:
            if point == ("deliver.committed" if committed else "write.before_commit") and not played.elsewhere():
                if committed:
                    raise ConnectionError("the answer was lost")
                for pid in whoever_commits(own):
                    own.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

        monkeypatch.setattr(crash_points, "reach", reach)
        delivered = await group_commit.deliver(message(joined, "say:once", "m1"))

    assert delivered.duplicate == committed
    kinds = await in_database(lambda: [(e.kind, e.cause) for e in log.read(joined)])
    assert kinds.count(("message.accepted", "m1")) == 1
    await in_database(folds, joined)


async def test_a_loop_whose_connection_broke_opens_another_one(
    joined: uuid.UUID, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    with own_connection() as own:
        pids: list[int] = []
        monkeypatch.setattr(crash_points, "reach", lambda _point: pids.extend(whoever_commits(own)))
        await group_commit.deliver(message(joined, "say:on", "m0"))
        monkeypatch.setattr(crash_points, "reach", lambda _point: None)
        own.execute("SELECT pg_terminate_backend(%s, 5000)", [pids[0]])
    played.by.clear()
    number = 1
    async with asyncio.timeout(PATIENCE_S):
        while not played.here() or played.elsewhere():
            played.by.clear()
            assert not (await group_commit.deliver(message(joined, "say:on", f"m{number}"))).duplicate
            number += 1


async def test_who_leaves_finishes_what_is_under_way_and_keeps_no_connection(joined: uuid.UUID) -> None:
    tasks = [asyncio.create_task(group_commit.deliver(message(joined, f"say:{n}", f"m{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await group_commit.leave()

    assert [(await task).disposition for task in tasks] == ["started"] * 5
    stored = await in_database(lambda: Session.objects.get(pk=joined))
    assert stored.data["seen"][-5:] == [f"say:{n}" for n in range(5)]
    assert group_commit.loops() == 0


def test_a_loop_that_ends_without_a_word_leaves_nothing_behind(scripted_session: uuid.UUID, played: Played) -> None:
    async def live() -> None:
        group_commit.join()
        for n in range(20):
            await group_commit.deliver(message(scripted_session, f"say:{n}", f"m{n}"))

    breaker.forget()
    asyncio.run(live())
    group_commit.stop()
    assert group_commit.loops() == 0
    assert Session.objects.get(pk=scripted_session).data["seen"] == [f"say:{n}" for n in range(20)]
