"""What to do about a failed attempt: pure; what is tried for which reason stands in ``tutor.strategies``."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools_app.conf import BACKOFF_MOST_S, BACKOFF_S, MAX_ATTEMPTS
from tools_app.exceptions import (
    BadArguments,
    BadOutput,
    ChildDied,
    CircuitOpen,
    ContextTooLong,
    Misconfigured,
    OverBudget,
    Overloaded,
    Refused,
    Unreachable,
)
from tutor import strategies
from tutor.events import ToolFailure
from tutor.strategies import Strategy

#: Strategies that end this attempt and begin another one later.
AGAIN = frozenset({Strategy.RETRY, Strategy.WAIT, Strategy.COMPACT, Strategy.REPAIR})
#: Of these, those after which the tool may run a second time.
_REPEATS = frozenset({Strategy.RETRY, Strategy.REPAIR})
#: How a call ends, by the reason for which nothing more is tried; ``error`` for the others.
_FAILURES: dict[str, ToolFailure] = {
    "timeout": "timeout",
    "refused": "refused",
    "lost_contact": "lost_contact",
    "killed": "killed",
    "out_of_memory": "killed",
}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how fast a tool is tried again; part of its declaration."""

    #: Attempts a call may have, lost contact included: 1 to ``conf.MAX_ATTEMPTS``.
    attempts: int = MAX_ATTEMPTS
    #: First pause between two attempts, and the longest one, in seconds.
    backoff_s: float = BACKOFF_S
    backoff_most_s: float = BACKOFF_MOST_S

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise ValueError(f"a call has 1 to {MAX_ATTEMPTS} attempts, not {self.attempts}")
        if not 0 <= self.backoff_s <= self.backoff_most_s:
            raise ValueError("the first pause is not negative and not longer than the longest one")


#: Of a tool that declares nothing else.
DEFAULT = RetryPolicy()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a call when one of its attempts has failed."""

    #: Attempts begun, this one included.
    number: int
    #: Seconds until the call's deadline.
    left_s: float
    repeatable: bool = True
    policy: RetryPolicy = DEFAULT
    #: How often each strategy was applied to the call before.
    used: Mapping[Strategy, int] = field(default_factory=dict)
    has_offline: bool = False
    can_compact: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens next, and why."""

    strategy: Strategy
    reason: str
    #: Pause before the next attempt.
    after_s: float = 0.0
    #: How the call ends where it ends here.
    failure: ToolFailure = "error"
    #: The next attempt is the last, and the one before may have taken its process down.
    alone: bool = False


def reason_of(error: BaseException) -> str:
    """The row of the table that an error belongs to."""
    match error:
        case TimeoutError():
            return "timeout"
        case MemoryError():
            return "out_of_memory"
        case ChildDied():
            return "killed"
        case Overloaded():
            return "overloaded"
        case CircuitOpen():
            return "circuit_open"
        case Unreachable():
            return "unreachable"
        case ContextTooLong():
            return "context_too_long"
        case OverBudget():
            return "over_budget"
        case BadOutput():
            return "bad_output"
        case Misconfigured():
            return "misconfigured"
        case Refused():
            return "refused"
        case BadArguments():
            return "bad_arguments"
        case _:
            return "tool_bug"


def backoff_s(attempt: int, policy: RetryPolicy = DEFAULT, *, random_: random.Random | None = None) -> float:
    """The pause after an attempt: doubling, with jitter, so that callers do not come back in step."""
    most = min(policy.backoff_most_s, policy.backoff_s * 2 ** (attempt - 1))
    return (random_ or random).uniform(most / 2, most)


def decide(error: BaseException, attempt: Attempt) -> Decision:
    """The next step after an attempt that ended with ``error``."""
    wanted = error.retry_after_s if isinstance(error, Overloaded) else None
    return choose(reason_of(error), attempt, wanted)


def choose(reason: str, attempt: Attempt, retry_after_s: float | None = None) -> Decision:
    """The next step after an attempt that failed for ``reason``, the first of its row that is possible now."""
    row = strategies.row(reason)
    # Lost workers, long histories and odd outputs say nothing about a service that needs time.
    at_once = row.last_alone or reason in {"context_too_long", "bad_output"}
    after_s = 0.0 if at_once else backoff_s(attempt.number, attempt.policy) if retry_after_s is None else retry_after_s
    possible = {Strategy.STOP}
    # Time for another attempt and, failing that, the fallback must remain.
    in_time = at_once or after_s < attempt.left_s / 2
    if attempt.number < attempt.policy.attempts and in_time:
        possible |= AGAIN
    if not attempt.repeatable:
        possible = (possible - _REPEATS) | {Strategy.PARK}
    if not attempt.can_compact:
        possible.discard(Strategy.COMPACT)
    if attempt.has_offline:
        possible.add(Strategy.OFFLINE)
    strategy = strategies.choose(reason, possible, attempt.used) or Strategy.STOP
    return Decision(
        strategy,
        reason,
        after_s if strategy in AGAIN else 0.0,
        _FAILURES.get(reason, "error"),
        row.last_alone and strategy is Strategy.RETRY and attempt.number + 1 >= attempt.policy.attempts,
    )
