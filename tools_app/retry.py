"""What to do about a failed attempt: pure; what is tried for which reason stands in ``tutor.strategies``."""

from __future__ import annotations

import random
from dataclasses import dataclass

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
AGAIN = frozenset({Strategy.RETRY, Strategy.WAIT, Strategy.REPAIR})


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens next, and why."""

    strategy: Strategy
    reason: str
    #: Pause before the next attempt.
    after_s: float = 0.0
    #: How the call ends where it ends here.
    failure: ToolFailure = "error"


def reason_of(error: BaseException) -> str:
    """The row of the table that an error belongs to."""
    match error:
        case TimeoutError():
            return "timeout"
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


def backoff_s(attempt: int, *, random_: random.Random | None = None) -> float:
    """The pause after an attempt: doubling, with full jitter, so that callers do not come back in step."""
    most = min(BACKOFF_MOST_S, BACKOFF_S * 2 ** (attempt - 1))
    return (random_ or random).uniform(most / 2, most)


def decide(error: BaseException, attempt: int, *, has_offline: bool, left_s: float) -> Decision:
    """The next step after attempt number ``attempt`` failed, with ``left_s`` seconds until the call's deadline."""
    reason = reason_of(error)
    failures: dict[str, ToolFailure] = {"timeout": "timeout", "refused": "refused", "killed": "killed"}
    failure = failures.get(reason, "error")
    wanted = error.retry_after_s if isinstance(error, Overloaded) else None
    after_s = backoff_s(attempt) if wanted is None else wanted
    possible = {Strategy.STOP}
    # Time for another attempt and, failing that, the fallback must remain.
    if attempt < MAX_ATTEMPTS and after_s < left_s / 2:
        possible |= AGAIN
    if has_offline:
        possible.add(Strategy.OFFLINE)
    strategy = strategies.choose(reason, possible) or Strategy.STOP
    return Decision(strategy, reason, after_s if strategy in AGAIN else 0.0, failure)
