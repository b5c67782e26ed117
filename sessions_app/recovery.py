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

from sessions_app import breaker, conf, log, succession, supervisor
from sessions_app.delivery import Statement, Write
from sessions_app.effects import Performing, perform
from sessions_app.replies import Callers
from sessions_app.row import SessionRow, dump_event, snapshot_of
from sessions_app.supervisor import Checkpoint, Record
from tutor import events, statem
from tutor.effects import CancelCall
from tutor.interactions import EventCrashed, EventQuarantined, OutputCommitted, SessionRestored, StrategyApplied
from tutor.statem import Event, EventType, Outcome, Snapshot
from tutor.strategies import Strategy

logger = logging.getLogger(__name__)

ERROR_STATE = "error_state"
#: Kept of a reason, in characters.
_REASON_CHARS = 500

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
    """The newest state to be taken up: a proven checkpoint, the initial one, ``error_state``; None: nothing is left.

    What ``outcome.after`` has waiting goes on waiting.
    """
    for used, checkpoint in enumerate(checkpoints, start=1):
        snapshot = _at(checkpoint, machine, history)
        if snapshot is None:
            continue
        # A command that waited then and was handled since does not come back; one that waits now goes on waiting.
        postponed = tuple(event for event in snapshot.postponed if event.mark is None)
        snapshot = replace(_numbered(snapshot, outcome), postponed=postponed, queue=_waiting(outcome.after))
        kept = msgspec.structs.replace(record, proven=checkpoints[used:][::-1])
        return Restored(snapshot, f"back to the proven state of seq {checkpoint.seq}", kept)
    if not record.initial_tried:
        snapshot = begun_again(row, machine, outcome.after)
        return Restored(snapshot, "begun again", msgspec.structs.replace(record, proven=[], initial_tried=True))
    if ERROR_STATE in machine.states:
        snapshot = replace(begun_again(row, machine, outcome.after), state=ERROR_STATE, queue=_waiting(outcome.after))
        return Restored(snapshot, "no state was left to go back to", msgspec.structs.replace(record, proven=[]))
    return None


def begun_again(row: SessionRow, machine: Any, left: Snapshot) -> Snapshot:
    """The machine's first state with its original arguments (S60), about to be started in place of what is left.

    What is known of the learner is not what broke, and outlives it.
    """
    try:
        context = succession.handed_on(machine, left.data)
        state, data = machine.initial(row.id.int % 2**31, context)
    except Exception:
        logger.warning("action=begun_again.without_context session=%s", row.id, exc_info=True)
        state, data = machine.initial(row.id.int % 2**31, {})
    start = Event(EventType.CAST, events.Start())
    return Snapshot(
        state,
        data,
        state_no=left.state_no + 1,
        event_no=left.event_no,
        timer_no=left.timer_no,
        queue=(start, *_waiting(left)),
    )


def _waiting(left: Snapshot) -> tuple[Event, ...]:
    """Commands that wait in a state that is left: they outlive it (S17), and are tried again in the next one."""
    return tuple(event for event in (*left.queue, *left.postponed) if event.mark is not None)


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


#: What a learner is told when the machine itself failed (DESIGN rule 3).
CRASH_TEXT = (
    "Something went wrong on our side, and your last step could not be handled. "
    "Nothing you did before is lost. Please try again; if it happens again, go on with something else."
)


class Recovery:
    """Does to one session what the supervisor decides. Works on the row in memory; the caller writes it."""

    def __init__(self, row: SessionRow, machine: Any, history: History, callers: Callers) -> None:
        self._row, self._machine, self._history, self._callers = row, machine, history, callers
        #: Within this delivery.
        self._restores = 0

    def after_crash(self, outcome: Outcome, performing: Performing) -> Outcome:
        """Log, answer honestly, and do with the event what the supervisor says."""
        row, event = self._row, outcome.event
        reason = f"{type(outcome.crash).__name__}: {outcome.crash}"[:_REASON_CHARS]
        logger.error("action=event.crashed session=%s state=%s", row.id, outcome.before.state, exc_info=outcome.crash)
        performing.facts.append(EventCrashed(reason=reason))
        if event.caller is not None:
            self._callers.exit(reason, only=event.caller)
        before = row.supervision
        spins = isinstance(outcome.crash, statem.BudgetExceeded)
        why = "machine_spins" if spins else "machine_bug"
        verdict = supervisor.crashed(before, row.now_ms, conf.supervision(row.machine_name), why)
        if verdict.strategy is Strategy.RESTORE and breaker.is_open(row.machine_name) and not spins:
            # Too many at once: the event is skipped, and the next overflow after the breaker has closed restores.
            verdict = supervisor.Verdict(before, Strategy.SKIP)
        row.supervision = verdict.record
        performing.facts.append(StrategyApplied(reason=why, strategy=verdict.strategy, detail=reason))
        if verdict.strategy is Strategy.END:
            return replace(outcome, after=replace(outcome.after, stopped=f"crashed: {reason}"))
        if verdict.strategy is Strategy.RESTORE:
            performing.facts.append(EventQuarantined(event=dump_event(event), reason=reason))
            self._restores += 1
            if self._restores > 1:
                # It went wrong again at once: so one of the commands that wait may be the reason. They are given up.
                outcome = replace(outcome, after=replace(outcome.after, queue=(), postponed=()))
            restored = restore(row, self._machine, outcome, verdict.checkpoints, verdict.record, self._history)
            outcome = self._go_back(outcome, restored, reason, performing)
        performing.facts.append(OutputCommitted(text=CRASH_TEXT, len=len(CRASH_TEXT)))
        return outcome

    def after_stop(self, outcome: Outcome, performing: Performing) -> Outcome:
        """A stop that this session's restart type does not accept begins it again (S53); a command to end it counts."""
        row, reason = self._row, outcome.after.stopped
        if reason is None or isinstance(outcome.event.content, events.EndRequested):
            return outcome
        supervision = conf.supervision(row.machine_name)
        row.supervision, strategy = supervisor.stopped(row.supervision, reason, row.now_ms, supervision)
        if strategy is None:
            return outcome
        performing.facts.append(StrategyApplied(reason="stopped", strategy=strategy, detail=reason[:_REASON_CHARS]))
        if strategy is Strategy.STOP:
            return replace(outcome, after=replace(outcome.after, stopped="shutdown: restarted too often"))
        begun = begun_again(row, self._machine, outcome.after)
        return self._go_back(outcome, Restored(begun, "begun again", row.supervision), reason, performing)

    def _go_back(self, outcome: Outcome, restored: Restored | None, reason: str, performing: Performing) -> Outcome:
        if restored is None:
            return replace(outcome, after=replace(outcome.after, stopped=f"gave up: {reason}"))
        cancel_calls(performing)
        self._row.supervision = restored.record
        self._row.era += 1
        performing.facts.append(SessionRestored(why=restored.what, state=restored.snapshot.state))
        return replace(outcome, after=restored.snapshot)


def cancel_calls(performing: Performing) -> None:
    """Calls of a state that is left for good: their results are fenced off."""
    for ref in list(performing.row.calls):
        perform(CancelCall(ref), performing)


def quarantined(row: SessionRow, written: log.Entry, fact: EventQuarantined) -> Write:
    """The row an operator can act on, beside the fact in the log."""
    about = {"session_id": row.id, "machine": row.machine_name, "seq": written.seq}
    return Write(INSERT_QUARANTINE, {**about, "event": fact.event, "reason": fact.reason})


def history_of(session: Any) -> History:
    """Reads a session's states from its steps, within the caller's transaction."""
    return lambda seq: log.state_at(session, seq)
