"""The text of a running turn in Redis: conditional on attempt and offset, fenced at once, safe to write twice."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.output import buffer
from sessions_app.output.buffer import REFUSED, Piece, Written

SESSION, TURN = uuid.UUID(int=7), "t1"


@pytest.fixture(autouse=True)
async def _connections_end_with_the_loop(redis_url: str) -> AsyncIterator[None]:
    yield
    await buffer.close_client()


async def append(attempt: int, off: int, text: str) -> int:
    return (await buffer.append([Piece(SESSION, TURN, attempt, off, text)]))[0]


class Model:
    """What the buffer should be, in a few lines of Python."""

    def __init__(self) -> None:
        self.attempt, self.text, self.closed = 0, "", False

    def append(self, attempt: int, off: int, text: str) -> int:
        if self.closed or attempt < self.attempt:
            return REFUSED
        before = self.text if attempt == self.attempt else ""
        if off > len(before):
            if attempt > self.attempt and self.attempt:
                self.text = ""
            return len(before)
        self.attempt, self.text = attempt, before + text[len(before) - off :]
        return len(self.text)

    def read(self, attempt: int, off: int) -> Written | None:
        if not self.attempt:
            return None
        off = off if attempt == self.attempt else 0
        return Written(self.attempt, off, self.text[off:])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_is_what_a_model_says_whatever_is_written_in_whatever_order(data: st.DataObject) -> None:

    async def play() -> None:
        await buffer.client().flushdb()
        model = Model()
        for _ in range(data.draw(st.integers(1, 15))):
            what = data.draw(st.sampled_from(["append", "append", "append", "read", "fence", "forget"]))
            attempt, off = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 12))
            if what == "append":
                text = data.draw(st.text(max_size=6))
                assert await append(attempt, off, text) == model.append(attempt, off, text)
            elif what == "read":
                assert await buffer.read(SESSION, TURN, attempt, off) == model.read(attempt, off)
            elif what == "fence":
                assert buffer.fence(SESSION, TURN) == model.read(0, 0)
                model.closed = True
            else:
                await buffer.client().flushdb()
                model = Model()
        await buffer.close_client()

    asyncio.run(play())


async def test_after_a_fence_nothing_is_taken_that_was_not_returned_by_it() -> None:
    await append(1, 0, "shown ")
    fenced = buffer.fence(SESSION, TURN)

    assert fenced == Written(1, 0, "shown ")
    assert await append(1, 6, "late") == REFUSED
    assert await append(2, 0, "a new attempt") == REFUSED
    assert buffer.fence(SESSION, TURN) == fenced


async def test_a_turn_that_was_fenced_before_its_first_word_shows_none() -> None:
    assert buffer.fence(SESSION, TURN) is None
    assert await append(1, 0, "late") == REFUSED


async def test_many_texts_go_in_one_round_trip_and_each_is_judged_by_itself() -> None:
    turns = [Piece(SESSION, f"t{number}", 1, 0, f"text {number}") for number in range(50)]
    buffer.fence(SESSION, "t7")
    lengths = await buffer.append(turns)

    assert lengths == [REFUSED if number == 7 else len(one.text) for number, one in enumerate(turns)]


async def test_texts_expire_by_themselves() -> None:
    await append(1, 0, "left behind by a worker that died")
    ttl = [await buffer.client().ttl(key) for key in await buffer.client().keys("tutor:output:*")]
    assert len(ttl) == 2
    assert min(ttl) > 0
