"""Two sockets of one session in this process, hints dropped at random: each ends with exactly the visible log."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from typing import Any

import pytest
from asgiref import testing
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from sessions_app import access, frames, hints, opening, protocol, registry, server
from sessions_app.consumers import SessionConsumer
from sessions_app.group_commit import group_commit
from sessions_app.stream_grammar import Frame, SocketGrammar, Stream
from sessions_app.view import View
from tools_app import calls

#: asgiref's own has no types.
ApplicationCommunicator: Any = testing.ApplicationCommunicator
LONGER = "TUTOR_MODEL_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("TUTOR_MODEL_EXAMPLES", "8"))
#: Seconds; generous, for the machine may be busy.
PATIENCE_S = 20.0
ECHO_STATES = {"idle", "awaiting_tool_result"}
SOCKETS = 2


class Client:
    """One learner's window: a socket now and then, the stream all the time."""

    def __init__(self, token: str, session: uuid.UUID) -> None:
        self._token, self._session = token, session
        self.stream = Stream(machine_states=ECHO_STATES)
        self.log_id: str | None = None
        self.socket: Any = None

    async def open(self) -> None:
        """Connect and resume from the cursor."""
        headers = [(b"authorization", f"Bearer {self._token}".encode())]
        scope = {"type": "websocket", "path": "/ws/session/", "headers": headers, "query_string": b""}
        self.socket = ApplicationCommunicator(
            SessionConsumer.as_asgi(), {**scope, "subprotocols": [frames.SUBPROTOCOL]}
        )
        await self.socket.send_input({"type": "websocket.connect"})
        assert (await self.socket.receive_output(PATIENCE_S))["type"] == "websocket.accept"
        self.grammar = SocketGrammar(self.stream)
        resume = {"log_id": self.log_id, "seq": self.stream.last_seq} if self.log_id else None
        welcome = await self.command("hello", {"session": str(self._session), "resume": resume})
        assert welcome["t"] == "welcome", welcome
        self.log_id = welcome["d"]["log_id"]

    async def close(self) -> None:
        """Go away, whatever is still on its way."""
        assert self.socket is not None
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(PATIENCE_S)
        self.socket = None

    async def command(self, t: str, d: dict[str, Any], id: str | None = None) -> Frame:
        """Send a command and read until its reply; everything on the way is checked."""
        assert self.socket is not None
        id = id or uuid.uuid4().hex
        self.grammar.sent(id)
        await self.socket.send_input({"type": "websocket.receive", "text": json.dumps({"t": t, "id": id, "d": d})})
        while True:
            frame = self.grammar.received(json.loads((await self.socket.receive_output(PATIENCE_S))["text"]))
            if frame["t"] in {"ok", "err", "welcome", "pong"} and frame["cause"] == id:
                return frame


class Sockets(RuleBasedStateMachine):
    """Commands through either socket, results from workers, lost hints, lost lines."""

    user: Any
    lossy: dict[str, bool]

    @initialize()
    def start(self) -> None:
        session, _ = registry.start_or_find(self.user.pk, f"course {uuid.uuid4()}", "echo", {})
        self.view = View(session, self.user.pk, "ada", "learner")
        self.loop = asyncio.Runner()
        token = access.issue_token(self.user)
        self.clients = [Client(token, session) for _ in range(SOCKETS)]
        self.sent: list[tuple[str, str]] = []

    @rule(lossy=st.booleans())
    def hints_are_lost_or_not(self, lossy: bool) -> None:
        self.lossy["hints"] = lossy

    @rule(which=st.integers(0, SOCKETS - 1))
    def a_line_is_cut_or_comes_back(self, which: int) -> None:
        client = self.clients[which]
        self.loop.run(client.close() if client.socket is not None else client.open())

    @rule(which=st.integers(0, SOCKETS - 1), policy=st.sampled_from(["reject", "queue", "interrupt"]))
    def a_learner_writes(self, which: int, policy: str) -> None:
        client = self.clients[which]
        if client.socket is None:
            self.loop.run(client.open())
        id, text = uuid.uuid4().hex, f"message {len(self.sent)}"
        reply = self.loop.run(client.command("message.send", {"text": text, "on_busy": policy}, id))
        assert reply["t"] == "ok" or reply["d"]["code"] == "queue_full", reply
        if reply["t"] == "ok":
            self.sent.append((id, text))

    @rule(which=st.integers(0, SOCKETS - 1))
    def a_learner_cancels(self, which: int) -> None:
        client = self.clients[which]
        if client.socket is not None:
            assert self.loop.run(client.command("turn.cancel", {}))["t"] == "ok"

    @rule()
    def a_worker_reports(self) -> None:
        for call in calls.claim("worker", ["tools"], 10):
            server.deliver(calls.succeeded(call, {"text": call.args["text"]}, fallback=False, facts=[]))

    @precondition(lambda self: any(client.socket for client in self.clients))
    @rule(which=st.integers(0, SOCKETS - 1))
    def a_socket_pings(self, which: int) -> None:
        """What a ping's answer counts, the socket has been sent."""
        client = self.clients[which]
        if client.socket is not None:
            pong = self.loop.run(client.command("ping", {}))
            assert pong["d"]["head"] == client.stream.last_seq
            assert client.stream.events == self._visible_log()

    def _visible_log(self) -> list[Frame]:
        lines, _head = opening.catch_up(self.view, 0)
        return [protocol.event(str(self.view.session), line) for line in lines]

    def teardown(self) -> None:
        if not hasattr(self, "clients"):
            return
        try:
            for client in self.clients:
                if client.socket is None:
                    self.loop.run(client.open())
                self.loop.run(client.command("ping", {}))
                assert client.stream.events == self._visible_log()
                self.loop.run(client.close())
        finally:
            self.loop.close()
            group_commit.stop()


@pytest.mark.timeout(3_600)
def test_sockets_end_with_the_visible_log(learner: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lossy, after_commit = {"hints": False}, hints.after_commit
    monkeypatch.setattr(hints, "after_commit", lambda played: None if lossy["hints"] else after_commit(played))
    Sockets.user, Sockets.lossy = learner, lossy
    run_state_machine_as_test(
        Sockets,
        settings=hypothesis(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            derandomize=not LONGER,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
