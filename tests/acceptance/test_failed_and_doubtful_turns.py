"""``turn.retry`` and ``tool.resolve`` over a real socket, with a worker that dies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.live_system import LiveSystem
from tests.acceptance.protocol_client import ProtocolClient, new_guest, whole_stream
from tests.temporary_data import temporary_data_folder

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]

STATES = frozenset({"idle", "awaiting_tool_result"})


@pytest.fixture(scope="module")
def system() -> Iterator[LiveSystem]:
    with temporary_data_folder() as data:
        system = LiveSystem(data, {"TUTOR_BENCH": "1", "DJANGO_SETTINGS_MODULE": "tests.delicate.settings"})
        try:
            system.start()
            yield system
        finally:
            system.end()


@asynccontextmanager
async def learner(system: LiveSystem) -> AsyncIterator[ProtocolClient]:
    """A socket on a session of its own; afterwards the whole is as it was told."""
    token = new_guest(system.url)
    async with ProtocolClient(system.ws_url, token, Stream(machine_states=STATES)) as client:
        await client.hello(course="", machine="echo")
        yield client
        client.stream.demand_quiet()
        assert await whole_stream(system.ws_url, token, client.session, STATES) == client.stream.events


async def test_a_failed_turn_is_tried_again_with_the_same_words(system: LiveSystem, tmp_path: Path) -> None:
    file = tmp_path / "here"
    async with learner(system) as client:
        failed = await client.say(f"file {file}")
        assert failed[-1]["d"]["outcome"] == "failed"
        file.touch()

        reply = await client.command("turn.retry", {"turn": failed[-1]["turn"]}, id="once more")
        again = await client.turn_finished(reply["d"]["turn"])

        assert reply["d"]["disposition"] == "started"
        assert (again[0]["t"], again[0]["d"]["attempt"]) == ("turn.started", 2)
        assert again[-1]["d"]["outcome"] == "completed"
        assert [event["d"]["text"] for event in again if event["t"] == "output.committed"] == ["there is a file"]
        assert len(client.stream.of("message.accepted")) == 1, "the learner said it once"
        assert (await client.command("turn.retry", {"turn": failed[-1]["turn"]}, id="once more"))["d"]["duplicate"]
        refused = await client.command("turn.retry")
        assert refused["d"]["code"] == "invalid_transition", "it did not fail this time"


@pytest.mark.parametrize("decision", ["retry", "skip"])
async def test_a_call_in_doubt_waits_for_a_decision_and_ends_once(system: LiveSystem, decision: str) -> None:
    async with learner(system) as client:
        reply = await client.command("message.send", {"text": "once 1.5"})
        turn = reply["d"]["turn"]
        await client.event(lambda event: event["t"] == "tool.requested" and event["turn"] == turn)
        await _running(client)
        system.kill("worker")
        doubt = await client.event(lambda event: event["t"] == "tool.in_doubt", limit_s=60)
        call = doubt["d"]["call"]
        assert (await client.command("session.inspect"))["d"]["calls"][call]["status"] == "parked"

        resolved = await client.command("tool.resolve", {"call": call, "decision": decision}, id="decided")
        assert resolved["t"] == "ok", resolved
        ended = await client.turn_finished(turn)

        endings = [event for event in ended if event["t"] in {"tool.finished", "tool.failed"}]
        assert [event["t"] for event in endings] == [{"retry": "tool.finished", "skip": "tool.failed"}[decision]]
        assert ended[-1]["d"]["outcome"] == {"retry": "completed", "skip": "failed"}[decision]
        late = await client.command("tool.resolve", {"call": call, "decision": "skip"})
        assert late["d"]["code"] == "invalid_transition"
        assert (await client.command("tool.resolve", {"call": "c99", "decision": "skip"}))["d"]["code"] == "not_found"
    system.wait_ready()


async def _running(client: ProtocolClient) -> None:
    """Wait until a worker has begun the call."""
    while True:
        seen = (await client.command("session.inspect"))["d"]["calls"]
        if any(call.get("status") == "running" for call in seen.values()):
            return
