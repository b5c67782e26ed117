"""A learner's client made for tests: every frame kept, and checked against the grammar and the published document."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from sessions_app.stream_grammar import STATES, Frame, SocketGrammar, Stream
from tests.published_document import check_frame

COURSE = "linear-equations"
#: Seconds; generous, for the machine may be busy.
PATIENCE_S = 20.0


def new_guest(url: str) -> str:
    """The token of a new guest learner."""
    answer = httpx.post(f"{url}/api/guests", timeout=PATIENCE_S)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def new_id() -> str:
    """An id for a command."""
    return uuid.uuid4().hex


class Cut(Exception):
    """Raised by ``on_frame`` to cut the line at this frame: nothing after it is read."""


class ProtocolClient:
    """One socket. ``stream`` may be shared with an earlier socket of the same view, to resume from its cursor."""

    def __init__(
        self,
        ws_url: str,
        token: str | None,
        stream: Stream | None = None,
        *,
        subprotocol: str | None = "tutor.v1",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.stream = stream if stream is not None else Stream()
        self.grammar = SocketGrammar(self.stream)
        self.frames: list[Frame] = []
        self.welcome: Frame = {}
        #: Called with each frame after it was checked; may raise `Cut`.
        self.on_frame: Callable[[Frame], None] | None = None
        self._ws_url = ws_url
        self._headers = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        self._subprotocols = [Subprotocol(subprotocol)] if subprotocol else None
        self._arrived = asyncio.Condition()
        self._failure: BaseException | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await connect(
            self._ws_url,
            subprotocols=self._subprotocols,
            additional_headers=self._headers,
            max_size=2**20,
            ping_interval=None,
            open_timeout=PATIENCE_S,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        await self._reader
        if kind is None and self._failure is not None:
            raise self._failure

    @property
    def close_code(self) -> int | None:
        """The code the server closed with, once it did."""
        return self.socket.close_code

    @property
    def session(self) -> str:
        """The session's id."""
        return str(self.welcome["d"]["session"])

    @property
    def cursor(self) -> dict[str, Any]:
        """What `hello` takes as `resume` to go on from here."""
        return {"log_id": self.welcome["d"]["log_id"], "seq": self.stream.last_seq, "out": self.stream.out}

    async def send_text(self, text: str) -> None:
        """Any text frame, well formed or not."""
        await self.socket.send(text)

    async def send(
        self, kind: str, d: Mapping[str, Any] | None = None, *, id: str | None = None, **envelope: Any
    ) -> str:
        """Send a command and do not wait. Returns its id."""
        command_id = id or new_id()
        self.grammar.sent(command_id)
        await self.socket.send(json.dumps({"t": kind, "id": command_id, "d": dict(d or {}), **envelope}))
        return command_id

    async def reply(self, command_id: str | None, *, after: int = 0) -> Frame:
        """The reply to a command; None: the err to a frame without a readable id."""
        replies = {"ok", "err", "welcome", "pong"}
        return await self.seen(lambda frame: frame["t"] in replies and frame["cause"] == command_id, after=after)

    async def command(
        self,
        kind: str,
        d: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,
        **envelope: Any,
    ) -> Frame:
        """Send a command and wait for its reply."""
        mark = len(self.frames)
        return await self.reply(await self.send(kind, d, id=id, **envelope), after=mark)

    async def hello(self, resume: Mapping[str, Any] | None = None, **d: Any) -> Frame:
        """Open the view (by default of the demo course) and wait until it is live. Returns the welcome."""
        where = d if {"course", "session"} & set(d) else {"course": COURSE, **d}
        self.welcome = await self.command("hello", {**where, "resume": resume})
        if self.welcome["t"] == "welcome":
            await self.seen(lambda frame: frame["t"] == "live")
        return self.welcome

    async def turn(self, kind: str, d: Mapping[str, Any] | None = None, *, id: str | None = None) -> list[Frame]:
        """Send a command that starts a turn and wait for the turn's end. Returns the turn's events."""
        reply = await self.command(kind, d, id=id)
        assert reply["t"] == "ok", reply
        return await self.turn_finished(reply["d"]["turn"])

    async def say(self, text: str) -> list[Frame]:
        """A turn of `message.send`."""
        return await self.turn("message.send", {"text": text})

    async def turn_finished(self, turn: str) -> list[Frame]:
        """Wait for the end of a turn. Returns its events."""
        await self.event(lambda event: event["t"] == "turn.finished" and event["turn"] == turn)
        return [event for event in self.stream.events if event["turn"] == turn]

    async def seen(self, wanted: Callable[[Frame], bool], *, after: int = 0, limit_s: float = PATIENCE_S) -> Frame:
        """The first frame of this socket, from index ``after``, that is wanted; waits for it."""
        return await self._wait(lambda: next(filter(wanted, self.frames[after:]), None), limit_s)

    async def event(self, wanted: Callable[[Frame], bool], *, limit_s: float = PATIENCE_S) -> Frame:
        """The first event of the stream, over all its sockets, that is wanted; waits for it."""
        return await self._wait(lambda: next(filter(wanted, self.stream.events), None), limit_s)

    async def closed(self, limit_s: float = PATIENCE_S) -> int | None:
        """Wait until the server closed the socket. Returns the close code."""
        async with asyncio.timeout(limit_s):
            await self.socket.wait_closed()
            await self._reader
        self._raise_failure()
        return self.close_code

    async def abort(self) -> None:
        """Cut the line without a word."""
        self.socket.transport.abort()
        await self._reader

    async def _read(self) -> None:
        try:
            async for text in self.socket:
                frame = self.grammar.received(json.loads(text))
                check_frame(frame)
                self.frames.append(frame)
                if self.on_frame is not None:
                    self.on_frame(frame)
                async with self._arrived:
                    self._arrived.notify_all()
        except Cut:
            self.socket.transport.abort()
        except (ConnectionClosed, OSError):
            pass
        except BaseException as failure:
            self._failure = failure
        finally:
            self._ended = True
            with contextlib.suppress(RuntimeError):
                async with self._arrived:
                    self._arrived.notify_all()

    async def _wait(self, find: Callable[[], Frame | None], limit_s: float) -> Frame:
        try:
            async with asyncio.timeout(limit_s), self._arrived:
                while (found := find()) is None:
                    self._raise_failure()
                    if self._ended:
                        raise ConnectionError(f"the socket closed ({self.close_code}) before the frame came")
                    await self._arrived.wait()
                self._raise_failure()
                return found
        except TimeoutError:
            tail = "\n".join(json.dumps(frame)[:400] for frame in self.frames[-8:])
            raise AssertionError(
                f"the frame did not come within {limit_s:.0f} s; the last frames were\n{tail}"
            ) from None

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


async def whole_stream(ws_url: str, token: str, session: str, states: Collection[str] | None = STATES) -> list[Frame]:
    """All events of a session, read afresh: by `hello` without a cursor, and `history.get` for what is older."""
    async with ProtocolClient(ws_url, token, Stream(whole=False, machine_states=states)) as client:
        welcome = await client.hello(session=session)
        if len(client.stream.events) < welcome["d"]["limits"]["replay"]:
            return client.stream.events
        return await whole_history(client)


async def whole_history(client: ProtocolClient, page: int = 100) -> list[Frame]:
    """The events a live client has, with all older ones before them by `history.get`."""
    events = list(client.stream.events)
    more = bool(events)
    while more:
        answer = await client.command("history.get", {"before": events[0]["seq"], "limit": page})
        assert answer["t"] == "ok", answer
        more = answer["d"]["more"] and bool(answer["d"]["events"])
        events = answer["d"]["events"] + events
    return events
