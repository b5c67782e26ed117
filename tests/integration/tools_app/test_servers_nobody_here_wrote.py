"""The model backend against independent servers: aimock, and LiteLLM's proxy in front of it (``make test-peers``)."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import peer_servers
from tests.peer_servers import Peer
from tools_app import usage
from tools_app.backends import connection, openai
from tools_app.exceptions import ContextTooLong, Misconfigured, Overloaded, Unreachable
from tutor.prompts import ChatMessage


@pytest.fixture(scope="module", params=["aimock", *(["litellm"] if peer_servers.LITELLM in os.environ else [])])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    folder: Path = tmp_path_factory.mktemp("peers")
    with peer_servers.aimock(folder) as mock:
        if request.param == "aimock":
            yield mock
        else:
            with peer_servers.litellm(mock, folder) as proxy:
                yield proxy


@pytest.fixture(autouse=True)
async def _endpoint(peer: Peer, settings: Any) -> AsyncIterator[None]:
    settings.LLM_BASE_URL, settings.LLM_API_KEY, settings.LLM_MODEL = peer.url, peer.key, peer.model
    # Two hundred streams through a proxy on a busy machine take their time.
    settings.LLM_FIRST_TOKEN_S, settings.LLM_TOTAL_S = 60, 90
    openai.forget()
    yield
    await connection.close()
    openai.forget()


def message(text: str) -> list[ChatMessage]:
    return [{"role": "system", "content": "You are a tutor."}, {"role": "user", "content": text}]


async def test_an_answer_streams_and_says_what_it_cost() -> None:
    counted = usage.measure()
    pieces = [piece async for piece in openai.stream(message("hello"))]

    assert "".join(pieces) == "Hello there, this is an answer of some length."
    assert len(pieces) > 1
    spent = counted.spent()
    assert spent is not None
    assert min(spent.values()) > 0


async def test_its_first_words_come_before_its_last() -> None:
    began = time.monotonic()
    arrived = [time.monotonic() - began async for _ in openai.stream(message("slowly"))]

    assert arrived[0] < 0.6 * arrived[-1]


async def test_a_typed_answer_is_read() -> None:
    class Verdict(msgspec.Struct):
        right: bool
        why: str

    assert await openai.parse(message("as JSON"), Verdict) == Verdict(right=True, why="it is")


async def test_a_stream_that_breaks_off_is_no_answer() -> None:
    with pytest.raises(Unreachable):
        await openai.complete(message("break off"))


async def test_refusals_are_understood() -> None:
    with pytest.raises(Overloaded):
        await openai.complete(message("too busy"))
    with pytest.raises(ContextTooLong):
        await openai.complete(message("too long"))


async def test_a_wrong_key_is_told_from_a_server_that_is_down() -> None:
    with pytest.raises(Misconfigured):
        await openai.complete(message("wrong key"))


async def test_a_connection_is_used_again_and_one_that_is_left_is_closed() -> None:
    pool = connection.client()._transport._pool  # type: ignore[attr-defined]
    await openai.complete(message("hello"))
    await openai.complete(message("hello"))
    assert len(pool.connections) == 1

    async with aclosing(openai.stream(message("slowly"))) as pieces:
        async for _ in pieces:
            break
    assert not [one for one in pool.connections if not one.is_idle()]


async def test_two_hundred_streams_at_once() -> None:
    texts = await asyncio.gather(*(openai.complete(message("hello")) for _ in range(200)))
    assert set(texts) == {"Hello there, this is an answer of some length."}
