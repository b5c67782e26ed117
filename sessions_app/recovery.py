"""Back to a state that worked: what a crash does to a session, as decided by ``supervisor``.

Restoring appends; it never rewrites the log. The restored state is a step of its own (outcome ``restored``), so that
the log goes on folding to the row. Later calls are cancelled, time-outs and postponed events come from the
checkpoint, the offending event goes into quarantine (DESIGN rule 3).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from sessions_app import log
from sessions_app.delivery import Statement
from sessions_app.row import SessionRow, snapshot_of
from sessions_app.supervisor import Checkpoint, Record
from tutor import events, statem
from tutor.statem import Event, EventType, Outcome, Snapshot

logger = logging.getLogger(__name__)

ERROR_STATE = "error_state"

INSERT_QUARANTINE = Statement(
    "insert_quarantine",
    """
INSERT INTO sessions_app_quarantine (session_id, machine, seq, event, reason, status)
SELECT session_id, machine, seq, event, reason, 'held'
  FROM json_to_recordset(%s) AS r(session_id uuid, machine text, seq bigint, event jsonb, reason text)
RETURNING 1""",
)

#: Reads what a session's log folds to at a seq.
History = Callable[[int], log.Folded]


@dataclass(frozen=True, slots=True)
class Restored:
    """Where a session went back to."""

    snapshot: Snapshot
    #: In words, for ``session.restored``.
    what: str
    record: Record


def restore(
    row: SessionRow, machine: Any, outcome: Outcome, checkpoints: list[Checkpoint], record: Record, history: History
) -> Restored | None:
    """The newest state to be taken up: a proven checkpoint, the initial one, ``error_state``; None: nothing is left."""
    poison = outcome.event.mark
    for used, checkpoint in enumerate(checkpoints, start=1):
        snapshot = _at(checkpoint, machine, history)
        if snapshot is None:
            continue
        left = [event for event in snapshot.postponed if poison is None or event.mark != poison]
        snapshot = replace(_numbered(snapshot, outcome), postponed=tuple(left))
        kept = msgspec.structs.replace(record, proven=checkpoints[used:][::-1])
        return Restored(snapshot, f"back to the proven state of seq {checkpoint.seq}", kept)
    if not record.initial_tried:
        snapshot = _numbered(initial(row, machine), outcome)
        return Restored(snapshot, "begun again", msgspec.structs.replace(record, proven=[], initial_tried=True))
    if ERROR_STATE in machine.states:
        snapshot = replace(_numbered(initial(row, machine), outcome), state=ERROR_STATE, queue=())
        return Restored(snapshot, "no state was left to go back to", msgspec.structs.replace(record, proven=[]))
    return None


def initial(row: SessionRow, machine: Any) -> Snapshot:
    """The machine's first state with its original arguments (S60), about to be started."""
    state, data = machine.initial(row.id.int % 2**31, {})
    return Snapshot(state, data, queue=(Event(EventType.CAST, events.Start()),))


def _at(checkpoint: Checkpoint, machine: Any, history: History) -> Snapshot | None:
    try:
        folded = history(checkpoint.seq)
        if folded.state not in machine.states:
            return None
        kernel = {key: value for key, value in (folded.kernel or {}).items() if key not in {"turn", "calls"}}
        return snapshot_of(str(folded.state), 0, 0, machine.load(folded.data or {}), kernel)
    except Exception:
        # A state that cannot be read is no state to go back to; the one before it may be.
        logger.warning("action=checkpoint.unusable seq=%d", checkpoint.seq, exc_info=True)
        return None


def _numbered(snapshot: Snapshot, outcome: Outcome) -> Snapshot:
    """Counters never go back: stale time-outs and results are told by them."""
    timer_no = max(snapshot.timer_no, outcome.before.timer_no)
    return replace(snapshot, state_no=outcome.before.state_no + 1, event_no=outcome.after.event_no, timer_no=timer_no)


def history_of(session: Any) -> History:
    """Reads a session's states from its steps, within the caller's transaction."""
    return lambda seq: log.state_at(session, seq)


def spins(outcome: Outcome) -> bool:
    """Whether the event would never end."""
    return isinstance(outcome.crash, statem.BudgetExceeded)
