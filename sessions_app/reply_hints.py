"""Hints to callers: "your reply is committed", within one process and across processes.

A caller's token begins with the boot of the process that waits, so that whoever commits the reply knows whom to tell.
Each process listens on one channel, from its first ``call`` on. Lossy like every hint: a caller that is told nothing
looks by itself (``calling``).
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from channels.layers import get_channel_layer

from sessions_app.hint_loop import hint_loop

logger = logging.getLogger(__name__)

#: Hexadecimal digits of a token that name the boot.
_BOOT_DIGITS = 12


class ReplyHints:
    """The callers of one process that wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: dict[str, threading.Event] = {}
        self.renew()

    def renew(self) -> None:
        """Another boot: a forked child is no longer the process that listens."""
        self._boot = secrets.token_hex(_BOOT_DIGITS // 2)
        self._listening: Future[None] | None = None

    def new_caller(self) -> str:
        """A token nobody else has, 32 digits."""
        return self._boot + secrets.token_hex(16 - _BOOT_DIGITS // 2)

    def expect(self, caller: str) -> threading.Event:
        """An event that is set when the caller's reply is committed, by whichever process, if the hint arrives."""
        return self._expected.setdefault(caller, threading.Event())

    def forget(self, caller: str) -> None:
        """The caller does not wait any more."""
        self._expected.pop(caller, None)

    def listen(self, within_s: float) -> None:
        """Return once this process hears hints, or cannot in time: then the next caller tries again."""
        with self._lock:
            if self._listening is None or (self._listening.done() and self._listening.exception() is not None):
                ready: Future[None] = Future()
                self._listening = ready
                hint_loop.run(self._listen(ready))
            listening = self._listening
        try:
            listening.result(within_s)
        except Exception as error:
            logger.warning("action=reply.deaf error=%r", error)

    async def _listen(self, ready: Future[None]) -> None:
        layer = get_channel_layer()
        try:
            channel = await layer.new_channel()
            await layer.group_add(_group(self._boot), channel)
        except Exception as error:
            ready.set_exception(error)
            return
        ready.set_result(None)
        try:
            while True:
                self._wake((await layer.receive(channel))["callers"])
        except Exception:
            logger.warning("action=reply.deaf", exc_info=True)
        finally:
            self._listening = None  # the next caller listens again

    def told(self, callers: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
        """After a commit that answered these callers: wake those who wait here; what to tell the other processes."""
        elsewhere = defaultdict(list)
        for caller in callers:
            if caller.startswith(self._boot):
                self._wake([caller])
            else:
                elsewhere[caller[:_BOOT_DIGITS]].append(caller)
        return [(_group(boot), {"type": "call.replied", "callers": told}) for boot, told in elsewhere.items()]

    def _wake(self, callers: Iterable[Any]) -> None:
        for caller in callers:
            woken = self._expected.get(caller)
            if woken is not None:
                woken.set()


def _group(boot: str) -> str:
    return f"replies.{boot}"


#: This process's.
reply_hints = ReplyHints()
os.register_at_fork(after_in_child=reply_hints.renew)
