"""Child processes for tools that compute: they stall no stream, and they can be killed.

Each child is asked by one thread of this process, which waits for its answer or its death, whichever comes first: a
child that dies is noticed at once, and only the call it ran is affected. A call that is cancelled (its deadline, a
learner's cancel, a drain) has its child killed. Children are forked from a server process that has Django loaded
already, so that a new one takes milliseconds and shares its memory; the server starts with the first of them.
"""

from __future__ import annotations

import asyncio
import math
import multiprocessing
import multiprocessing.connection
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import msgspec

from tools_app import child, conf
from tools_app.exceptions import ChildDied
from tools_app.registry import Tool

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["tools_app.child_boot"])
_encode = msgspec.msgpack.Encoder().encode


class _Child:
    """One process and the pipe to it. Used by one thread; ``kill`` by any."""

    def __init__(self) -> None:
        self._pipe: Connection[Any, Any]
        self._pipe, other = _forkserver.Pipe()
        self._process: BaseProcess = _forkserver.Process(
            target=child.serve, args=(other, conf.CHILD_MEMORY_MB), name="tool", daemon=True
        )
        self._process.start()
        other.close()
        self.calls = 0

    def ask(self, job: child.Job) -> child.Answer:
        """Raises ``ChildDied`` as soon as the process is gone."""
        self.calls += 1
        try:
            self._pipe.send_bytes(_encode(job))
            multiprocessing.connection.wait([self._pipe, self._process.sentinel])
            return msgspec.msgpack.decode(self._pipe.recv_bytes(), type=child.Answer)
        except (EOFError, OSError):
            self._process.join(1)
            raise ChildDied(f"the process that ran {job.tool} {_how(self._process.exitcode)}") from None

    def kill(self) -> None:
        """Harmless where it has ended."""
        self._process.kill()

    def end(self) -> None:
        """Kill it and give back what it took."""
        self.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()


def _how(status: int | None) -> str:
    if status is None or status >= 0:
        return f"ended with status {status}"
    return f"was killed by {signal.Signals(-status).name}"


class _Asked:
    """A call on its way through a thread, which its waiter may give up."""

    def __init__(self, job: child.Job) -> None:
        self.job = job
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._given_up = False

    def begin(self, child_: _Child) -> bool:
        """False where nobody waits any more."""
        with self._lock:
            self._child = None if self._given_up else child_
            return not self._given_up

    def end(self) -> bool:
        """From here on the child belongs to another call; False where it was killed instead."""
        with self._lock:
            self._child = None
            return not self._given_up

    def give_up(self) -> None:
        """Nobody waits any more: kill the child, if it has begun."""
        with self._lock:
            self._given_up = True
            if self._child is not None:
                self._child.kill()


class Children:
    """A fixed number of child processes, each started by the first call that needs it."""

    def __init__(self, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="child")
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: set[_Child] = set()

    async def begin(self) -> None:
        """Have a child that waits for a job: of several, the one that is free."""
        await asyncio.get_running_loop().run_in_executor(self._threads, self._child)

    async def run(self, tool: Tool, scope: dict[str, Any], args: dict[str, Any], repair: str = "") -> Any:
        """What the tool returns, as plain JSON.

        Raises what the tool raised where that is a ``ToolError``, ``ToolCrashed`` for any other exception, and
        ``ChildDied``. The arguments are checked in the child. Cancelling kills the child.
        """
        job = child.Job(
            module=tool.function.__module__, tool=tool.name, offline=tool.offline, scope=scope, args=args,
            repair=repair,
            cpu_s=math.ceil(tool.timeout_s) + 1,
        )  # fmt: skip
        asked = _Asked(job)
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, asked)
        except asyncio.CancelledError:
            asked.give_up()
            raise
        return child.result_of(answer)

    def close(self) -> None:
        """Kill all of them."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            for one in self._all:
                one.kill()
        self._threads.shutdown()
        for one in self._all:
            one.end()
        self._all.clear()

    def _ask(self, asked: _Asked) -> child.Answer:
        mine = self._child()
        if not asked.begin(mine):
            return child.Answer()
        alive = False
        try:
            answer = mine.ask(asked.job)
            alive = asked.end()
        finally:
            if not alive:
                self._drop(mine)
        return answer

    def _child(self) -> _Child:
        """This thread's."""
        mine: _Child | None = getattr(self._mine, "child", None)
        if mine is not None and mine.calls >= conf.CHILD_CALLS:
            self._drop(mine)
            mine = None
        if mine is None:
            mine = self._mine.child = _Child()
            with self._lock:
                self._all.add(mine)
        return mine

    def _drop(self, dead: _Child) -> None:
        with self._lock:
            self._all.discard(dead)
        self._mine.child = None
        dead.end()
