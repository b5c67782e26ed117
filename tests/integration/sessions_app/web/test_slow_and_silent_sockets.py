"""A client that reads slowly, or never, or whose line is half open: bounded memory here, and nobody else notices."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from sessions_app import conf, consumers, draining, server
from sessions_app.delivery import CommandId, Delivery
from sessions_app.output import buffer, news
from sessions_app.output.buffer import Piece
from sessions_app.pool import in_database
from tests.integration.sessions_app.web.conftest import PATIENCE_S, Person, Web, view
from tests.line import Line
from tools_app import calls
from tutor import events


class Reader:
    """A WebSocket that reads only when it is told to, through a small window."""

    def __init__(self, web: Web, who: Person) -> None:
        self._raw = socket.socket()
        # What the machine keeps for whoever does not read is not the server's memory; here it is little.
        self._raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self._raw.connect(("127.0.0.1", web.port))
        self._raw.setblocking(False)
        self._protocol = ClientProtocol(parse_uri(web.ws_url), max_size=2**21)
        self._token = who.token
        self._parts: list[bytes] = []
        self.frames: list[dict[str, Any]] = []
        self.read_bytes = 0

    async def open(self, session: str) -> None:
        request = self._protocol.connect()
        request.headers["Authorization"] = f"Bearer {self._token}"
        self._protocol.send_request(request)
        await self._flush()
        await self.read_until(lambda: self._protocol.state.name == "OPEN")
        await self.send("hello", {"session": session})
        await self.read_until(lambda: any(frame["t"] == "live" for frame in self.frames))

    async def send(self, t: str, d: dict[str, Any]) -> None:
        self._protocol.send_text(json.dumps({"t": t, "id": secrets.token_hex(8), "d": d}).encode())
        await self._flush()

    async def read(self, most: int = 65_536) -> bool:
        """Read what is there, at most so many bytes. False: the server has closed."""
        try:
            data = await asyncio.get_running_loop().sock_recv(self._raw, most)
        except OSError:
            return False
        self.read_bytes += len(data)
        if data:
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.CONT}:
                self._parts.append(bytes(event.data))
                if event.fin:
                    self.frames.append(json.loads(b"".join(self._parts)))
                    self._parts.clear()
        return bool(data)

    async def read_until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                assert await self.read(), "the server closed first"

    async def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                await asyncio.get_running_loop().sock_sendall(self._raw, data)

    def close(self) -> None:
        self._raw.close()

    @property
    def close_code(self) -> int | None:
        """What the server closed with, once it did."""
        return self._protocol.close_rcvd.code if self._protocol.close_rcvd else None

    def text(self, attempt: int = 1) -> str:
        """The text it was sent, put together."""
        return "".join(f["d"]["text"] for f in self.frames if f["t"] == "output.delta" and f["d"]["attempt"] == attempt)


@asynccontextmanager
async def reader(web: Web, who: Person) -> AsyncIterator[Reader]:
    made = Reader(web, who)
    try:
        await made.open(who.session)
        yield made
    finally:
        made.close()


def served() -> list[consumers.SessionConsumer]:
    """The sockets of this process with a view, oldest first."""
    return sorted((one for one in draining._open if one.view is not None), key=lambda one: one.asked_at)


async def ask(session: str, text: str) -> str:
    """A turn begins; the worker is the test."""
    command = CommandId(secrets.token_hex(8), "message.send", text.encode())
    delivery = Delivery(uuid.UUID(session), events.UserMessage(text=text), by="learner", command=command, text=text)
    delivered = await in_database(server.deliver, delivery)
    return str(delivered.turn)


async def write(session: str, turn: str, off: int, text: str) -> None:
    """A worker writes some text of the turn."""
    piece = Piece(uuid.UUID(session), turn, 1, off, text)
    await buffer.append([piece])
    await news.publish([piece])


async def finish(text: str) -> None:
    """Its worker is done."""

    def settle() -> None:
        (call,) = calls.claim("worker", ["tools"], 1)
        server.deliver(calls.succeeded(call, {"text": text}, fallback=False, facts=[], streamed=calls.Streamed(1, 1)))

    await in_database(settle)


def _end(delta: dict[str, Any]) -> int:
    return int(delta["d"]["off"]) + len(delta["d"]["text"])


async def test_a_client_of_one_kibibyte_a_second_gets_all_of_it_in_few_frames(web: Web, ada: Person) -> None:
    async with reader(web, ada) as slow, view(web, ada) as other:
        await other.hello(session=ada.session)
        turn = await ask(ada.session, "tell me a lot")
        await other.event(lambda event: event["t"] == "turn.started")
        words = "".join(f"word {number} " for number in range(5_000))
        backlog, took, off, size = 0, 0.0, 0, 100
        while off < len(words):
            await write(ada.session, turn, off, words[off : off + size])
            off += size
            backlog = max(backlog, *(one.outgoing.backlog for one in served()))
            if off % 5_000 == 0:
                await slow.read(1_024)  # a kibibyte in about a tenth of the text
                began = time.monotonic()
                await other.command("ping")
                took = max(took, time.monotonic() - began)
        await other.seen(lambda frame: frame["t"] == "output.delta" and _end(frame) >= len(words))
        await finish(words)
        await other.turn_finished(turn)
        await slow.read_until(lambda: any(frame["t"] == "turn.finished" for frame in slow.frames))

        assert slow.text() == words
        assert backlog < conf.BACKLOG_BYTES / 4, "text for a slow reader waits in Redis, not in frames"
        few, many = (len([f for f in one.frames if f["t"] == "output.delta"]) for one in (slow, other))
        assert few < many
        assert took < PATIENCE_S / 4
    await buffer.close_client()


async def test_a_client_that_never_reads_is_put_out_with_4440_and_bounded(web: Web, ada: Person) -> None:
    message = events.UserMessage(text="x" * conf.TEXT_CHARS)

    def fill() -> None:
        for _ in range(40):
            command = CommandId(secrets.token_hex(8), "message.send", b"")
            said = Delivery(uuid.UUID(ada.session), message, by="learner", command=command, text=message.text)
            server.deliver(said)

    await in_database(fill)
    async with reader(web, ada) as lazy, view(web, ada) as other:
        await other.hello(session=ada.session)
        (deaf,) = [one for one in served() if one.conn == lazy.frames[0]["d"]["conn"]]
        for _ in range(80):
            await lazy.send("history.get", {"limit": 500})
        async with asyncio.timeout(PATIENCE_S):
            while not deaf.closed:
                assert deaf.outgoing.backlog < conf.BACKLOG_BYTES + 2**20, "one frame over the limit at most"
                await asyncio.sleep(0.01)
        assert deaf.outgoing.backlog < 2**20, "what waited is forgotten"
        began = time.monotonic()
        assert (await other.command("ping"))["t"] == "pong"
        assert time.monotonic() - began < PATIENCE_S / 4
        while await lazy.read():
            pass

        assert lazy.close_code == 4440


async def test_a_half_open_socket_is_given_up_with_4408(web: Web, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conf, "BEAT_S", 1)
    line = Line(web.port)
    try:
        async with view(Web(line.port), ada) as lost, view(web, ada) as other:
            await lost.hello(session=ada.session)
            await other.hello(session=ada.session)
            assert len(served()) == 2
            line.freeze()
            async with asyncio.timeout(PATIENCE_S):
                while len(served()) > 1:
                    assert (await other.command("ping"))["t"] == "pong"
                    await asyncio.sleep(0.2)
            line.thaw()

            assert await lost.closed() == 4408
            assert lost.frames[-1]["d"]["reconnect"] is True
    finally:
        line.end()
