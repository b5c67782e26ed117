"""A small server that speaks protocol v1 from a script, for tests of clients.

It keeps a log and answers hello, ping and commands as the real server does, so far as a client can tell. A test makes
it misbehave: lose connections, keep answers back, repeat or hold back events. It also serves files over HTTP, so that
a browser can be pointed at it.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

Json = dict[str, Any]


class ScriptedServer:
    """One session on one port of the loopback interface. Use it as an async context manager."""

    def __init__(self, *, port: int = 0) -> None:
        self.port = port
        self.log_id = "log-1"
        self.state = "awaiting_answer"
        self.beat_s = 20.0
        self.events: list[Json] = []
        #: The turn that is writing: (turn, attempt, text so far).
        self.active: tuple[str, int, str] | None = None
        #: Every frame received, in order, and the hellos among them.
        self.received: list[Json] = []
        self.hellos: list[Json] = []
        self.accepted: dict[str, Json] = {}
        #: What ``welcome`` says of how many events an opening replays.
        self.replay = 1000
        #: Accept commands but keep the answers (and the pushes) back.
        self.mute = False
        #: Do not even take commands in.
        self.deaf = False
        #: Refuse the next commands with these ``err`` contents.
        self.refusals: list[Json] = []
        #: Refuse the next hellos with these ``err`` contents.
        self.hello_refusals: list[Json] = []
        #: Send this many events again that the client has, after each resume.
        self.overlap = 0
        #: Do not push new events to open sockets (lost hints).
        self.lossy = False
        #: What ``pong`` counts beyond what this view may see.
        self.ahead = 0
        #: Refuse handshakes with this HTTP status.
        self.http_status: int | None = None
        #: Called after a command was accepted; adds what the tutor does about it.
        self.on_command: Callable[[Json], None] | None = None
        #: URL path → (content type, body) or a folder of files by its prefix.
        self.files: dict[str, tuple[str, bytes]] = {}
        self.folders: dict[str, Path] = {}
        self._sockets: set[ServerConnection] = set()
        #: Live views and the ``seq`` each was sent last.
        self._live: dict[ServerConnection, int] = {}
        self._server: Server | None = None

    # --- running ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            self.port,
            subprotocols=[Subprotocol("tutor.v1")],
            process_request=self._http,
            ping_interval=None,
            close_timeout=0.2,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """Go away without a word, as a killed process does."""
        server, self._server = self._server, None
        if server is not None:
            self.drop()
            server.close()
            await server.wait_closed()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # --- the script ------------------------------------------------------------------------------------------------

    def happen(self, t: str, *, turn: str | None = None, cause: str | None = None, **d: Any) -> Json:
        """A durable event: into the log, and to every open view. ``seq`` rises with gaps, as on the wire."""
        seq = (self.events[-1]["seq"] if self.events else 0) + 2
        event = {"t": t, "sid": "s1", "seq": seq, "at": "2026-01-01T12:00:00Z", "turn": turn, "cause": cause, "d": d}
        self.events.append(event)
        if t == "state.changed":
            self.state = d["to"]
        if t == "output.committed":
            self.active = None
        if not (self.lossy or self.mute):
            self.deliver()
        return event

    def deliver(self) -> None:
        """Every event a live view has not been sent: a lost push delays events, it does not skip them."""
        for socket, sent in list(self._live.items()):
            for event in self.events:
                if event["seq"] > sent:
                    self._post(socket, event)
            self._live[socket] = self.head

    def write(self, text: str, *, turn: str = "t1", attempt: int = 1) -> None:
        """The tutor writes some more text."""
        before = self.active[2] if self.active and self.active[:2] == (turn, attempt) else ""
        if self.active and self.active[0] == turn and self.active[1] < attempt:
            self.push({"t": "output.reset", "sid": "s1", "turn": turn, "d": {"attempt": attempt}})
        self.active = (turn, attempt, before + text)
        self.push_delta(len(before), text, turn=turn, attempt=attempt)

    def push_delta(self, off: int, text: str, *, turn: str = "t1", attempt: int = 1) -> None:
        delta = {"attempt": attempt, "off": off, "text": text}
        self.push({"t": "output.delta", "sid": "s1", "turn": turn, "d": delta})

    def push(self, frame: Json) -> None:
        """A frame to every live view, whatever it says."""
        for socket in list(self._live):
            self._post(socket, frame)

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for socket in list(self._sockets):
            socket.transport.abort()
        self._live.clear()

    async def bye(self, code: int, reason: str, **d: Any) -> None:
        """Say bye and close, as the protocol asks."""
        sockets = list(self._sockets)
        self._live.clear()
        for socket in sockets:
            await socket.send(json.dumps({"t": "bye", "d": {"code": code, "reason": reason, **d}}))
            await socket.close(code, reason)

    # --- what it does by itself --------------------------------------------------------------------------------------

    @property
    def head(self) -> int:
        return int(self.events[-1]["seq"]) if self.events else 0

    async def _serve(self, socket: ServerConnection) -> None:
        self._sockets.add(socket)
        try:
            async for text in socket:
                frame = json.loads(text)
                self.received.append(frame)
                if frame["t"] == "hello":
                    await self._hello(socket, frame)
                elif frame["t"] == "ping":
                    pong = {"head": self.head + self.ahead, "off": 0, "at": "2026-01-01T12:00:00Z"}
                    await self._reply(socket, "pong", frame, pong)
                elif not self.deaf:
                    await self._command(socket, frame)
        except ConnectionClosed:
            pass
        finally:
            self._sockets.discard(socket)
            self._live.pop(socket, None)

    async def _hello(self, socket: ServerConnection, frame: Json) -> None:
        self.hellos.append(frame)
        if self.hello_refusals:
            await self._reply(socket, "err", frame, self.hello_refusals.pop(0))
            return
        resume = frame["d"].get("resume")
        active = None
        if self.active:
            turn, attempt, text = self.active
            active = {"turn": turn, "attempt": attempt, "off": len(text), "phase": "streaming"}
        welcome = {"conn": "c1", "session": "s1", "log_id": self.log_id, "head": self.head, "floor": 0, "first": 0}
        welcome |= {"state": self.state, "active": active, "queue": [], "policy": "reject", "beat_s": self.beat_s}
        welcome |= {"limits": {"text": 2000, "frame": 65536, "replay": self.replay, "queue": 3, "sockets": 10}}
        await self._reply(socket, "welcome", frame, welcome)
        if resume and (resume["log_id"] != self.log_id or resume["seq"] > self.head):
            first = self.events[0]["seq"] if self.events else 0
            resync = {"log_id": self.log_id, "head": self.head, "first": first, "state": self.state}
            await socket.send(json.dumps({"t": "resync", "sid": "s1", "d": resync}))
            resume = None
        after = resume["seq"] if resume else 0
        repeated = [event for event in self.events if event["seq"] <= after][-self.overlap :] if self.overlap else []
        told = self.head
        for event in repeated + [event for event in self.events if event["seq"] > after]:
            await socket.send(json.dumps(event))
        if self.active:
            turn, attempt, text = self.active
            out = (resume or {}).get("out") or {}
            same = out.get("turn") == turn and out.get("attempt") == attempt
            off = max(0, out["off"] - self.overlap) if same else 0
            if out and not same:
                await socket.send(json.dumps({"t": "output.reset", "turn": turn, "d": {"attempt": attempt}}))
            delta = {"attempt": attempt, "off": off, "text": text[off:]}
            await socket.send(json.dumps({"t": "output.delta", "sid": "s1", "turn": turn, "d": delta}))
        await socket.send(json.dumps({"t": "live", "sid": "s1", "d": {"head": told}}))
        self._live[socket] = told
        self.deliver()

    async def _command(self, socket: ServerConnection, frame: Json) -> None:
        if self.refusals:
            await self._reply(socket, "err", frame, self.refusals.pop(0))
            return
        known = self.accepted.get(frame["id"])
        if known is None:
            if frame["t"] == "message.send":
                event = self.happen("message.accepted", cause=frame["id"], text=frame["d"]["text"])
            else:
                event = {"seq": self.head}
            known = self.accepted[frame["id"]] = {"seq": event["seq"], "disposition": "started", "turn": "t1"}
            if self.on_command is not None:
                self.on_command(frame)
            answer = {**known, "duplicate": False}
        else:
            answer = {**known, "duplicate": True}
        if not self.mute:
            await self._reply(socket, "ok", frame, answer)

    async def _reply(self, socket: ServerConnection, t: str, frame: Json, d: Json) -> None:
        await socket.send(json.dumps({"t": t, "sid": "s1", "cause": frame["id"], "d": d}))

    def _post(self, socket: ServerConnection, frame: Json) -> None:
        # Written at once, so that a script's order is the wire's order.
        if socket.state is State.OPEN:
            socket.protocol.send_text(json.dumps(frame).encode())
            socket.send_data()

    async def _http(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.split("?")[0]
        if path == "/ws/session/":
            if self.http_status is not None:
                return connection.respond(self.http_status, "refused\n")
            return None
        kind, body = self.files.get(path, ("", b""))
        for prefix, folder in self.folders.items():
            file = folder / path.removeprefix(prefix)
            if path.startswith(prefix) and file.is_file():
                kind, body = mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes()
        if not kind:
            return connection.respond(404, "not here\n")
        headers = Headers({"Content-Type": kind, "Content-Length": str(len(body)), "Connection": "close"})
        # The real server's policy, so that a page that breaks it breaks here too.
        headers["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:; base-uri 'none'"
        return Response(200, "OK", headers, body)


async def until(condition: Callable[[], object], *, within_s: float = 5.0) -> None:
    """Wait until something is so; fails with a time-out where it never is."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)
