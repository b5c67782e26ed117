"""An upload is sent again under the same id until it is answered, and tells how far it is."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sessions_app.client import CommandError, LoginError, Pace, upload

TAKEN = b'{"file":"f1","name":"notes.txt","size":300000,"status":"pending","duplicate":false,"seq":7}'
DRAINING = b'{"t":"err","d":{"code":"draining","message":"Again.","retry":"same_id","after_ms":10,"detail":{}}}'
TOO_LARGE = b'{"t":"err","d":{"code":"too_large","message":"At most 1 KB.","retry":"never","detail":{}}}'
PACE = Pace(first_s=0.01, longest_s=0.02)


@asynccontextmanager
async def server(*answers: tuple[int, bytes] | None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Gives one answer after the other; None: it hangs up. Yields its address and the bodies."""
    bodies: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        answer = left.pop(0)
        if answer is not None:
            bodies.append(await reader.readexactly(int(length[1])))
            status, body = answer
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws/session/", bodies


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"word " * 60_000)
    return path


def command_id(body: bytes) -> bytes:
    found = re.search(rb'name="id"\r\n\r\n(\S+)\r\n', body)
    assert found is not None
    return found[1]


async def test_it_is_sent_again_until_it_is_taken_under_one_id(notes: Path) -> None:
    sent: list[tuple[int, int]] = []
    async with server(None, (503, DRAINING), (201, TAKEN)) as (url, bodies):
        taken = await upload(url, "t", "s1", notes, progress=lambda *told: sent.append(told), pace=PACE)

    assert (taken.file, taken.seq) == ("f1", 7)
    assert len(bodies) == 2
    assert len({command_id(body) for body in bodies}) == 1
    assert all(notes.read_bytes() in body for body in bodies)
    assert sent[-1] == (300_000, 300_000)
    assert (0 < sent[0][0] < 300_000, sent[0][1]) == (True, 300_000)


async def test_what_is_refused_for_good_is_not_sent_again(notes: Path) -> None:
    async with server((413, TOO_LARGE)) as (url, bodies):
        with pytest.raises(CommandError, match="At most 1 KB"):
            await upload(url, "t", "s1", notes, pace=PACE)

    assert len(bodies) == 1


async def test_a_bad_token_is_told(notes: Path) -> None:
    async with server((401, b"{}")) as (url, _):
        with pytest.raises(LoginError):
            await upload(url, "t", "s1", notes, pace=PACE)
