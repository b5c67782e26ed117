"""A child that does not outlive its parent, even when the parent is killed with SIGKILL.

Linux delivers a signal of our choice when the parent dies (``PR_SET_PDEATHSIG``): nothing polls, it works for programs
that are not ours (postgres, valkey), and no time passes in which an orphan could answer. Other systems have no such
call; there an orphaned Postgres is stopped at the next start.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: a child between fork and exec must not load libraries.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """A ``preexec_fn`` for children of the calling process. Start them from its main thread only: the kernel's parent
    is a thread."""
    parent = os.getpid()

    def arrange() -> None:
        if _LIBC is None:
            return
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal))
        # The parent may have died before the call took effect.
        if os.getppid() != parent:
            os._exit(1)

    return arrange
