"""What runs a worker's tools: its event loop, threads, child processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec
from django.db import connections

from tools_app import conf
from tools_app.children import Children
from tools_app.registry import Pool, Tool
from tools_app.scope import Scope

#: Calls that a worker runs at once, by pool.
SLOTS: dict[Pool, int] = {"loop": conf.LOOP_SLOTS, "threads": conf.THREAD_SLOTS, "children": conf.CHILDREN}


class Pools:
    """Of one worker process. Threads and children start when the first call needs them."""

    def __init__(self) -> None:
        #: One token for each tool that runs on a thread.
        self._on_threads: set[object] = set()
        self._threads = ThreadPoolExecutor(conf.THREADS, thread_name_prefix="tool")
        self._children = Children(conf.CHILDREN)

    async def run(
        self, tool: Tool, scope: Scope, arguments: dict[str, Any], *, plain: dict[str, Any], repair: str = ""
    ) -> Any:
        """Run a tool where it belongs. ``plain`` and ``repair``: the arguments as they came, for a child to bind again.

        Raises ``ChildDied``, or what the tool raises.
        """
        if tool.pool == "children":
            return await self._children.run(tool, msgspec.to_builtins(scope), plain, repair)
        if tool.pool == "loop":
            return await tool.function(scope, **arguments)
        run = partial(self._on_thread, tool.function, scope, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def close(self) -> bool:
        """Kill the children. False where a thread still runs a tool: nobody awaits it, but it cannot be stopped."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._children.close()
        return not self._on_threads

    def _on_thread(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        token = object()
        self._on_threads.add(token)
        try:
            return function(*arguments, **named)
        finally:
            connections.close_all()  # the pool is small: a thread keeps no connection between two calls
            self._on_threads.discard(token)
