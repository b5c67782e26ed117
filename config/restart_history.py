"""When a process that ended is started again: at once, then ever later, and not for ever."""

from __future__ import annotations

from collections import deque

#: More restarts than this within the period, and starting again does not help.
RESTARTS_ALLOWED = 10
PERIOD_S = 60.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 8.0


class RestartHistory:
    """The recent restarts of one process. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._at: deque[float] = deque()

    def next_pause_s(self, now: float) -> float | None:
        """How long to wait before the next restart, which counts from here on; None when the limit is reached."""
        while self._at and self._at[0] <= now - PERIOD_S:
            self._at.popleft()
        recent = len(self._at)
        if recent >= RESTARTS_ALLOWED:
            return None
        self._at.append(now)
        # The first one at once: a crash is usually alone, and people are waiting.
        return 0.0 if recent == 0 else min(FIRST_PAUSE_S * 2.0 ** (recent - 1), LONGEST_PAUSE_S)
