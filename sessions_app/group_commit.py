"""Group commit over sessions: events that wait at the same moment share a transaction.

A few threads of each process deliver. A free thread takes whatever waits (``batches``) and delivers it at once. What an
event loop that has joined delivers it commits itself, where it can (``loop_commit``); the threads take what it cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import defaultdict
from concurrent.futures import Future

from django.db import connection

from sessions_app import conf, server
from sessions_app.batches import Batches
from sessions_app.delivery import Delivered, Delivery
from sessions_app.loop_commit import LoopCommit

logger = logging.getLogger(__name__)

#: Whoever handed an event over waits on a thread, or on an event loop.
_Future = Future[Delivered] | asyncio.Future[Delivered]


class GroupCommit:
    """The delivering threads of one process, started by the first delivery, and its loops."""

    def __init__(self, threads: int = conf.COMMIT_THREADS) -> None:
        self._size = threads
        self._ready = threading.Condition()
        self._batches: Batches[_Future] = Batches()
        self._threads: list[threading.Thread] = []
        self._stopping = False
        self._loops: dict[asyncio.AbstractEventLoop, LoopCommit] = {}

    def submit(self, delivery: Delivery) -> Future[Delivered]:
        """Hand over an event. The future ends after its commit, with the result or the error."""
        future: Future[Delivered] = Future()
        self._hand_over(delivery, future)
        return future

    async def deliver(self, delivery: Delivery) -> Delivered:
        """The same, awaited. A cancelled waiter does not cancel the delivery."""
        here = self._loops.get(asyncio.get_running_loop())
        if here is not None and here.takes(delivery):
            answer = await here.deliver(delivery)
            if isinstance(answer, BaseException):
                raise answer
            if answer is not None:
                return answer
        future: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._hand_over(delivery, future)
        return await future

    def join(self) -> None:
        """From now on the running loop, which lives as long as its process, commits what is delivered there."""
        loop = asyncio.get_running_loop()
        if conf.COMMIT_ON_LOOPS and loop not in self._loops:
            self._loops[loop] = LoopCommit()

    def loops(self) -> int:
        """How many event loops commit."""
        return len(self._loops)

    async def leave(self) -> None:
        """Finish what the running loop commits, and give its connections back: before the loop ends."""
        here = self._loops.pop(asyncio.get_running_loop(), None)
        if here is not None:
            await here.leave()

    def _hand_over(self, delivery: Delivery, future: _Future) -> None:
        with self._ready:
            if self._stopping:
                raise RuntimeError("this process is stopping; deliver through another one")
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name=f"commit-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._batches.add(delivery, future)
            self._ready.notify()

    def stop(self) -> None:
        """Deliver what waits, then end the threads. Not on a loop that delivers."""
        loops, self._loops = self._loops, {}
        for loop, commits in loops.items():
            if loop.is_running():
                with contextlib.suppress(TimeoutError):  # it has ended meanwhile
                    asyncio.run_coroutine_threadsafe(commits.leave(), loop).result(conf.LEAVE_S)
            commits.abandon()
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads, self._stopping = [], False

    def _take(self) -> list[tuple[Delivery, _Future]]:
        """The next batch; empty at the end. Called with the lock held."""
        while True:
            batch = self._batches.take()
            if batch or (self._stopping and not self._batches):
                return batch
            self._ready.wait()

    def _work(self) -> None:
        try:
            while True:
                with self._ready:
                    batch = self._take()
                if not batch:
                    return
                self._deliver(batch)
                with self._ready:
                    self._batches.done(batch)
                    if self._batches:
                        self._ready.notify()
        finally:
            connection.close()

    def _deliver(self, batch: list[tuple[Delivery, _Future]]) -> None:
        try:
            answers = server.deliver_batch([delivery for delivery, _ in batch])
        except Exception as error:
            logger.exception("action=batch.failed size=%d", len(batch))
            answers = [error] * len(batch)
        # Each loop is woken once for all of the batch that wait there.
        on_loops: defaultdict[asyncio.AbstractEventLoop, list[tuple[_Future, server.Answer]]] = defaultdict(list)
        for (_, future), answer in zip(batch, answers, strict=True):
            if isinstance(future, asyncio.Future):
                on_loops[future.get_loop()].append((future, answer))
            else:
                _settle([(future, answer)])
        for loop, settled in on_loops.items():
            with contextlib.suppress(RuntimeError):  # it was closed: nobody waits there any more
                loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: list[tuple[_Future, server.Answer]]) -> None:
    for future, answer in settled:
        if future.done():
            continue  # whoever waited was cancelled
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


#: This process's.
group_commit = GroupCommit()
