"""Redis and Postgres fail in every way a network knows: no learner's request fails for it, every call runs, once, and
workers hear hints again afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from sessions_app.stream_grammar import Stream
from tests.acceptance.fleet import Fleet, fleet
from tests.acceptance.live_system import wait_until
from tests.acceptance.protocol_client import ProtocolClient, new_guest
from tests.line import Line

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

ECHO_STATES = {"idle", "awaiting_tool_result"}
#: Calls run within this time of recovery; generous beside the second that a sweep takes, for the machine may be busy.
SECONDS = 12.0
Fault = Callable[["Lines"], None]


class Lines:
    """A fleet whose every process has a line of its own to Redis, the worker one to Postgres as well."""

    def __init__(self, of: Fleet) -> None:
        self.fleet = of
        self.web_redis, web = of.line_to_redis()
        self.worker_redis, worker = of.line_to_redis()
        self.worker_postgres, postgres = of.line_to_postgres()
        of.timers()
        self.worker = of.worker({**worker, **postgres})
        of.web(web)

    @property
    def all(self) -> list[Line]:
        return [self.web_redis, self.worker_redis, self.worker_postgres]


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    with fleet() as started:
        yield Lines(started)


def connections_killed(lines: Lines) -> None:
    with lines.fleet.redis() as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


def flushed(lines: Lines) -> None:
    with lines.fleet.redis() as client:
        client.flushall()


def redis_restarted(lines: Lines) -> None:
    port = lines.fleet.valkey.port
    lines.fleet.valkey.stop()
    time.sleep(1.5)
    lines.fleet.valkey.start(port)


def redis_lines_cut(lines: Lines) -> None:
    lines.web_redis.cut()
    lines.worker_redis.cut()


def redis_lines_frozen_and_cut(lines: Lines) -> None:
    lines.web_redis.freeze()
    lines.worker_redis.freeze()
    time.sleep(4)
    redis_lines_cut(lines)


def postgres_restarted(lines: Lines) -> None:
    port = lines.fleet.postgres.port
    lines.fleet.postgres.stop()
    time.sleep(1.5)
    lines.fleet.postgres.start(port)


def postgres_line_cut(lines: Lines) -> None:
    lines.worker_postgres.cut()


FAULTS: list[Fault] = [
    connections_killed,
    flushed,
    redis_restarted,
    redis_lines_cut,
    redis_lines_frozen_and_cut,
    postgres_restarted,
    postgres_line_cut,
]


async def turn(lines: Lines, token: str, text: str, limit_s: float) -> ProtocolClient:
    """A turn on a socket of its own, within a time."""
    async with ProtocolClient(lines.fleet.ws_url, token, Stream(whole=False, machine_states=ECHO_STATES)) as client:
        await client.hello(course="", machine="echo")
        began = time.monotonic()
        await client.say(text)
        assert time.monotonic() - began < limit_s, lines.worker.tail()
        assert client.stream.of("output.committed")[-1]["d"]["text"] == text
    return client


def endings_twice(lines: Lines) -> list[tuple[object, ...]]:
    """Calls with more than one ending in the log: there must be none."""
    return lines.fleet.rows(
        "SELECT session_id, payload::json->>'call', count(*) FROM sessions_app_interaction"
        " WHERE kind IN ('tool.finished', 'tool.failed', 'tool.timed_out', 'tool.cancelled', 'tool.in_doubt')"
        " GROUP BY 1, 2 HAVING count(*) > 1"
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_call_that_runs_and_one_that_comes_later_end_once_and_hints_are_heard_again(
    lines: Lines, fault: Fault
) -> None:
    running, token = new_guest(lines.fleet.url), new_guest(lines.fleet.url)
    async with ProtocolClient(lines.fleet.ws_url, running, Stream(machine_states=ECHO_STATES)) as client:
        await client.hello(course="", machine="echo")
        await client.command("message.send", {"text": "wait 3"})

    fault(lines)

    def ended() -> bool:
        return lines.fleet.rows("SELECT 1 FROM tools_app_toolcall WHERE status <> 'ended'") == []

    wait_until(ended, SECONDS, lines.worker.tail)
    await turn(lines, token, "after it", SECONDS)
    assert endings_twice(lines) == []
    assert lines.worker.process.poll() is None, lines.worker.tail()
    # It would work by its own looking, too, but a second late: is it deaf?
    lines.fleet.hint("tools")
    wait_until(lambda: lines.fleet.hints_waiting() == 0, 40, lines.worker.tail)
    await turn(lines, token, "and on", SECONDS)


@pytest.mark.parametrize("how", ["down", "frozen"])
async def test_without_redis_a_learners_message_is_accepted_at_once_and_answered_within_seconds(
    lines: Lines, how: str
) -> None:
    token = new_guest(lines.fleet.url)
    async with ProtocolClient(lines.fleet.ws_url, token, Stream(machine_states=ECHO_STATES)) as client:
        await client.hello(course="", machine="echo")
        port = lines.fleet.valkey.port
        if how == "down":
            lines.fleet.valkey.stop()
        else:
            lines.web_redis.freeze()
            lines.worker_redis.freeze()
        try:
            for number in range(2):
                began = time.monotonic()
                reply = await client.command("message.send", {"text": f"message {number}"})
                assert reply["t"] == "ok"
                assert time.monotonic() - began < 1.0
                await client.turn_finished(reply["d"]["turn"])
                assert time.monotonic() - began < SECONDS
        finally:
            if how == "down":
                lines.fleet.valkey.start(port)
            redis_lines_cut(lines)
    assert endings_twice(lines) == []
    lines.fleet.hint("tools")
    wait_until(lambda: lines.fleet.hints_waiting() == 0, 40, lines.worker.tail)
