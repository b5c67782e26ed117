"""Places at which a process may die, by name: every commit boundary and every call that leaves the process.

The kernel says ``crash_points.reach("deliver.committed")`` where it passes one. Nothing happens, for the price of an
empty function call, unless this process was told to die there: ``TUTOR_CRASH_POINT=deliver.committed:3`` kills it with
SIGKILL at the third passage. ``tests/crash_points`` does so at every passage of every point and compares what is left
with what should be (docs/verification.md).
"""

from __future__ import annotations

import itertools
import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping

#: The variable that arms a point at the start of a process: ``point:passage``.
VARIABLE = "TUTOR_CRASH_POINT"

POINTS: dict[str, str] = {
    "deliver.before_begin": "an event was taken, its transaction not begun",
    "deliver.locked": "the session is locked and read, nothing decided",
    "deliver.before_write": "decided in memory, nothing written",
    "write.before_commit": "the write is on its way, its COMMIT is not",
    "deliver.committed": "committed, no hint sent",
    "deliver.hinted": "hints handed over, the sender not answered",
    "create.before_begin": "a session was wanted, nothing done",
    "create.before_write": "its first event is decided, nothing written",
    "create.committed": "the session exists, no hint sent",
    "create.hinted": "hints handed over, the starter not answered",
    "claim.before": "a worker is about to claim",
    "claim.committed": "calls are claimed, none runs",
    "tool.ran": "the tool has run, its result stands in memory only",
    "settle.acknowledged": "the result is committed, the runner does not know",
    "hand_back.before": "a stopping worker has not handed its calls back",
    "hand_back.committed": "they are handed back, not announced",
    "monitor.before_delivery": "a call was found lost or overdue, nothing done",
    "monitor.delivered": "it was taken care of, the sweep goes on",
    "timers.due": "sessions with due timers were found, none looked at",
    "timers.looked": "they were looked at, the sweep goes on",
    "announce.before": "work is about to be announced",
    "announce.sent": "the broker has the announcement",
    "looks.before": "sockets are about to be told",
    "observing.leased": "a session is taken for its observers, nothing read",
    "observing.looked": "they have looked, what they say stands in memory only",
    "observing.written": "what they say is committed, the session not let go",
}


def _off(_point: str) -> None:
    """No point is armed."""


#: Called with a point's name at each passage.
reach: Callable[[str], None] = _off


def arm(point: str, passage: int = 1) -> None:
    """Kill this process at a passage of a point, counted from 1. Raises ``ValueError`` for one that is none."""
    global reach  # noqa: PLW0603 — one process dies once
    if point not in POINTS or passage < 1:
        raise ValueError(f"{VARIABLE}: {point}:{passage} is no passage of a crash point; known are {', '.join(POINTS)}")
    passages = itertools.count(1)

    def die(reached: str) -> None:
        if reached == point and next(passages) == passage:
            os.kill(os.getpid(), signal.SIGKILL)

    reach = die


def count() -> Counter[str]:
    """Count passages from now on instead. The counter goes on counting."""
    global reach  # noqa: PLW0603
    passages: Counter[str] = Counter()

    def note(reached: str) -> None:
        passages[reached] += 1

    reach = note
    return passages


def disarm() -> None:
    """Nothing happens at any point."""
    global reach  # noqa: PLW0603
    reach = _off


def arm_from(environment: Mapping[str, str]) -> None:
    """Arm what the environment names, if it does. Raises ``ValueError``."""
    wanted = environment.get(VARIABLE)
    if wanted:
        point, _, passage = wanted.partition(":")
        if not (passage or "1").isdecimal():
            raise ValueError(f"{VARIABLE} is point:passage, such as deliver.committed:3; it is {wanted!r}")
        arm(point, int(passage or 1))


arm_from(os.environ)
