"""Tools that compute run in child processes: they stall nothing, and whatever happens to one is its call's affair."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import computing_tools
from tests.acceptance.live_system import is_running
from tools_app import registry
from tools_app.children import Children
from tools_app.exceptions import BadArguments, BadOutput, ChildDied, Overloaded, ToolCrashed

SCOPE = {
    "session": str(uuid.UUID(int=1)), "learner": 1, "course": "c", "machine_args": {}, "roles": ["learner"],
    "expires_ms": 2**45,
}  # fmt: skip


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    running = Children(2)
    yield running
    running.close()


async def run(children: Children, name: str, **args: Any) -> Any:
    return await children.run(registry.registered(name, offline=False), SCOPE, args)


async def test_a_result_comes_back_from_another_process(children: Children) -> None:
    result = await run(children, "double", number=21)

    assert result["doubled"] == 42
    assert result["process"] != os.getpid()


async def test_two_calls_compute_at_once_and_the_event_loop_goes_on(children: Children) -> None:
    both = asyncio.gather(run(children, "spin", seconds=0.4), run(children, "spin", seconds=0.4))
    longest = 0.0
    while not both.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - began)

    one, other = both.result()
    assert one["process"] != other["process"]
    assert longest < 0.3


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        ("raises", ToolCrashed, "ZeroDivisionError: a bug"),
        ("is overloaded", Overloaded, "come back later"),
        ("returns rubbish", BadOutput, "not JSON"),
        ("eats memory", MemoryError, None),
        ("is killed", ChildDied, "was killed by SIGKILL"),
        ("exits", ChildDied, "ended with status 7"),
    ],
)
async def test_every_way_to_fail_is_told_and_the_next_call_runs(
    children: Children, how: str, error: type[Exception], words: str | None
) -> None:
    with pytest.raises(error, match=words):
        await run(children, "end_badly", how=how)

    assert (await run(children, "double", number=1))["doubled"] == 2


async def test_what_a_child_raised_keeps_what_it_says(children: Children) -> None:
    with pytest.raises(Overloaded) as raised:
        await run(children, "end_badly", how="is overloaded")

    assert raised.value.retry_after_s == 2.5


async def test_arguments_are_checked_before_the_tool_runs(children: Children) -> None:
    with pytest.raises(BadArguments, match="number"):
        await run(children, "double", number="one")


async def test_a_killed_child_is_noticed_at_once_and_its_neighbour_computes_on(children: Children) -> None:
    both = {asyncio.create_task(run(children, "spin", seconds=20)) for _ in range(2)}
    until = time.monotonic() + 10
    while len(children._all) < 2:
        assert time.monotonic() < until
        await asyncio.sleep(0.02)
    pid = next(iter(children._all))._process.pid
    assert pid is not None
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)

    done, left = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED, timeout=5)

    assert time.monotonic() - began < 1
    assert [type(dead.exception()) for dead in done] == [ChildDied]
    (neighbour,) = left
    neighbour.cancel()
    await asyncio.wait({neighbour})


async def test_a_cancelled_call_has_its_child_killed(children: Children) -> None:
    task = asyncio.create_task(run(children, "spin", seconds=30))
    await asyncio.sleep(0.3)
    before = {one._process.pid for one in children._all}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    until = time.monotonic() + 5
    while all(is_running(pid) for pid in before if pid is not None):
        assert time.monotonic() < until, "the child computes on for nobody"
        await asyncio.sleep(0.02)
    assert (await run(children, "double", number=2))["doubled"] == 4


async def test_the_kernel_ends_what_uses_up_its_cpu_time(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    # No deadline of ours is near: the limit that the child set for itself must do.
    monkeypatch.setattr("tools_app.children.math.ceil", lambda _seconds: 0)

    with pytest.raises(ChildDied, match="was killed by SIGXCPU"):
        await run(children, "burn")


def test_closing_leaves_no_process(tmp_path: Path) -> None:
    mine = Children(1)
    pid = asyncio.run(run(mine, "double", number=1))["process"]

    mine.close()

    assert not is_running(pid)


def test_a_tool_that_computes_must_be_a_plain_function_and_has_a_queue_of_its_kind() -> None:
    with pytest.raises(TypeError, match="plain function"):

        @registry.tool(timeout_s=1, cpu=True)
        async def awaits(scope: Any) -> dict[str, str]:
            return {"scope": str(scope)}

    with pytest.raises(TypeError, match="queue 'tools'"):

        @registry.tool(timeout_s=1, cpu=True, queue="tools")
        def in_the_wrong_queue(scope: Any) -> dict[str, str]:
            return {"scope": str(scope)}

    assert registry.registered("double", offline=False).queue == "cpu"
    assert computing_tools.double.__name__ in registry.names()
