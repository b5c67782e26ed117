"""When to try again: jittered, so that a thousand clients of a restarted server do not come back in one instant."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Waiting times of a client, all in seconds."""

    #: Upper end of the first wait after a lost connection; doubles with each failure.
    first_s: float = 0.5
    #: No wait is longer.
    longest_s: float = 15.0
    #: A connection that is not live by then has failed.
    opening_s: float = 10.0
    #: After a beat, this much silence means that the connection is dead (half-open sockets do not tell).
    silence_s: float = 10.0
    #: How long a hint that the server has more (``pong.head``) may stay unfulfilled before the client resumes.
    behind_s: float = 2.0
    #: How often a command the server answers with ``retry: same_id`` is sent again before the caller is told.
    same_id_tries: int = 8
    #: Between 0 and 1; replaced in tests.
    chance: Callable[[], float] = random.random

    def after_failure(self, failures: int) -> float:
        """The wait before the next try, after so many failures in a row (1 for the first)."""
        longest = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 16))
        return longest * (0.5 + self.chance() / 2)

    def asked_for(self, after_ms: int) -> float:
        """The wait the server asked for: never less, up to half as much again."""
        return after_ms / 1000 * (1 + self.chance() / 2)
