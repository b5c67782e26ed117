"""A worker is killed, stopped, or cut off from the database: its calls go on elsewhere, in time, and what it says later
changes nothing."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable, Iterator

import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.fleet import Fleet, Running, fleet
from tests.acceptance.live_system import wait_until
from tests.acceptance.protocol_client import ProtocolClient, new_guest
from tests.line import Line

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(180)]

ECHO_STATES = {"idle", "awaiting_tool_result"}
#: The promises, in seconds: from the end of the process, and from the moment at which it froze or lost its line.
KILLED_S, SILENT_S = 5.0, 15.0
LASTS_S = 4


@pytest.fixture(scope="module")
def running_fleet() -> Iterator[Fleet]:
    with fleet() as started:
        started.timers()
        started.web()
        yield started


async def one_call(of: Fleet) -> ProtocolClient:
    """A learner whose one call lasts some seconds."""
    client = ProtocolClient(of.ws_url, new_guest(of.url), Stream(machine_states=ECHO_STATES))
    async with client:
        await client.hello(course="", machine="echo")
        await client.command("message.send", {"text": f"wait {LASTS_S}"})
    return client


def attempt(of: Fleet, client: ProtocolClient) -> tuple[int, str | None, str]:
    """Number, owner and status of the call."""
    return of.rows("SELECT attempt, owner, status FROM tools_app_toolcall WHERE session_id = %s", client.session)[0]


def kinds(of: Fleet, client: ProtocolClient) -> list[str]:
    found = of.rows("SELECT kind FROM sessions_app_interaction WHERE session_id = %s ORDER BY seq", client.session)
    return [str(kind) for (kind,) in found]


def held_by(of: Fleet, client: ProtocolClient, worker: Running) -> bool:
    return attempt(of, client)[1:] == (of.owner(worker), "running")


def holder(of: Fleet, client: ProtocolClient, workers: Iterable[Running]) -> Running | None:
    """Which of the workers runs the call."""
    return next((worker for worker in workers if held_by(of, client, worker)), None)


def ended_once(of: Fleet, client: ProtocolClient) -> None:
    wait_until(lambda: attempt(of, client)[2] == "ended", 30, lambda: "the call did not end")
    assert [kind for kind in kinds(of, client) if kind.startswith("tool.f")] == ["tool.finished"]
    assert of.manage("verify_sessions").returncode == 0


async def test_a_killed_worker_is_noticed_within_five_seconds(running_fleet: Fleet) -> None:
    worker = running_fleet.worker()
    client = await one_call(running_fleet)
    wait_until(lambda: held_by(running_fleet, client, worker), 10, worker.tail)

    worker.send(signal.SIGKILL)
    began = time.monotonic()

    wait_until(lambda: attempt(running_fleet, client)[2] == "queued", 20, worker.tail)
    assert time.monotonic() - began < KILLED_S
    other = running_fleet.worker()
    ended_once(running_fleet, client)
    assert other.stop() == 0


@pytest.mark.parametrize("how", ["stopped", "cut off from the database"])
async def test_a_silent_worker_loses_its_calls_and_stops_their_tools_when_it_can_speak_again(
    running_fleet: Fleet, how: str
) -> None:
    lines: dict[Running, Line] = {}
    for _ in range(2):
        line, environment = running_fleet.line_to_postgres()
        lines[running_fleet.worker(environment)] = line
    client = await one_call(running_fleet)
    wait_until(lambda: holder(running_fleet, client, lines) is not None, 10, lambda: "nobody runs the call")
    worker = holder(running_fleet, client, lines)
    assert worker is not None
    (other,) = lines.keys() - {worker}

    # The tool has not ended yet when its worker falls silent for longer than its lease; it would when it wakes.
    lines[worker].freeze() if how != "stopped" else worker.send(signal.SIGSTOP)
    began = time.monotonic()
    wait_until(lambda: held_by(running_fleet, client, other), 30, worker.tail)
    assert time.monotonic() - began < SILENT_S
    lines[worker].thaw() if how != "stopped" else worker.send(signal.SIGCONT)

    ended_once(running_fleet, client)
    said = ("action=call.not_ours", "action=runner.stuck")
    discarded = "tool.result_discarded" in kinds(running_fleet, client)
    assert discarded or any(words in worker.output() for words in said), worker.tail()
    for one in (worker, other):
        assert one.stop() == 0, one.tail()
