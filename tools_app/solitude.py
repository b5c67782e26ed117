"""Running alone: the last attempt of a call whose earlier ones were lost with their processes.

If it is the call that takes a process down, it takes no other with it this time; if it is not, it has a process that
nothing else can take down.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Solitude:
    """Many calls at once, or one alone. For one event loop."""

    def __init__(self) -> None:
        #: Somebody has left; whoever waits looks again.
        self._left = asyncio.Event()
        self._inside = 0
        #: Calls that wait to be alone or are: nobody else comes in before them.
        self._alone = 0

    @property
    def wanted(self) -> bool:
        """Whether a call waits to be alone, or is: take no new ones now."""
        return self._alone > 0

    @asynccontextmanager
    async def room(self, *, alone: bool) -> AsyncIterator[None]:
        """Be inside: beside others, or, with ``alone``, once everybody has left and with nobody else."""
        self._alone += alone
        try:
            while self._inside if alone else self._alone:
                self._left.clear()
                await self._left.wait()
            self._inside += 1
            try:
                yield
            finally:
                self._inside -= 1
        finally:
            self._alone -= alone
            self._left.set()


_here: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Solitude] = weakref.WeakKeyDictionary()


def here() -> Solitude:
    """That of the running event loop."""
    return _here.setdefault(asyncio.get_running_loop(), Solitude())
