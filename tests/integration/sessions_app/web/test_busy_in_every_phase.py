"""Every busy policy meets a session in every phase: three sockets see the same, and what waits ends exactly once."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app import registry as sessions_registry
from sessions_app import server, system
from sessions_app.models import Session
from sessions_app.output import buffer
from sessions_app.output.buffer import Piece
from sessions_app.pool import in_database
from tests.acceptance.protocol_client import ProtocolClient
from tests.busy_model import explained
from tests.integration.sessions_app.web.conftest import PATIENCE_S, Person, Web, view
from tools_app import calls, monitor, registry
from tools_app.models import ToolCall
from tools_app.retry import Decision
from tutor.strategies import Strategy

POLICIES = ("reject", "queue", "interrupt", "merge", "rollback")
#: What a policy means while a turn runs. (A merge waits by itself where nothing waits.)
BUSY = {"reject": "busy", "queue": "queued", "interrupt": "started", "merge": "queued", "rollback": "started"}
SOCKETS = 3


def claim() -> list[Any]:
    return calls.claim("a worker", ["tools"], 10)


def work(begun: Sequence[Any] = ()) -> None:
    """A worker ends what it has begun, and runs what is due, and what follows from it."""
    found = [*begun, *claim()]
    while found:
        for call in found:
            server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))
        found = claim()


def queued(_session: uuid.UUID) -> list[Any]:
    """Nobody has taken the call."""
    return []


def running(_session: uuid.UUID) -> list[Any]:
    return claim()


def streaming(session: uuid.UUID) -> list[Any]:
    (call,) = claim()

    async def write() -> None:
        await buffer.append([Piece(session, f"{call.turn}", 1, 0, "The first half of ")])
        await buffer.close_client()

    asyncio.run(write())
    return [call]


def between_attempts(_session: uuid.UUID) -> list[Any]:
    (call,) = claim()
    server.deliver(calls.again(call, Decision(Strategy.RETRY, "connection", 0.0), "no line", facts=[]))
    return []


def parked(_session: uuid.UUID) -> list[Any]:
    calls.claim("a worker that never beats", ["tools"], 1)
    monitor.sweep()
    assert ToolCall.objects.get().status == "parked"
    return []


def suspended(session: uuid.UUID) -> list[Any]:
    system.suspend(session)
    return []


#: Brings a session with a running turn into a phase; returns the calls that a worker has begun.
PHASES: dict[str, Callable[[uuid.UUID], list[Any]] | None] = {
    "idle": None,
    "queued": queued,
    "running": running,
    "streaming": streaming,
    "between attempts": between_attempts,
    "parked": parked,
    "suspended": suspended,
}


async def three(stack: AsyncExitStack, web: Web, who: Person, session: str) -> list[ProtocolClient]:
    """Three sockets of one session."""
    clients = [await stack.enter_async_context(view(web, who)) for _ in range(SOCKETS)]
    for client in clients:
        await client.hello(session=session)
    return clients


async def agree(clients: list[ProtocolClient]) -> None:
    """All sockets have been told the same, and nothing is open."""
    for client in clients:
        assert (await client.command("ping"))["t"] == "pong"
        client.stream.demand_quiet()
    first = clients[0].stream
    assert all(client.stream.events == first.events for client in clients)
    assert not first.waiting
    assert set(first.waited) == {event["cause"] for event in first.of("message.queued")}, "what waited has ended, once"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("phase", PHASES)
async def test_a_policy_in_a_phase(
    web: Web, ada: Person, phase: str, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if phase == "parked":
        monkeypatch.setitem(registry._online, "echo", replace(registry.find("echo")[0], repeatable=False))
    session, bring = uuid.UUID(ada.session), PHASES[phase]
    async with AsyncExitStack() as stack:
        one, two, other = clients = await three(stack, web, ada, ada.session)
        turn, begun = None, []
        if bring is not None:
            turn = (await one.command("message.send", {"text": "hello"}))["d"]["turn"]
            begun = await in_database(bring, session)

        reply = (await two.command("message.send", {"text": "meanwhile", "on_busy": policy}, id="meanwhile"))["d"]

        wanted = "started" if bring is None else "queued" if phase == "suspended" else BUSY[policy]
        assert reply["disposition"] == wanted
        if phase == "suspended":
            await in_database(system.resume, session)
        if phase == "parked" and policy not in {"interrupt", "rollback"}:
            decided = await other.command("tool.resolve", {"call": "c1", "decision": "skip"})
            assert decided["t"] == "ok", decided
        await in_database(work, begun)
        await agree(clients)

        outcomes = {event["turn"]: event["d"]["outcome"] for event in one.stream.of("turn.finished")}
        cut = {"interrupt": "interrupted", "rollback": "rolled_back"}.get(policy)
        if turn is not None:
            assert outcomes[turn] == cut or (cut is None and outcomes[turn] in {"completed", "failed"})
        own = [outcomes[event["turn"]] for event in one.stream.of("turn.started") if event["cause"] == "meanwhile"]
        assert own == ([] if wanted == "busy" else ["completed"])


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(
    scripts=st.lists(
        st.lists(st.sampled_from([*POLICIES, "cancel", "remove", "work", "wait"]), min_size=1, max_size=6),
        min_size=SOCKETS,
        max_size=SOCKETS,
    )
)
def test_three_sockets_however_they_interleave(web: Web, ada: Person, scripts: list[list[str]]) -> None:
    session, _ = sessions_registry.start_or_find(ada.user.pk, f"echo-{uuid.uuid4()}", "echo", {})
    policies: dict[str, str] = {}
    answers: dict[str, str] = {}

    async def act(client: ProtocolClient, number: int, script: list[str]) -> None:
        mine: list[str] = []
        for step, what in enumerate(script):
            command = f"{number}-{step}"
            policies[command] = what
            match what:
                case "work":
                    await in_database(work_once)
                    continue
                case "wait":
                    await asyncio.sleep(0.01)
                    continue
                case "remove" if mine:
                    reply = await client.command("queue.remove", {"command": mine[-1]}, id=command)
                case "remove":
                    continue
                case "cancel":
                    reply = await client.command("turn.cancel", id=command)
                case _:
                    mine.append(command)
                    reply = await client.command("message.send", {"text": command, "on_busy": what}, id=command)
            d = reply["d"]
            answers[command] = d["code"] if reply["t"] == "err" else d.get("result") or d["disposition"]

    async def play() -> None:
        async with AsyncExitStack() as stack, asyncio.timeout(3 * PATIENCE_S):
            clients = await three(stack, web, ada, str(session))
            await asyncio.gather(*(act(client, n, scripts[n]) for n, client in enumerate(clients)))
            await in_database(work)
            await agree(clients)

    asyncio.run(play())
    model = explained(session, policies, answers)
    assert not Session.objects.get(pk=session).kernel.get("calls")
    assert not model.queue
    assert {command for command, answer in answers.items() if answer == "queued"} == model.ends.keys()


def work_once() -> None:
    for call in calls.claim("a worker", ["tools"], 1):
        server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))
