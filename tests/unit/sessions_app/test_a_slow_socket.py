"""A client that reads slowly holds nobody up, and does not fill the memory."""

from __future__ import annotations

import asyncio

from sessions_app.outgoing import Outgoing


class Line:
    """A socket that takes frames only while it is ``open``."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.open = asyncio.Event()
        self.emptied = 0

    async def send(self, frame: str) -> None:
        await self.open.wait()
        self.taken.append(frame)

    def is_empty(self) -> None:
        self.emptied += 1


def outgoing(line: Line, limit: int = 1_000) -> Outgoing:
    return Outgoing(line.send, line.is_empty, limit)


async def test_frames_are_sent_in_order_and_the_end_is_told() -> None:
    line = Line()
    line.open.set()
    frames = outgoing(line)
    assert all(frames.put(str(number)) for number in range(5))
    await frames.room(1)

    assert line.taken == ["0", "1", "2", "3", "4"]
    assert (line.emptied, frames.backlog) == (1, 0)


async def test_who_puts_never_waits_and_is_told_when_it_is_too_much() -> None:
    frames = outgoing(Line(), limit=10)

    assert [frames.put("12345") for _ in range(3)] == [True, True, False]
    assert frames.backlog == 15


async def test_bytes_count_and_not_characters() -> None:
    frames = outgoing(Line(), limit=10)
    assert not frames.put("€€€€")


async def test_reading_from_the_log_waits_for_a_slow_client() -> None:
    line = Line()
    frames = outgoing(line)
    frames.put("x" * 100)
    waiting = asyncio.create_task(frames.room(50))
    await asyncio.sleep(0)
    assert not waiting.done()

    line.open.set()
    await asyncio.wait_for(waiting, 1)


async def test_a_broken_line_frees_whoever_waits_for_it() -> None:
    async def broken(_frame: str) -> None:
        raise ConnectionError("gone")

    frames = Outgoing(broken, lambda: None, 1_000)
    frames.put("x" * 100)
    await asyncio.wait_for(frames.room(1), 1)
    assert frames.backlog == 0
