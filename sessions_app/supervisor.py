"""Supervision of sessions: restart intensity, proven checkpoints, and what a crash leads to. Pure decisions, no I/O.

A session is a row, so nothing has to be started again after a crash: the event that crashed is skipped and the state
stays as it was before it. That counts as a restart (``tutor.strategies``). More than ``max_restarts`` within
``max_seconds`` mean that skipping does not help: the offending event is put into quarantine and the session goes back
to the newest *proven* checkpoint; each further overflow goes one further back, then to the initial state, then to
``error_state``.

The window is OTP's (S55, S56): it slides, counts in whole seconds, its boundary is inclusive. Unlike OTP's the counter
is one session's alone (S57), and restores back off (S58).

A checkpoint is a pointer into the log (the seq of a step): the state there is what the log folds to. It is a
*candidate* when written and *proven* once a later event has been handled on top of it (S60).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from tutor import strategies
from tutor.strategies import Strategy

#: Proven checkpoints kept of a session.
CHECKPOINTS = 5
#: First rest after a restore and the longest one, in milliseconds: doubles with every overflow.
REST_MS = 500
REST_MOST_MS = 60_000

RestartType = Literal["permanent", "transient", "temporary"]

#: Reasons that are not abnormal: a transient session that ends with one is not restarted (S53).
_NORMAL = ("normal", "shutdown", "ended", "closed")


class Supervision(msgspec.Struct, frozen=True, kw_only=True):
    """How the sessions of a machine are supervised (``settings.TUTOR_SUPERVISION``)."""

    restart: RestartType = "transient"
    #: More restarts than this within ``max_seconds`` are too many. 0: the first is (S55).
    max_restarts: int = 3
    max_seconds: int = 5


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """Where in the log a state stands."""

    #: seq of the step.
    seq: int
    state_no: int


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What supervision remembers of one session. Housekeeping: not part of the log's fold."""

    #: Times of restarts in the window, in whole seconds.
    restarts: list[int] = []
    #: Oldest first.
    proven: list[Checkpoint] = []
    candidate: Checkpoint | None = None
    #: Overflows since an event was last handled after a restore.
    overflows: int = 0
    #: The initial state was tried since the last proven checkpoint; only ``error_state`` is left.
    initial_tried: bool = False
    #: Until when the session rests after a restore, in milliseconds of the database's clock.
    rests_until: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a crash leads to."""

    record: Record
    #: ``SKIP`` the event alone; ``RESTORE``: quarantine it and go back; ``END``: the session is over.
    strategy: Strategy
    #: For ``restore``: from the newest to try, before the initial state.
    checkpoints: list[Checkpoint] = field(default_factory=list)


def is_abnormal(reason: str) -> bool:
    """Whether a transient session that ended for this reason is restarted."""
    return reason.split(":", maxsplit=1)[0] not in _NORMAL


def begins_again(reason: str, supervision: Supervision) -> bool:
    """Whether a session that stopped for this reason is restarted (S53)."""
    return supervision.restart == "permanent" or (supervision.restart == "transient" and is_abnormal(reason))


def restarted_at(restarts: list[int], now_s: int, supervision: Supervision) -> tuple[list[int], bool]:
    """The window with one more restart, and whether that is too many (S55, S56)."""
    window = [at for at in restarts if at >= now_s - supervision.max_seconds] + [now_s]
    return window, len(window) > supervision.max_restarts


def handled(record: Record, seq: int, state_no: int) -> Record:
    """After an event that was handled: what was the candidate is proven, this step is the new candidate."""
    proven, was_proven = record.proven, record.candidate is not None
    if record.candidate is not None:
        # Of one stay in a state only the newest point is worth keeping: five pointers then span five states.
        same = proven and proven[-1].state_no == record.candidate.state_no
        proven = [*(proven[:-1] if same else proven), record.candidate][-CHECKPOINTS:]
    return msgspec.structs.replace(
        record,
        proven=proven,
        candidate=Checkpoint(seq, state_no),
        overflows=0 if was_proven else record.overflows,
        initial_tried=record.initial_tried and not was_proven,
    )


def replaced(record: Record, seq: int, state_no: int) -> Record:
    """After an operator has put another state in place: that one is the candidate, not the one it took the place of."""
    return msgspec.structs.replace(record, candidate=Checkpoint(seq, state_no), rests_until=0)


def counted(record: Record, reason: str, now_ms: int, supervision: Supervision) -> tuple[Record, bool]:
    """The record where this reason counts as a restart, and whether that is too many. An unknown one does not count."""
    row = strategies.TABLE.get(reason)
    if row is None or not row.counts_as_restart:
        return record, False
    restarts, too_many = restarted_at(record.restarts, now_ms // 1_000, supervision)
    return msgspec.structs.replace(record, restarts=restarts), too_many


def crashed(record: Record, now_ms: int, supervision: Supervision, reason: str = "machine_bug") -> Verdict:
    """Decide about a crash; ``reason`` names the row of ``tutor.strategies``."""
    counts, too_many = counted(record, reason, now_ms, supervision)
    possible = {Strategy.RESTORE}
    if supervision.restart == "temporary":
        possible.add(Strategy.END)
    if not too_many:
        possible.add(Strategy.SKIP)
    strategy = strategies.choose(reason, possible) or Strategy.SKIP
    if strategy is Strategy.END:
        return Verdict(record, strategy)
    if strategy is Strategy.SKIP:
        return Verdict(counts, strategy)
    rest = min(REST_MOST_MS, REST_MS * 2**record.overflows)
    left = list(record.proven)
    # The newest proven checkpoint is used up: if its state was the poison, the next overflow leaves it behind.
    used = msgspec.structs.replace(
        counts,
        restarts=[],
        proven=left[:-1],
        candidate=None,
        overflows=record.overflows + 1,
        rests_until=now_ms + rest,
    )
    return Verdict(used, strategy, left[::-1])


def stopped(
    record: Record, reason: str, now_ms: int, supervision: Supervision
) -> tuple[Record, Literal[Strategy.RESTART, Strategy.STOP] | None]:
    """Decide about a session that stopped for ``reason``; None: it ended as it should (S53)."""
    if not begins_again(reason, supervision):
        return record, None
    record, too_many = counted(record, "stopped", now_ms, supervision)
    possible = {Strategy.STOP} if too_many else {Strategy.RESTART, Strategy.STOP}
    again = strategies.choose("stopped", possible) is Strategy.RESTART
    return record, Strategy.RESTART if again else Strategy.STOP


def load(plain: dict[str, Any]) -> Record:
    """The record from its column."""
    return msgspec.convert(plain, Record)


def dump(record: Record) -> dict[str, Any]:
    """The record for its column."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    return plain
