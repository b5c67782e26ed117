"""The event loop of each process that listens to the channel layer, or talks to Redis, for nobody's sake in
particular: one thread, started by its first use.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import uvloop
from channels.layers import get_channel_layer

from sessions_app.output import buffer


class HintLoop:
    """A loop on a thread of its own."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run it there, some time soon."""
        with self._lock:
            if self._loop is None:
                self._loop = uvloop.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="hints", daemon=True)
                self._thread.start()
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Hang up, and end the thread; the next use starts another one."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(self._hang_up(loop), loop)
            thread.join()
            loop.close()

    @staticmethod
    async def _hang_up(loop: asyncio.AbstractEventLoop) -> None:
        try:
            running = asyncio.all_tasks() - {asyncio.current_task()}
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await get_channel_layer().flush()
            await buffer.close_client()
        finally:
            loop.stop()


#: This process's.
hint_loop = HintLoop()
