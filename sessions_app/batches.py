"""What waits to be delivered, as batches: at most one event of each session, in order within a session.

A batch is whatever waits when somebody is free to deliver: at low load one event, and nobody waits for company; under
load it grows by itself while the disk syncs.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from sessions_app import conf
from sessions_app.delivery import Delivery

W = TypeVar("W")


class Batches(Generic[W]):
    """Deliveries, each with whoever waits for it. Not locked: for one event loop, or under its owner's lock."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Delivery, W]] = deque()
        #: Sessions that somebody delivers to: their next event waits, so that order is kept.
        self._busy: set[uuid.UUID] = set()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, delivery: Delivery, waiter: W) -> None:
        self._waiting.append((delivery, waiter))

    def take(self) -> list[tuple[Delivery, W]]:
        """The next batch; empty where nothing can be delivered now. Give it back with ``done``."""
        batch: list[tuple[Delivery, W]] = []
        left: deque[tuple[Delivery, W]] = deque()
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
        self._busy.update(delivery.session for delivery, _ in batch)
        return batch

    def done(self, batch: Sequence[tuple[Delivery, W]]) -> None:
        """Its sessions are free again."""
        self._busy.difference_update(delivery.session for delivery, _ in batch)
