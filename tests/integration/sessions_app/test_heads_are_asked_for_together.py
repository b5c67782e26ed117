"""The beats of many sockets cost one query, and none is told of less than was committed when it asked."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from sessions_app import heads as module
from sessions_app import sessions
from sessions_app.heads import Heads
from sessions_app.models import Session
from sessions_app.pool import in_database


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[list[uuid.UUID]]:
    """The sessions of each query that was made."""
    made: list[list[uuid.UUID]] = []
    ask = module._heads

    def counted(wanted: list[uuid.UUID]) -> dict[uuid.UUID, int]:
        made.append(wanted)
        return ask(wanted)

    monkeypatch.setattr(module, "_heads", counted)
    return made


def head_of(session: uuid.UUID) -> int:
    return int(Session.objects.get(pk=session).head)


async def told(heads: Heads, of: Sequence[uuid.UUID]) -> list[int | None]:
    return list(await asyncio.gather(*(heads.of(session) for session in of)))


async def test_many_questions_are_one_query(scripted_session: uuid.UUID, queries: list[list[uuid.UUID]]) -> None:
    stranger = uuid.uuid4()
    head = await in_database(head_of, scripted_session)

    assert await told(Heads(), [scripted_session] * 50 + [stranger]) == [head] * 50 + [None]
    assert [set(wanted) for wanted in queries] == [{scripted_session, stranger}]


async def test_who_asks_after_a_commit_is_told_of_it(scripted_session: uuid.UUID) -> None:
    heads = Heads()
    for _ in range(5):
        early = asyncio.create_task(heads.of(scripted_session))
        await in_database(sessions.handle_user_message, scripted_session, "say:hello")
        head = await in_database(head_of, scripted_session)
        assert await heads.of(scripted_session) == head
        assert (await early or 0) <= head


async def test_an_error_is_told_to_all_and_the_next_question_is_asked(
    scripted_session: uuid.UUID, queries: list[list[uuid.UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads, works = Heads(), module._heads

    def away(_wanted: list[uuid.UUID]) -> dict[uuid.UUID, int]:
        raise OperationalError("the database is away")

    monkeypatch.setattr(module, "_heads", away)
    failed = await asyncio.gather(*(heads.of(scripted_session) for _ in range(3)), return_exceptions=True)
    monkeypatch.setattr(module, "_heads", works)

    assert [type(one) for one in failed] == [OperationalError] * 3
    assert await heads.of(scripted_session)
    assert len(queries) == 1


async def test_who_has_left_holds_nobody_up(scripted_session: uuid.UUID) -> None:
    heads = Heads()
    left = asyncio.create_task(heads.of(scripted_session))
    stays = asyncio.create_task(heads.of(scripted_session))
    await asyncio.sleep(0)
    left.cancel()

    assert await stays
