"""One event, played in memory: every outcome it sets off becomes facts for the log and rows for the write.

Nothing here reads or writes the database. The caller holds the session's lock, gives the row and the delivery, and
writes what the row has collected.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from sessions_app import (
    admission,
    conf,
    controls,
    log,
    permits,
    recording,
    recovery,
    refs,
    supervisor,
    suspension,
    turns,
)
from sessions_app.delivery import Delivered, Delivery, Settled, Wake, Write
from sessions_app.effects import Performing, perform
from sessions_app.exceptions import CommandError
from sessions_app.recovery import History
from sessions_app.replies import Callers
from sessions_app.row import SUSPENDED, Held, PendingCall, SessionRow, Turn, dump_event
from sessions_app.tracing import Recorder
from tutor import events, statem
from tutor.effects import CallTool, Refuse
from tutor.events import EventContent
from tutor.interactions import (
    EventQuarantined,
    MessageAccepted,
    MessageQueued,
    MessageRemoved,
    OutputCommitted,
    PolicyChanged,
    SessionClosed,
    StateChanged,
    Step,
    StrategyApplied,
    ToolCancelled,
    ToolResultDiscarded,
    TurnFinished,
    TurnOutcome,
    TurnStarted,
)
from tutor.statem import Effect, Event, EventType, Outcome, Snapshot

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Played:
    """What one delivery came to, in memory."""

    row: SessionRow
    writes: list[Write] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    disposition: Settled | None = None
    #: Where the command entered the log.
    seq: int = 0
    turn: str | None = None
    #: The machine's data and the kernel's part as the log tells them now: what the row is written from.
    data: dict[str, Any] = field(default_factory=dict)
    kernel: dict[str, Any] = field(default_factory=dict)
    #: Callers that get their answer with this commit.
    replied: tuple[str, ...] = ()
    #: Further fields of the reply.
    reply: dict[str, Any] = field(default_factory=dict)

    def delivered(self) -> Delivered:
        """The result for the sender."""
        row = self.row
        disposition: Settled = self.disposition or ("started" if self.turn else "applied")
        return Delivered(
            row.id,
            self.seq,
            disposition,
            self.turn,
            reply=self.reply,
            entries=tuple(row.written),
            state=row.snapshot.state,
            live=row.live,
        )


def play(row: SessionRow, delivery: Delivery, machine: Any, history: History) -> Played:
    """Hand a delivery to its machine. Raises ``CommandError`` where the command is not accepted: then write nothing.

    ``history`` reads the log; it is asked only where a crash sends the session back to a checkpoint.
    """
    return _Play(row, delivery, machine, history).run()


class _Play:
    def __init__(self, row: SessionRow, delivery: Delivery, machine: Any, history: History) -> None:
        self.row, self.delivery, self.machine = row, delivery, machine
        self.played = Played(row, writes=list(delivery.writes))
        self.callers = Callers(row)
        self.recovery = recovery.Recovery(row, machine, history, self.callers)
        # What the log already tells; each step's patch leads on from there.
        told: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        if not row.new:
            told = machine.dump(row.snapshot.data), row.kernel()
        self.logged_data, self.logged_kernel = row.shared or told
        self.dumped: Any = None if row.new else row.snapshot.data
        self.trace = Recorder(on=row.traced_until > row.now_ms)
        #: The event being handled that had waited while the session was suspended.
        self.released: Held | None = None

    def run(self) -> Played:
        """Play the delivery; what was traced is its last row."""
        self._run()
        self.played.data, self.played.kernel = self.logged_data, self.logged_kernel
        self.played.writes += self.callers.writes()
        self.played.replied = self.callers.told
        traced = self.trace.fact()
        if traced is not None:
            self.row.append(traced)
        return self.played

    def _run(self) -> None:
        delivery, row = self.delivery, self.row
        admission.check_fresh(row, delivery)
        ref = delivery.ends_call
        if ref is not None and (ref not in row.calls or row.ending_waits(ref)):
            # Late, doubled or superseded: logged, never applied (DESIGN rule 5).
            for fact in delivery.discarded:
                row.append(fact)
            self.played.writes = []
            return
        if delivery.control is not None:
            self._control(delivery.control)
            return
        if delivery.command is not None or delivery.content is not None:
            admission.check_live(row)
        cause = delivery.command.id if delivery.command else row.turn.cause if row.turn else None
        for fact in delivery.facts:
            written = row.append(fact, turn=self._turn_of(delivery), cause=cause)
            if delivery.command is not None and not self.played.seq:
                self.played.seq = written.seq
            if isinstance(fact, PolicyChanged):
                row.on_busy = fact.on_busy
            elif isinstance(fact, StrategyApplied):
                # A tool that was killed, or has a bug, counts towards its session's intensity like a crash of its own.
                supervision = conf.supervision(row.machine_name)
                row.supervision, _ = supervisor.counted(row.supervision, fact.reason, row.now_ms, supervision)
        if delivery.look:
            if row.status != SUSPENDED:
                self._look(row.now_ms)
        elif ref is not None and row.calls[ref].recorded and delivery.content is not None:
            self._record(ref, delivery.content)
        elif delivery.content is not None:
            content = delivery.content
            if delivery.default_policy and isinstance(content, events.UserMessage | events.AnswerSubmitted):
                content = msgspec.structs.replace(content, on_busy=row.on_busy)
            if delivery.cancels is not None and not self._cancels(delivery.cancels):
                return
            admission.check_rested(row, delivery)
            event = Event(delivery.type, content, delivery.caller, mark=self._command_id())
            if delivery.caller is not None:
                self.callers.arrive(delivery.caller)
                self.played.reply = {"caller": delivery.caller}
            if row.status == SUSPENDED:
                self._hold(event)
            else:
                admission.check_busy(row, delivery, content)
                self._play(event)

    def _turn_of(self, delivery: Delivery) -> str | None:
        call = self.row.calls.get(delivery.ends_call or "")
        if call is not None:
            return call.turn
        return self.row.turn.id if self.row.turn else None

    def _cancels(self, wanted: str) -> bool:
        """Whether there is something to cancel; the reply says what became of it, also when it is asked again."""
        running = self.row.turn.id if self.row.turn else None
        if running is None or wanted not in {"", running}:
            self.played.disposition = "noop"
            self.played.reply = {"result": "already_finished", "turn": wanted or None}
            return False
        # While the session is suspended the cancel waits in it like everything else.
        self.played.reply = {"result": "cancelling" if self.row.status == SUSPENDED else "cancelled", "turn": running}
        return True

    def _look(self, upto_ms: int) -> None:
        """Handle the time-outs that fell due until then; each is an event of its own."""
        for key in sorted(self.row.snapshot.timers, key=lambda k: self.row.snapshot.timers[k].due_ms):
            timer = self.row.snapshot.timers.get(key)
            if timer is None or timer.due_ms > upto_ms or not self.row.live:
                continue
            fired = statem.fire(self.row.snapshot, key, timer.guard, self.row.now_ms)
            if fired is not None:
                event, self.row.snapshot = fired
                self._play(event)

    def _play(self, event: Event | None) -> None:
        if event is not None and isinstance(event.content, EventContent):
            event = replace(event, content=refs.incoming(self.row, event.content))
        while True:
            crashed = False
            for outcome in statem.run(self.machine, self.row.snapshot, event, self.row.now_ms, trace=self.trace):
                crashed = not self._take(outcome)
                if crashed:
                    break
            if not crashed or not self.row.live:
                return
            # The event is skipped or in quarantine; what waits behind it (after a restore: a new start) is played on.
            event = None

    # --- what operators ask of the session itself (S67-S70) --------------------------------------------------------

    def _control(self, control: controls.Control) -> None:
        row, cause = self.row, self._command_id()
        before = row.snapshot.state
        done = controls.carry_out(control, row, self.machine)
        self.played.seq = row.head + 1
        if done.left is not None:
            self._leave(done.left, cause)
        row.append(done.before, cause=cause)
        if isinstance(control, controls.RequestWork):
            self._request(control, f"k{row.head}")
        event = {"type": "system", "content": {"note": type(control).__name__}}
        step = self._log_step(event, done.outcome, before, None, cause)
        if isinstance(control, controls.ReplaceState | controls.Rewind):
            row.supervision = supervisor.replaced(row.supervision, step.seq, row.snapshot.state_no)
        if done.after is not None:
            row.append(done.after, cause=cause)
        self.trace.on = row.traced_until > row.now_ms
        if isinstance(control, controls.SwitchTrace):
            self.trace("module", row.machine_name, before)
        elif isinstance(control, controls.Resume):
            self._release()
        elif isinstance(control, controls.Fork):
            self.played.reply = {"session": str(row.id), "at": control.at}
            for ref, call in row.calls.items():
                row.append(ToolCancelled(call=ref, name=call.tool, attempts=0), turn=call.turn, cause=cause)
            self._take_up(row.calls, cause)
        elif isinstance(control, controls.Rewind):
            self.played.reply = {"to": control.to}
            self._take_up(control.calls, cause)

    def _leave(self, left: Snapshot, cause: str | None) -> None:
        """What ran until now ends for good: calls are cancelled and fenced off, and whoever waits is told."""
        row, performing = self.row, Performing(self.row, cause)
        recovery.cancel_calls(performing)
        for ending, turn in performing.endings:
            row.append(ending, turn=turn, cause=cause)
        for waiting in left.postponed:
            if waiting.mark is not None:
                row.append(MessageRemoved(command=waiting.mark, why="rewound"), cause=cause)
        self.callers.exit("the session was rewound")
        if row.turn is not None:
            self._finish(row.turn, "cancelled")
        self.played.writes += performing.writes
        self.played.wakes += performing.wakes

    def _take_up(self, calls: Mapping[str, PendingCall], cause: str | None) -> None:
        """Tell the machine where it is: without the calls that it waited for here, and without time-outs."""
        for ref, call in list(calls.items()):
            if call.recorded:
                Performing(self.row, cause).forget(ref)
            else:
                cancelled = events.ToolFailed(ref=ref, tool=call.tool, reason="cancelled")
                self._play(Event(EventType.INFO, cancelled))
        self._play(Event(EventType.CAST, events.Branched(), mark=cause))

    def _request(self, control: controls.RequestWork, ref: str) -> None:
        """A background call of the session's own; that it was asked for stands in the log already."""
        row, performing = self.row, Performing(self.row, self._command_id())
        perform(CallTool(ref, control.tool, control.args, control.deadline_ms, background=True), performing)
        row.calls = {**row.calls, ref: replace(row.calls[ref], recorded=True)}
        self.played.writes += performing.writes
        self.played.wakes += performing.wakes
        self.played.reply = {"call": ref}

    def _record(self, ref: str, ended: EventContent) -> None:
        """A call of the session's own has ended: what it found becomes facts, the machine is not asked."""
        Performing(self.row, None).forget(ref)
        event = {"type": "system", "content": {"note": f"the call {ref} has ended"}}
        self._log_step(event, "recorded", self.row.snapshot.state, None, None)
        for fact in recording.facts_of(ended):
            self.row.append(fact)

    def _hold(self, event: Event) -> None:
        """While the session is suspended, events wait in it in the order in which they came (S68)."""
        row, cause = self.row, event.mark
        turn = row.turn.id if row.turn else None
        if cause is not None:
            self.played.seq, self.played.disposition = row.head + 1, "queued"
        for fact in suspension.hold(event, self.delivery, row):
            row.append(fact, turn=turn, cause=cause)
        self._log_step(dump_event(event), "queued", row.snapshot.state, turn, cause)

    def _release(self) -> None:
        """Handle what has waited, and the time-outs that fell due meanwhile, each in its place (S42)."""
        while self.row.held:
            self._look(self.row.held[0].at_ms)
            self._release_one()
        self._look(self.row.now_ms)

    def _release_one(self) -> None:
        row = self.row
        if not row.held:
            return  # a time-out has ended the session, and with it what waited
        first, row.held = row.held[0], row.held[1:]
        ref = first.ends_call
        if ref is not None and ref not in row.calls:
            self._discard(first, ref)
            return
        self.released = first
        self._play(first.event)
        self.released = None

    def _discard(self, held: Held, ref: str) -> None:
        """Cancelled by something that came before it: logged, never applied."""
        why = "the call was cancelled before its ending was handled"
        self.row.append(ToolResultDiscarded(call=ref, name=held.event.content.tool, attempt=0, why=why))
        self._log_step(dump_event(held.event), "discarded", self.row.snapshot.state, None, None)

    # --- one outcome ---------------------------------------------------------------------------------------------

    def _take(self, outcome: Outcome) -> bool:
        """Append what an outcome did. False: it crashed, and what the engine would do next does not count."""
        outcome = self._permitted(outcome)
        row, event = self.row, outcome.event
        ended = event.content if isinstance(event.content, events.ToolSucceeded | events.ToolFailed) else None
        performing = Performing(row, event.mark)
        if ended is not None:
            performing.forget(refs.known_as(row, ended.ref))
        running, opening = row.turn, self._opening(outcome)
        performing.turn = opening.id if opening else (running.id if running else None)
        crashed = outcome.crash is not None
        if crashed:
            outcome = self.recovery.after_crash(outcome, performing)
        else:
            self._perform(outcome, performing)
            outcome = self.recovery.after_stop(outcome, performing)
        interrupts = running is not None and event.mark is not None and opening is not None and bool(performing.endings)
        if opening is not None and (performing.disposition in {"busy", "queued"} or (running and not interrupts)):
            opening = None
        self._write(outcome, performing, opening, running if interrupts else None, ended)
        return not crashed

    def _permitted(self, outcome: Outcome) -> Outcome:
        """The machine chooses, the model permits: an arrow the model does not have is a bug in the machine."""
        if outcome.after.state_no == outcome.before.state_no:
            return outcome
        try:
            permits.check(
                self.row.machine_name,
                self.machine,
                outcome.before.state,
                outcome.after.state,
                reset=isinstance(outcome.event.content, events.ResetRequested),
            )
        except permits.NotPermitted as refused:
            unchanged = replace(outcome.before, event_no=outcome.after.event_no)
            return Outcome(outcome.event, outcome.before, unchanged, crash=refused)
        return outcome

    def _perform(self, outcome: Outcome, performing: Performing) -> None:
        for effect in outcome.commands:
            self.trace("out", effect)
            if isinstance(effect, Refuse):
                self._refused(effect, outcome, performing)
            elif isinstance(effect, Effect):
                perform(refs.outgoing(self.row, effect), performing)
            else:
                performing.facts.append(self.callers.reply(effect))

    def _refused(self, refused: Refuse, outcome: Outcome, performing: Performing) -> None:
        mark = outcome.event.mark
        if isinstance(outcome.event.content, events.Branched):
            return  # a machine need not know of branches
        if mark is not None and mark == self._command_id():
            detail = {"state": outcome.before.state, "allowed": list(refused.allowed)}
            raise CommandError("invalid_transition", refused.message, detail=detail)
        # A queued command that has no row any more when its time comes: the learner is told.
        performing.facts.append(OutputCommitted(text=refused.message, len=len(refused.message)))

    def _command_id(self) -> str | None:
        return self.delivery.command.id if self.delivery.command else None

    def _opening(self, outcome: Outcome) -> Turn | None:
        """The turn this outcome opens if nothing speaks against it. Its id is the seq of its ``turn.started``."""
        event, delivery, released = outcome.event, self.delivery, self.released
        by, opens_turn = (released.by, released.opens_turn) if released else (delivery.by, delivery.opens_turn)
        if outcome.postponed:
            return None
        new = self._command_id() if released is None else released.event.mark
        if event.mark is not None and event.mark != new:
            # A command that waited: its time has come, whatever brought it (a result, a time-out, a cancel).
            return Turn("", "learner", event.mark)
        if not opens_turn:
            return None
        if event.mark is not None:
            return Turn("", by, event.mark)
        if self.row.turn is None and event.type is not EventType.INFO:
            return Turn("", "timer" if event.type in statem.TIMEOUT_TYPES else by, None)
        return None

    def _write(
        self,
        outcome: Outcome,
        performing: Performing,
        opening: Turn | None,
        interrupted: Turn | None,
        ended: events.ToolSucceeded | events.ToolFailed | None,
    ) -> None:
        """Append an outcome's rows, in this order: the command, endings, turn, step, state, facts, the turn's end."""
        row, event, after = self.row, outcome.event, outcome.after
        changed = after.state_no != outcome.before.state_no
        closing = next((fact for fact in performing.facts if isinstance(fact, SessionClosed)), None)
        if closing is not None:
            # A machine that ends in a state of its own says so by the fact; the kernel closes the session with it.
            performing.facts.remove(closing)
            after = replace(after, stopped=closing.why)
        if after.stopped is not None:
            # Nothing wakes a closed session any more; whoever still waits is told (S17).
            recovery.cancel_calls(performing)
            self.callers.exit(after.stopped)
            for waiting in (*after.postponed, *after.queue, *(one.event for one in row.held)):
                if waiting.mark is not None:
                    performing.facts.append(MessageRemoved(command=waiting.mark, why=after.stopped))
            after = replace(after, timers={}, zero=(), queue=(), postponed=())
            row.held = ()
        row.snapshot = after
        row.hibernated_at = row.now_ms if outcome.hibernate and after.stopped is None else 0
        self._accept(event, performing.disposition, postponed=outcome.postponed)
        for ending, turn_id in performing.endings:
            row.append(ending, turn=turn_id, cause=event.mark)
        if interrupted is not None:
            self._finish(interrupted, "interrupted" if isinstance(event.content, events.UserMessage) else "cancelled")
        if opening is not None and (event.mark or performing.facts or changed or after.stopped or row.calls):
            self._open(opening)
        turn = row.turn
        if event.mark is not None and event.mark == self._command_id():
            waits = outcome.postponed and performing.disposition is None
            self.played.turn = turn.id if turn and not waits else None
            unsaid: Settled | None = "queued" if waits else None if self.delivery.opens_turn else "applied"
            self.played.disposition = performing.disposition or unsaid
        # Decided before the step is written, so that the step tells of it.
        finishing = turn if turn is not None and self._turn_is_over(turn) else None
        row.live = row.live and after.stopped is None
        if finishing is not None:
            row.turn = None
        # A command may act on a turn that another one opened: a cancel, or a message that is told to wait.
        turn_id, cause = (turn.id, event.mark or turn.cause) if turn else (None, event.mark)
        step = self._append_step(replace(outcome, after=after), turn_id, cause)
        if outcome.crash is None:
            row.supervision = supervisor.handled(row.supervision, step.seq, after.state_no)
        if changed and outcome.before.state != after.state:
            row.state_changed = True
            moved = StateChanged(from_=outcome.before.state, to=after.state, why=turns.name(event))
            row.append(moved, turn=turn_id, cause=cause)
        for fact in performing.facts:
            written = row.append(fact, turn=turn_id, cause=cause)
            if isinstance(fact, EventQuarantined):
                self.played.writes.append(recovery.quarantined(row, written, fact))
        if after.stopped is not None:
            row.append(SessionClosed(why=after.stopped), turn=turn_id, cause=cause)
        if finishing is not None:
            self._finish(finishing, turns.outcome_of(outcome, ended), turns.error_of(ended))
        self.played.writes += [
            Write(write.statement, {**write.row, "turn": turn_id}) if self._of_turn(write) else write
            for write in performing.writes
        ]
        self.played.wakes += performing.wakes

    @staticmethod
    def _of_turn(write: Write) -> bool:
        """Whether a row has to know its turn; a background call belongs to none."""
        return "turn" in write.row and not write.row["background"]

    def _open(self, opening: Turn) -> None:
        """Start a turn; its id is the seq of its ``turn.started``. Calls of this very outcome belong to it."""
        row = self.row
        turn = replace(opening, id=f"t{row.head + 1}")
        row.append(TurnStarted(by=turn.by, attempt=turn.attempt), turn=turn.id, cause=turn.cause)
        row.turn = turn
        row.calls = {
            ref: replace(call, turn=turn.id) if call.turn == "" else call  # None: a background call
            for ref, call in row.calls.items()
        }

    def _accept(self, event: Event, disposition: Settled | None, *, postponed: bool) -> None:
        """The learner's own words enter the log once, when they first arrive."""
        if event.mark is None or event.mark != self._command_id() or self.played.seq:
            return
        row, content = self.row, event.content
        running = row.turn.id if row.turn and disposition == "busy" else None
        text = content.text if isinstance(content, events.UserMessage) else self.delivery.text
        if text is None:
            self.played.seq = row.head + 1
            return
        accepted = row.append(
            MessageAccepted(text=text, disposition=disposition or "started"), turn=running, cause=event.mark
        )
        self.played.seq = accepted.seq
        if postponed:
            row.append(MessageQueued(text=text), cause=event.mark)

    def _turn_is_over(self, turn: Turn) -> bool:
        """No call of its own is pending, and nothing that it inserted waits to be handled."""
        snapshot = self.row.snapshot
        if snapshot.stopped is not None:
            return True
        if any(call.turn == turn.id for call in self.row.calls.values()):
            return False
        following = statem.pending(snapshot)
        return following is None or following[0].mark is not None

    def _finish(self, turn: Turn, outcome: TurnOutcome, error: str | None = None) -> None:
        self.row.append(TurnFinished(outcome=outcome, error=error), turn=turn.id, cause=turn.cause)
        if self.row.turn is turn:
            self.row.turn = None

    def _append_step(self, outcome: Outcome, turn_id: str | None, cause: str | None) -> log.Entry:
        restored = outcome.crash is not None and outcome.after.state_no != outcome.before.state_no
        result = (
            "restored" if restored else "crashed" if outcome.crash else "postponed" if outcome.postponed else "handled"
        )
        if outcome.after.stopped is not None:
            result = "stopped"
        return self._log_step(dump_event(outcome.event), result, outcome.before.state, turn_id, cause)

    def _log_step(
        self, event: dict[str, Any], outcome: str, before: str, turn_id: str | None, cause: str | None
    ) -> log.Entry:
        """Append a step that leads from what the log tells so far to what the row is now."""
        row, after = self.row, self.row.snapshot
        if row.traced_until <= row.now_ms:
            row.traced_until = 0
        kernel, data = row.kernel(), self.logged_data
        if after.data is not self.dumped or row.new:
            data, self.dumped = self.machine.dump(after.data), after.data
        step = Step(
            event=event,
            outcome=outcome,
            from_=before,
            to=after.state,
            state_no=after.state_no,
            event_no=after.event_no,
            patch=log.difference(self.logged_data, data),
            kernel=log.difference(self.logged_kernel, kernel),
        )
        written = row.append(step, turn=turn_id, cause=cause)
        self.logged_kernel, self.logged_data = kernel, data
        return written
