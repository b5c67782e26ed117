"""Group commit on an event loop: what its coroutines deliver is played and committed right there, without a thread.

A hand-over between a loop and a thread costs both of them, and under load a thread waits for its turn to run Python at
each answer of the database. So a loop that delivers holds a connection of its own: while it commits one batch, the next
one gathers. The loop takes only what cannot hold it up: it waits for no lock, and reads nothing but what the
transaction's dialogue asks for. Everything else it leaves to the threads (``group_commit``), as well as all that went
wrong: they try again, with patience.
"""

from __future__ import annotations

import asyncio
import logging

from sessions_app import server
from sessions_app.batches import Batches
from sessions_app.delivery import Delivery
from sessions_app.exceptions import FenceFirst
from sessions_app.loop_connection import LoopConnection

logger = logging.getLogger(__name__)

_Waiter = asyncio.Future[server.Answer | None]


class LoopCommit:
    """Of one event loop; used on it alone, but for ``abandon``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = LoopConnection()
        self._batches: Batches[_Waiter] = Batches()
        #: Carries out one batch after the other, while there are any.
        self._working: asyncio.Task[None] | None = None
        self._left = False

    def takes(self, delivery: Delivery) -> bool:
        """Whether ``deliver`` can be asked; if there is no connection yet, it is opened meanwhile."""
        if self._left or (delivery.under_lock is not None and delivery.look_up is None):
            return False
        return self._connection.wire() is not None

    async def deliver(self, delivery: Delivery) -> server.Answer | None:
        """Deliver an event. None: the threads have to. A cancelled waiter does not cancel the delivery."""
        waiter: _Waiter = self._loop.create_future()
        self._batches.add(delivery, waiter)
        if self._working is None:
            # It begins after whatever else this turn of the loop brings: that all goes into the same batch.
            self._working = self._loop.create_task(self._work())
        return await waiter

    async def leave(self) -> None:
        """Finish what is under way, and give the connection back."""
        self._left = True
        while self._working is not None:
            await asyncio.wait([self._working])
        await self._connection.leave()

    def abandon(self) -> None:
        """Give the connection back as it is, where the loop does not run any more. Not on a loop."""
        self._left = True
        self._connection.abandon()

    async def _work(self) -> None:
        try:
            while batch := self._batches.take():
                await self._carry_out(batch)
        finally:
            self._working = None

    async def _carry_out(self, batch: list[tuple[Delivery, _Waiter]]) -> None:
        answers: list[server.Answer | None] = [None] * len(batch)
        try:
            wire = self._connection.wire()
            if wire is not None:
                deliveries = [delivery for delivery, _ in batch]
                answers = await wire.carry(server.attempt(deliveries, skip_locked=True, may_read=False))
        except Exception:
            logger.info("action=batch.split size=%d", len(batch), exc_info=True)
        finally:
            self._batches.done(batch)
            for (_delivery, waiter), answer in zip(batch, answers, strict=True):
                if not waiter.done():  # else whoever waited was cancelled
                    waiter.set_result(None if isinstance(answer, FenceFirst) else answer)
