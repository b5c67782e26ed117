"""Draining: no new calls, those in flight get their time, the rest goes back uncharged, exit 0. So workers can be
restarted one after the other under load, and nothing is lost or repeated."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.fleet import Fleet, Running, fleet
from tests.acceptance.live_system import wait_until
from tests.acceptance.protocol_client import ProtocolClient, new_guest

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

ECHO_STATES = {"idle", "awaiting_tool_result"}
LEARNERS = 12


@pytest.fixture(scope="module")
def running_fleet() -> Iterator[Fleet]:
    with fleet() as started:
        started.timers()
        started.web()
        yield started


async def learn(of: Fleet, token: str, stop: asyncio.Event) -> list[str]:
    """Turn after turn, some with slow calls. Returns what was said and answered."""
    said: list[str] = []
    stream = Stream(machine_states=ECHO_STATES)
    async with ProtocolClient(of.ws_url, token, stream) as client:
        await client.hello(course="", machine="echo")
        while not stop.is_set():
            text = "wait 1" if len(said) % 3 == 0 else f"message {len(said)}"
            await client.say(text)
            said.append(text)
        # Exactly one answer to each message, in order.
        assert [event["d"]["text"] for event in stream.of("output.committed")][-len(said) :] == said
        assert [event["d"]["attempts"] for event in stream.of("tool.finished")] == [1] * len(said)
    return said


def restart(of: Fleet, old: Running) -> Running:
    """Another one first, then the old one drains."""
    new = of.worker()
    began = time.monotonic()
    assert old.stop() == 0, old.tail()
    assert time.monotonic() - began < 30
    return new


async def test_workers_restarted_one_after_the_other_under_load_lose_and_repeat_nothing(running_fleet: Fleet) -> None:
    workers = [running_fleet.worker(), running_fleet.worker()]
    stop = asyncio.Event()
    tokens = [new_guest(running_fleet.url) for _ in range(LEARNERS)]
    learning = [asyncio.create_task(learn(running_fleet, token, stop)) for token in tokens]
    try:
        for at in range(len(workers)):
            workers[at] = await asyncio.to_thread(restart, running_fleet, workers[at])
    finally:
        stop.set()
        done = await asyncio.gather(*learning, return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one

    assert sum(len(said) for said in done if isinstance(said, list)) > LEARNERS
    assert running_fleet.manage("verify_sessions").returncode == 0
    for worker in workers:
        assert worker.stop() == 0


def test_an_operator_drains_one_worker_and_then_all(running_fleet: Fleet) -> None:
    first, second = running_fleet.worker(), running_fleet.worker()
    owner = running_fleet.owner(first)

    done = running_fleet.manage("drain", owner[-8:])

    assert done.returncode == 0, done.stderr
    assert f"{owner} has stopped" in done.stdout
    assert first.process.wait(5) == 0
    assert second.process.poll() is None
    listed = running_fleet.manage("drain").stdout
    assert running_fleet.owner(second) in listed
    assert owner not in listed

    assert running_fleet.manage("drain", "--all").returncode == 0
    assert second.process.wait(5) == 0
    assert "No worker is alive." in running_fleet.manage("drain").stdout
    assert running_fleet.manage("drain", "--all").returncode == 1


async def test_what_does_not_end_in_its_time_is_handed_back_uncharged(running_fleet: Fleet) -> None:
    worker = running_fleet.worker()
    client = ProtocolClient(running_fleet.ws_url, new_guest(running_fleet.url), Stream(machine_states=ECHO_STATES))
    async with client:
        await client.hello(course="", machine="echo")
        await client.command("message.send", {"text": "wait 20"})
    sql = "SELECT status, attempt, handed_back FROM tools_app_toolcall WHERE session_id = %s"
    wait_until(lambda: running_fleet.rows(sql, client.session) == [("running", 1, 0)], 10, worker.tail)

    assert worker.stop() == 0

    assert running_fleet.rows(sql, client.session) == [("queued", 1, 1)]
    with contextlib.closing(running_fleet.redis()) as broker:
        assert broker.llen("tools")  # whoever comes next is told
