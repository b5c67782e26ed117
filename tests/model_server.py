"""An OpenAI-compatible endpoint that misbehaves on request: plain HTTP/1.1 on the loopback, in a thread of its own.

A behaviour is a coroutine that writes the answer to one request; those here are the ways in which real endpoints fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

Behaviour = Callable[["Request"], Awaitable[None]]


class Request:
    """One request, and the connection that its answer goes to."""

    def __init__(self, head: bytes, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = head
        self.body: dict[str, Any] = msgspec.json.decode(body)
        self._reader, self._writer = reader, writer
        self.at = time.monotonic()
        #: When the client hung up before it had the whole answer.
        self.hung_up_at: float | None = None

    async def write(self, raw: bytes) -> None:
        self._writer.write(raw)
        await self._writer.drain()

    async def begin(self, status: int = 200, kind: str = "text/event-stream", **headers: str) -> None:
        """Status and headers of an answer whose end is the end of the connection."""
        lines = [f"HTTP/1.1 {status} X", "Connection: close", f"Content-Type: {kind}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.write("\r\n".join([*lines, "", ""]).encode())

    async def say(self, plain: object) -> None:
        """One event."""
        await self.write(b"data: " + msgspec.json.encode(plain) + b"\n\n")

    async def piece(self, text: str) -> None:
        await self.say({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    async def end(self, usage: tuple[int, int] | None = (10, 20)) -> None:
        await self.say({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        if usage is not None and self.body.get("stream_options"):
            await self.say({"choices": [], "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}})
        await self.write(b"data: [DONE]\n\n")

    async def wait_for_hang_up(self) -> None:
        """Nothing more is said until the client goes away."""
        with contextlib.suppress(ConnectionError):
            await self._reader.read()
        self.hung_up_at = time.monotonic()


def says(*pieces: str, every_s: float = 0.0, usage: tuple[int, int] | None = (10, 20)) -> Behaviour:
    """Streams an answer."""

    async def behave(request: Request) -> None:
        await request.begin()
        for piece in pieces:
            await request.piece(piece)
            await asyncio.sleep(every_s)
        await request.end(usage)

    return behave


def answers(status: int, body: bytes | object = b"{}", kind: str = "application/json", **headers: str) -> Behaviour:
    """Says something at once."""

    async def behave(request: Request) -> None:
        await request.begin(status, kind, **headers)
        await request.write(body if isinstance(body, bytes) else msgspec.json.encode(body))

    return behave


def whole(text: Any) -> Behaviour:
    """Does not know about streaming."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    return answers(200, {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage})


def stalls(*pieces: str, headers: bool = True, keep_alive_s: float = 0.0) -> Behaviour:
    """Says a little (or nothing, or not even headers), then hangs; ``keep_alive_s``: it sends comments meanwhile."""

    async def behave(request: Request) -> None:
        if headers:
            await request.begin()
        for piece in pieces:
            await request.piece(piece)
        if keep_alive_s:
            with contextlib.suppress(ConnectionError):
                while True:
                    await request.write(b": still here\n\n")
                    await asyncio.sleep(keep_alive_s)
        await request.wait_for_hang_up()

    return behave


def breaks_off(*pieces: str) -> Behaviour:
    """Ends in mid-stream as if all were said."""

    async def behave(request: Request) -> None:
        await request.begin()
        for piece in pieces:
            await request.piece(piece)

    return behave


def raw(*parts: bytes, kind: str = "text/event-stream") -> Behaviour:
    """Sends just these bytes after the headers."""

    async def behave(request: Request) -> None:
        await request.begin(kind=kind)
        with contextlib.suppress(ConnectionError):
            for part in parts:
                await request.write(part)

    return behave


def in_turn(behaviours: Iterable[Behaviour]) -> Behaviour:
    """Another one for each request."""
    left = list(behaviours)

    async def behave(request: Request) -> None:
        await left.pop(0)(request)

    return behave


class ModelServer:
    """A context manager; ``behaviour`` may be changed at any time."""

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or says("A model's words.")
        self.requests: list[Request] = []
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="model-server", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await self._stop.wait()
        server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            request = Request(head, await reader.readexactly(length), reader, writer)
            self.requests.append(request)
            await self.behaviour(request)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
