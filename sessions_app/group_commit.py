"""Group commit over sessions: events that wait at the same moment share a transaction.

A few threads of each process deliver. A free thread takes whatever waits, at most one event of each session (the next
one of the same session waits for the next batch, in order), and delivers it at once: at low load a batch is one event
and nobody waits for company; under load the batch grows by itself while the disk syncs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import uuid
from collections import defaultdict, deque
from concurrent.futures import Future

from django.db import connection

from sessions_app import conf, server
from sessions_app.delivery import Delivered, Delivery

logger = logging.getLogger(__name__)

#: Whoever handed an event over waits on a thread, or on an event loop.
_Future = Future[Delivered] | asyncio.Future[Delivered]
_Waiting = tuple[Delivery, _Future]


class GroupCommit:
    """The delivering threads of one process. Started by the first delivery."""

    def __init__(self, threads: int = conf.COMMIT_THREADS) -> None:
        self._size = threads
        self._ready = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        #: Sessions that a thread is working on: their next event waits, so that order is kept.
        self._busy: set[uuid.UUID] = set()
        self._threads: list[threading.Thread] = []
        self._stopping = False

    def submit(self, delivery: Delivery) -> Future[Delivered]:
        """Hand over an event. The future ends after its commit, with the result or the error."""
        future: Future[Delivered] = Future()
        self._hand_over(delivery, future)
        return future

    async def deliver(self, delivery: Delivery) -> Delivered:
        """The same, awaited. A cancelled waiter does not cancel the delivery."""
        future: asyncio.Future[Delivered] = asyncio.get_running_loop().create_future()
        self._hand_over(delivery, future)
        return await future

    def _hand_over(self, delivery: Delivery, future: _Future) -> None:
        with self._ready:
            if self._stopping:
                raise RuntimeError("this process is stopping; deliver through another one")
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, name=f"commit-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._waiting.append((delivery, future))
            self._ready.notify()

    def stop(self) -> None:
        """Deliver what waits, then end the threads."""
        with self._ready:
            self._stopping = True
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads, self._stopping = [], False

    def _take(self) -> list[_Waiting]:
        """The next batch; empty at the end. Called with the lock held."""
        while True:
            batch: list[_Waiting] = []
            left: deque[_Waiting] = deque()
            seen: set[uuid.UUID] = set()
            while self._waiting and len(batch) < conf.BATCH_SESSIONS:
                one = self._waiting.popleft()
                session = one[0].session
                if session in self._busy or session in seen:
                    left.append(one)
                else:
                    batch.append(one)
                seen.add(session)
            self._waiting.extendleft(reversed(left))
            if batch:
                self._busy.update(delivery.session for delivery, _ in batch)
                return batch
            if self._stopping and not self._waiting:
                return []
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
                    self._busy.difference_update(delivery.session for delivery, _ in batch)
                    if self._waiting:
                        self._ready.notify()
        finally:
            connection.close()

    def _deliver(self, batch: list[_Waiting]) -> None:
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
