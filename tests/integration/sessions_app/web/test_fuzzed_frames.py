"""Whatever comes over a socket: an answer in words or a closed socket, never a traceback, never a dead consumer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from sessions_app import frames
from sessions_app.exceptions import CommandError
from sessions_app.protocol import parse, readable_id
from tests.integration.sessions_app.web.conftest import PATIENCE_S, Person, Web
from tests.published_document import check_frame

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["text", "on_busy", "question", "value", "turn", "command", "call", "decision", "seq", "before", "limit"]
COMMANDS = st.fixed_dictionaries(
    {
        "t": st.sampled_from(sorted(frames.COMMANDS)) | st.text(max_size=20),
        "id": st.text(min_size=1, max_size=70) | JSON,
        "d": st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), JSON, max_size=4) | JSON,
    },
    optional={"expect": st.integers(-5, 2**40) | JSON},
).map(json.dumps)
#: Well-formed frames with one wrong character, one missing, one more.
TEXTS = st.one_of(
    COMMANDS,
    JSON.map(json.dumps),
    st.text(max_size=200),
    st.tuples(COMMANDS, st.integers(0, 300), st.text(max_size=2)).map(lambda p: p[0][: p[1]] + p[2] + p[0][p[1] + 1 :]),
)
#: What is not settled by a command of the learner's own, and would end the lesson for the next example.
HARMLESS = {"session.close", "session.pause"}


@given(st.text(max_size=300) | COMMANDS | st.binary(max_size=300))
def test_the_parser_answers_or_refuses_and_nothing_else(raw: str | bytes) -> None:
    with contextlib.suppress(CommandError):
        frame = parse(raw)
        assert 1 <= len(frame.id) <= frames.ID_CHARS
        assert len(frame.digest) == 32
    readable_id(raw)


async def answered(socket: ClientConnection) -> list[dict[str, Any]]:
    """Ping, and everything that comes until its answer: the consumer lives."""
    mark = secrets.token_hex(8)
    await socket.send(json.dumps({"t": "ping", "id": mark, "d": {}}))
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            frame = json.loads(await socket.recv())
            check_frame(frame)
            if frame["t"] == "pong" and frame["cause"] == mark:
                return found
            found.append(frame)


async def opened(web: Web, who: Person) -> ClientConnection:
    socket = await connect(web.ws_url, additional_headers=who.headers, max_size=2**20, ping_interval=None)
    await socket.send(json.dumps({"t": "hello", "id": "h", "d": {"session": who.session}}))
    async with asyncio.timeout(PATIENCE_S):
        while json.loads(await socket.recv())["t"] != "live":
            pass
    return socket


class Fuzzed:
    """A server under fuzz, and its log."""

    def __init__(self, web: Web, who: Person, log: pytest.LogCaptureFixture) -> None:
        self.web, self.who, self._log = web, who, log

    def run(self, play: Callable[[ClientConnection], Awaitable[None]]) -> None:
        async def over_a_socket() -> None:
            socket = await opened(self.web, self.who)
            async with socket:
                await play(socket)

        asyncio.run(over_a_socket())
        wrong = [r.getMessage() for r in self._log.records if r.levelname in {"ERROR", "CRITICAL"} or r.exc_info]
        self._log.clear()
        assert not wrong, wrong


@pytest.fixture
def fuzzed(web: Web, ada: Person, caplog: pytest.LogCaptureFixture, settings: Any) -> Fuzzed:
    settings.TUTOR_RATE_LIMITS = {}
    return Fuzzed(web, ada, caplog)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(texts=st.lists(TEXTS, min_size=1, max_size=25))
def test_no_text_kills_a_socket(fuzzed: Fuzzed, texts: list[str]) -> None:
    async def play(socket: ClientConnection) -> None:
        for text in texts:
            if not any(f'"{command}"' in text for command in HARMLESS):
                await socket.send(text)
        for frame in await answered(socket):
            assert frame["t"] != "err" or frame["d"]["code"] not in {"internal", "unavailable"}, (frame, texts)

    fuzzed.run(play)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(noise=st.binary(min_size=1, max_size=2_000))
def test_no_bytes_on_the_line_harm_anybody_else(fuzzed: Fuzzed, noise: bytes) -> None:
    """Not even a WebSocket frame: the transport closes that socket, and all others go on."""

    async def play(socket: ClientConnection) -> None:
        broken = await opened(fuzzed.web, fuzzed.who)
        broken.transport.write(noise)
        await answered(socket)
        with contextlib.suppress(RuntimeError):  # it may be closed by now
            broken.transport.write(b"\x81\x05hello" + noise)
        await answered(socket)
        broken.transport.abort()
        with contextlib.suppress(ConnectionClosed, OSError):
            await broken.wait_closed()

    fuzzed.run(play)
