"""What is done about each reason for which something failed: DESIGN §5 as data.

A row names, for one reason, what is tried and in which order. Who meets the reason says what is possible right now (an
attempt is left, there is an offline tool, the session is within its restart intensity); ``choose`` takes the first of
the row that is possible and not used up. So a row can be changed without touching the code that carries it out:

- a tool call's attempts: ``tools_app.retry`` (in its worker) and ``tools_app.monitor`` (where the worker is gone);
- a session's crashes and stops: ``sessions_app.supervisor``.

Each applied strategy is a ``strategy.applied`` interaction with the row's reason. Another app adds its own reasons with
``add`` when it starts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Strategy(StrEnum):
    """What can be done. The values are what the log says."""

    # about a tool call
    RETRY = "retry"  #: the next attempt, after a pause that grows
    WAIT = "wait"  #: the next attempt, when the service said (``Retry-After``), else as RETRY
    COMPACT = "compact"  #: shorten the history, rebuild the messages, then the next attempt
    REPAIR = "repair"  #: the next attempt, with an instruction that says what was wrong with the output
    OFFLINE = "offline"  #: the offline tool of the same name answers
    PARK = "park"  #: in doubt: the tool may have run and may not be repeated; a person decides
    # about a session
    SKIP = "skip"  #: the event alone is given up, the state stays as it was before it
    RESTORE = "restore"  #: the event goes into quarantine, the session back to a proven state
    RESTART = "restart"  #: the session begins again with its original arguments
    END = "end"  #: the session is over
    # about both
    STOP = "stop"  #: nothing more is tried: the call ends without a result, the session stays stopped


@dataclass(frozen=True, slots=True)
class Try:
    """One strategy of a row."""

    strategy: Strategy
    #: How often for one call or event; None: as long as it is possible.
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """What is tried for one reason, in order."""

    reason: str
    tries: tuple[Try, ...]
    #: What has happened, for people: a sentence's beginning.
    words: str
    #: Counts towards the restart intensity of the session.
    counts_as_restart: bool = False
    #: The last attempt runs alone in its process: the one before may have taken that down.
    last_alone: bool = False
    #: An operator has to do something: told once, not with every call.
    tell_operator: bool = False


def _tries(*strategies: Strategy | Try) -> tuple[Try, ...]:
    return tuple(one if isinstance(one, Try) else Try(one) for one in strategies)


_S = Strategy
_ROWS = (
    Row("normal", (), "It ended as it should"),
    # --- tool calls
    Row("timeout", _tries(_S.RETRY, _S.OFFLINE, _S.STOP), "It took too long"),
    Row("unreachable", _tries(_S.RETRY, _S.OFFLINE, _S.STOP), "The service did not answer, or failed itself"),
    Row("overloaded", _tries(_S.WAIT, _S.OFFLINE, _S.STOP), "The service has too much to do"),
    Row("circuit_open", _tries(_S.OFFLINE, _S.STOP), "The service was unreachable too often just now"),
    Row("over_budget", _tries(_S.OFFLINE, _S.STOP), "The session has used up its tokens"),
    Row("context_too_long", _tries(Try(_S.COMPACT, 1), _S.OFFLINE, _S.STOP), "The history is too long for the model"),
    Row("bad_output", _tries(Try(_S.REPAIR, 2), _S.OFFLINE, _S.STOP), "The output was not as the tool promised"),
    Row("lost_contact", _tries(_S.RETRY, _S.PARK, _S.STOP), "Its worker does not answer any more", last_alone=True),
    Row(
        "killed",
        _tries(_S.RETRY, _S.PARK, _S.STOP),
        "Its process was killed",
        counts_as_restart=True,
        last_alone=True,
    ),
    Row(
        "out_of_memory",
        _tries(_S.RETRY, _S.PARK, _S.STOP),
        "Its process ran out of memory",
        counts_as_restart=True,
        last_alone=True,
    ),
    Row("tool_bug", _tries(_S.OFFLINE, _S.STOP), "The tool has a bug", counts_as_restart=True),
    Row("misconfigured", _tries(_S.OFFLINE, _S.STOP), "Credentials or settings are wrong", tell_operator=True),
    Row("bad_arguments", _tries(_S.STOP), "The machine gave the tool arguments that do not fit"),
    Row("refused", _tries(_S.STOP), "The call has no valid scope"),
    # --- sessions
    Row("machine_bug", _tries(_S.END, _S.SKIP, _S.RESTORE), "The machine has a bug", counts_as_restart=True),
    Row("machine_spins", _tries(_S.END, _S.RESTORE), "The machine goes in circles", counts_as_restart=True),
    Row("stopped", _tries(_S.RESTART, _S.STOP), "It stopped where it should go on", counts_as_restart=True),
)

_table: dict[str, Row] = {row.reason: row for row in _ROWS}

#: reason -> its row; read-only.
TABLE: Mapping[str, Row] = _table


class UnknownReason(LookupError):
    """No row is about this reason; add one with ``strategies.add``."""


def row(reason: str) -> Row:
    """The row of a reason. Raises ``UnknownReason``."""
    try:
        return _table[reason]
    except KeyError:
        raise UnknownReason(f"no row is about {reason!r}; add one with strategies.add") from None


def add(new: Row) -> None:
    """Add a row, or put another in place of one. Raises ``ValueError`` where its last strategy may be used up.

    The last strategy is what is left when nothing else helps, so it must be allowed without limit.
    """
    if new.tries and new.tries[-1].at_most is not None:
        raise ValueError(f"the last strategy of {new.reason!r} may not be limited: something has to be left")
    _table[new.reason] = new


def choose(reason: str, possible: Collection[Strategy], used: Mapping[Strategy, int] | None = None) -> Strategy | None:
    """The first strategy of the row that is possible and not used up; None: the row has nothing (left) to try.

    ``used`` counts what was applied before to the same call or event. Raises ``UnknownReason``.
    """
    counts = used or {}
    for one in row(reason).tries:
        if one.strategy in possible and (one.at_most is None or counts.get(one.strategy, 0) < one.at_most):
            return one.strategy
    return None
