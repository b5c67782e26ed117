"""One event, played in memory: every outcome it sets off becomes facts for the log and rows for the write.

Nothing here reads or writes the database. The caller holds the session's lock, gives the row and the delivery, and
writes what the row has collected.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
    waiting,
)
from sessions_app.collecting import collect
from sessions_app.delivery import Delivery, Settled, Write
from sessions_app.effects import Performing, perform
from sessions_app.exceptions import CommandError, FenceFirst
from sessions_app.played import Played
from sessions_app.recovery import History
from sessions_app.replies import Callers
from sessions_app.row import SUSPENDED, Held, SessionRow, Turn, dump_event
from sessions_app.step_log import StepLog, check_loaded
from sessions_app.tracing import Recorder
from tutor import events, statem
from tutor.effects import CallTool, Refuse
from tutor.events import EventContent
from tutor.interactions import (
    EventQuarantined,
    MessageAccepted,
    MessageMerged,
    MessageQueued,
    MessageRemoved,
    OutputCommitted,
    PolicyChanged,
    SessionClosed,
    SessionRestored,
    StateChanged,
    StrategyApplied,
    ToolCancelled,
    ToolResultDiscarded,
    TurnFinished,
    TurnOutcome,
    TurnStarted,
)
from tutor.statem import Effect, Event, EventType, Outcome, Snapshot

logger = logging.getLogger(__name__)


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
        self.steps = StepLog(row, machine)
        self.trace = Recorder(on=row.traced_until > row.now_ms)
        #: Commands that wait in the session, by their ids, as the log tells.
        self.waiting = row.waiting()
        #: The event being handled that had waited while the session was suspended.
        self.released: Held | None = None
        #: The event being handled takes the turn back that it interrupts.
        self.rolls_back = False
        #: Whose text may have been shown already, should it be cut short.
        self.running = None if row.new or row.turn is None else row.turn.id

    def run(self) -> Played:
        """Play the delivery; what was traced is its last row."""
        self._run()
        self.played.data, self.played.kernel = self.steps.data, self.steps.kernel
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
        if delivery.removes is not None:
            self._remove(delivery.removes)
            return
        if delivery.command is not None or delivery.content is not None:
            admission.check_live(row)
        cause = delivery.command.id if delivery.command else row.turn.cause if row.turn else None
        if delivery.by == "observer":
            cause = None  # as little as to a turn: what an observer says stands when the turn is rolled back
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
            if delivery.default_policy:
                content = waiting.with_policy(content, row.on_busy)
            if delivery.cancels is not None and not self._cancels(delivery.cancels):
                return
            admission.check_rested(row, delivery)
            event = Event(delivery.type, content, delivery.caller, mark=self._command_id())
            if delivery.caller is not None:
                self.callers.arrive(delivery.caller)
                self.played.reply = {"caller": delivery.caller}
            if row.status == SUSPENDED:
                self._hold(event)
            elif not self._merged(event):
                admission.check_busy(row, delivery, waiting.for_machine(event).content)
                self._handle(event)

    def _handle(self, event: Event) -> None:
        """Hand an event to the machine; the ending of a group's member to its group, which may have a word for it."""
        ended = event.content
        if isinstance(ended, events.ToolSucceeded | events.ToolFailed):
            call = self.row.calls.get(ended.ref)
            if call is not None and call.group is not None:
                whole = self._collect(event, ended, call.group)
                if whole is None:
                    return
                event = replace(event, content=whole)
        self._play(event)

    def _collect(
        self, event: Event, ended: events.ToolSucceeded | events.ToolFailed, group: str
    ) -> events.ToolsEnded | None:
        """Take a member's ending; the machine is not asked before the last of them."""
        row, performing = self.row, Performing(self.row, event.mark)
        call = performing.forget(ended.ref)
        if row.turn is not None and call is not None and call.turn == row.turn.id:
            row.turn = turns.after_call(row.turn, ended)
        whole = collect(ended, group, performing)
        for ending, turn in performing.endings:
            row.append(ending, turn=turn, cause=event.mark)
        self.played.writes += performing.writes
        self.played.wakes += performing.wakes
        if whole is None:
            turn = call.turn if call is not None else None
            self.steps.append(dump_event(event), "collected", row.snapshot.state, turn, event.mark)
        return whole

    def _merged(self, event: Event) -> bool:
        """Whether a message has joined the newest one that waits: it is handled with that one."""
        row, content = self.row, event.content
        into = waiting.merge(row, content) if event.mark is not None else None
        if into is None:
            return False
        accepted = row.append(MessageAccepted(text=content.text, disposition="merged"), cause=event.mark)
        row.append(MessageMerged(text=content.text, into=into), cause=event.mark)
        self.steps.append(dump_event(event), "merged", row.snapshot.state, None, event.mark)
        self.played.seq, self.played.disposition = accepted.seq, "merged"
        self.played.reply = {"into": into}
        return True

    def _remove(self, command: str) -> None:
        """Take a waiting command out of the queue, unless its time has come before."""
        row, cause = self.row, self._command_id()
        if not waiting.remove(row, command):
            self.played.disposition, self.played.reply = "noop", {"result": "too_late"}
            return
        self.played.seq = row.append(MessageRemoved(command=command, why="asked"), cause=cause).seq
        event = {"type": "system", "content": {"note": "Remove"}}
        self.steps.append(event, "removed", row.snapshot.state, None, cause)
        self.played.disposition, self.played.reply = "applied", {"result": "removed"}
        self.waiting = row.waiting()

    def _turn_of(self, delivery: Delivery) -> str | None:
        call = self.row.calls.get(delivery.ends_call or "")
        if call is not None:
            return call.turn
        return self.row.turn.id if self.row.turn and delivery.by != "observer" else None

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
        check_loaded(self.row)
        if event is not None:
            self.rolls_back = waiting.rolls_back(event.content)
            event = refs.for_machine(self.row, waiting.for_machine(event))
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
        controls.check(control, self.row)
        if isinstance(control, controls.Restart):
            self._restart(control)
            return
        if isinstance(control, controls.End):
            self._end(control)
            return
        row, cause = self.row, self._command_id()
        before = row.snapshot.state
        done = controls.carry_out(control, row, self.machine)
        self.played.seq = row.head + 1
        if done.left is not None:
            self._leave(done.left, cause)
            self.waiting = row.waiting()
        if isinstance(control, controls.RequestWork):
            for fact in control.because:
                row.append(fact, cause=cause)
        row.append(done.before, cause=cause)
        if isinstance(control, controls.RequestWork):
            self._request(control, f"k{row.head}")
        event = {"type": "system", "content": {"note": type(control).__name__}}
        step = self.steps.append(event, done.outcome, before, None, cause)
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
                # Its work goes on for the parent: what stands outside of the log is the parent's.
                for fact in recording.given_up(ref, call).facts:
                    row.append(fact, cause=cause)
            row.calls = {}
            self._take_up(control.endings, cause)
        elif isinstance(control, controls.Rewind):
            self.played.reply = {"to": control.to}
            self._take_up(control.endings, cause)

    def _leave(self, left: Snapshot, cause: str | None) -> None:
        """What ran until now ends for good: calls are cancelled and fenced off, and whoever waits is told."""
        row, performing = self.row, Performing(self.row, cause)
        recovery.cancel_calls(performing)
        for ending, turn in performing.endings:
            row.append(ending, turn=turn, cause=cause)
        for fact in performing.facts:
            row.append(fact, cause=cause)
        for event in left.postponed:
            if event.mark is not None:
                row.append(MessageRemoved(command=event.mark, why="rewound"), cause=cause)
        self.callers.exit("the session was rewound")
        if row.turn is not None:
            self._keep_shown(row.turn)
            self._finish(row.turn, "cancelled")
        self.played.writes += performing.writes
        self.played.wakes += performing.wakes

    def _take_up(self, endings: Sequence[EventContent], cause: str | None) -> None:
        """Tell the machine where it is: without the calls that it waited for here, and without time-outs."""
        for ending in endings:
            self._play(Event(EventType.INFO, ending))
        self._play(Event(EventType.CAST, events.Branched(), mark=cause))

    def _request(self, control: controls.RequestWork, ref: str) -> None:
        """A background call of the session's own; that it was asked for stands in the log already."""
        row, performing = self.row, Performing(self.row, self._command_id())
        perform(CallTool(ref, control.tool, control.args, control.deadline_ms, background=True), performing)
        row.calls = {**row.calls, ref: replace(row.calls[ref], recorded=True, about=control.about)}
        self.played.writes += performing.writes
        self.played.wakes += performing.wakes
        self.played.reply = {"call": ref, **(control.about or {})}

    def _record(self, ref: str, ended: EventContent) -> None:
        """A call of the session's own has ended: what it found becomes facts; the machine hears of it, if at all, by an
        event of its own."""
        call = Performing(self.row, None).forget(ref)
        event = {"type": "system", "content": {"note": f"the call {ref} has ended"}}
        self.steps.append(event, "recorded", self.row.snapshot.state, None, None)
        recorded = recording.recorded(ended, call.about if call is not None else None)
        for fact in recorded.facts:
            self.row.append(fact)
        self.played.writes += recorded.writes
        if recorded.news is None or type(recorded.news) not in getattr(self.machine, "hears", ()):
            return
        heard = Event(EventType.INFO, recorded.news)
        if self.row.status == SUSPENDED:
            self._hold(heard)
        else:
            self._handle(heard)

    def _restart(self, control: controls.Restart) -> None:
        """Begin again as after too many crashes, because somebody asked: in a turn of its own."""
        row, event = self.row, Event(EventType.INTERNAL, "Restart", mark=self._command_id())
        performing = Performing(row, event.mark)
        begun = recovery.begun_again(row, self.machine, row.snapshot)
        recovery.cancel_calls(performing)
        row.era += 1
        self.callers.exit(f"restarted by {control.actor}")
        performing.facts.append(SessionRestored(why=f"restarted by {control.actor}", state=begun.state))
        row.supervision = supervisor.Record()
        outcome = Outcome(event, row.snapshot, begun)
        self._write(outcome, performing, Turn("", "operator", event.mark), row.turn, None, result="restarted")
        self._play(None)

    def _end(self, control: controls.End) -> None:
        """Close the session, whatever its machine would say of it: it is not asked."""
        row, event = self.row, Event(EventType.INTERNAL, f"End by {control.actor}", mark=self._command_id())
        outcome = Outcome(event, row.snapshot, replace(row.snapshot, stopped=control.why))
        self._write(outcome, Performing(row, event.mark), None, row.turn, None)
        self.played.disposition = "applied"

    def _hold(self, event: Event) -> None:
        """While the session is suspended, events wait in it in the order in which they came (S68)."""
        row, cause = self.row, event.mark
        turn = row.turn.id if row.turn else None
        if cause is not None:
            self.played.seq, self.played.disposition = row.head + 1, "queued"
        for fact in suspension.hold(event, self.delivery, row):
            row.append(fact, turn=turn, cause=cause)
        self.waiting = row.waiting()
        self.steps.append(dump_event(event), "queued", row.snapshot.state, turn, cause)

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
        self._handle(first.event)
        self.released = None

    def _discard(self, held: Held, ref: str) -> None:
        """Cancelled by something that came before it: logged, never applied."""
        why = "the call was cancelled before its ending was handled"
        self.row.append(ToolResultDiscarded(call=ref, name=held.event.content.tool, attempt=0, why=why))
        self.steps.append(dump_event(held.event), "discarded", self.row.snapshot.state, None, None)

    # --- one outcome ---------------------------------------------------------------------------------------------

    def _take(self, outcome: Outcome) -> bool:
        """Append what an outcome did. False: it crashed, and what the engine would do next does not count."""
        outcome = self._permitted(outcome)
        row, event = self.row, outcome.event
        ended = event.content if isinstance(event.content, events.ToolSucceeded | events.ToolFailed) else None
        performing = Performing(row, event.mark, *self._acting(event))
        if ended is not None:
            call = performing.forget(refs.known_as(row, ended.ref))
            if row.turn is not None and call is not None and call.turn == row.turn.id:
                row.turn = turns.after_call(row.turn, ended)
        running, opening = row.turn, self._opening(outcome)
        performing.turn = opening.id if opening else (running.id if running else None)
        performing.attempt = opening.attempt if opening else (running.attempt if running else 1)
        crashed = outcome.crash is not None
        if crashed:
            outcome = self.recovery.after_crash(outcome, performing)
        else:
            self._perform(outcome, performing)
            outcome = self.recovery.after_stop(outcome, performing)
        interrupts = running is not None and event.mark is not None and opening is not None and bool(performing.endings)
        if opening is not None and (performing.disposition in {"busy", "queued"} or (running and not interrupts)):
            opening = None
        if isinstance(event.content, events.News) and not performing.facts:
            opening = None  # the machine has taken note and says nothing
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

    def _acting(self, event: Event) -> tuple[str, int | None]:
        """In which role, and as which user, the machine's effects are asked for; the learner's where it is nobody's."""
        delivery = self.delivery
        own = self.released is None and (event.mark is None or event.mark == self._command_id())
        return (delivery.by, delivery.user) if own and delivery.user is not None else ("learner", None)

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
        if isinstance(event.content, events.News):
            return None if self.row.turn else Turn("", by, None)
        if not opens_turn:
            return None
        if event.mark is not None:
            return Turn("", by, event.mark, delivery.attempt)
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
        result: str | None = None,
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
            after = self._ended(after, performing)
        row.snapshot = after
        self._count_waiting(event, performing)
        row.hibernated_at = row.now_ms if outcome.hibernate and after.stopped is None else 0
        self._accept(event, performing.disposition, postponed=outcome.postponed)
        for ending, turn_id in performing.endings:
            row.append(ending, turn=turn_id, cause=event.mark)
        cut_short = ended is None and row.turn is not None and any(of == row.turn.id for _, of in performing.endings)
        if cut_short and row.turn is not None:
            self._keep_shown(row.turn)
        if interrupted is not None:
            self._finish(interrupted, turns.outcome_of_cancelled(outcome, rolls_back=self.rolls_back))
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
        step = self._append_step(replace(outcome, after=after), result, turn_id, cause)
        if outcome.crash is None:
            row.supervision = supervisor.handled(row.supervision, step.seq, after.state_no)
        if changed and outcome.before.state != after.state:
            row.state_changed = True
            moved = StateChanged(from_=outcome.before.state, to=after.state, why=turns.name(event))
            row.append(moved, turn=turn_id, cause=cause)
        self._append_facts(performing, turn_id, cause)
        if after.stopped is not None:
            row.append(SessionClosed(why=after.stopped), turn=turn_id, cause=cause)
        if finishing is not None:
            how = turns.outcome_of(replace(outcome, after=after), ended)
            if cut_short and interrupted is None:
                how = turns.outcome_of_cancelled(outcome, rolls_back=self.rolls_back)
            self._finish(finishing, how, turns.error_of(ended))
        self.played.writes += [
            Write(write.statement, {**write.row, "turn": turn_id}) if self._of_turn(write) else write
            for write in performing.writes
        ]
        self.played.wakes += performing.wakes

    def _append_facts(self, performing: Performing, turn_id: str | None, cause: str | None) -> None:
        for fact in performing.facts:
            written = self.row.append(fact, turn=turn_id, cause=cause)
            if isinstance(fact, EventQuarantined):
                self.played.writes.append(recovery.quarantined(self.row, written, fact))

    def _ended(self, after: Snapshot, performing: Performing) -> Snapshot:
        """Nothing wakes a closed session any more; whoever still waits is told (S17)."""
        recovery.cancel_calls(performing)
        self.callers.exit(str(after.stopped))
        self.row.held = ()
        return replace(after, timers={}, zero=(), queue=(), postponed=())

    def _count_waiting(self, event: Event, performing: Performing) -> None:
        """What is neither handled now nor waits any more was given up: by an end, or by going back to another state."""
        waiting_now = self.row.waiting()
        gone = [mark for mark in self.waiting if mark not in waiting_now and mark != event.mark]
        why = self.row.snapshot.stopped or "restored"
        performing.facts += [MessageRemoved(command=mark, why=why) for mark in gone]
        self.waiting = waiting_now

    def _keep_shown(self, turn: Turn) -> None:
        """Of a turn that is cut short, what was shown stays. Raises ``FenceFirst`` where nobody has made sure of it."""
        if turn.id != self.running:
            return  # it has begun in this very delivery
        fenced = self.delivery.fenced
        if fenced is None or fenced.turn != turn.id:
            raise FenceFirst(turn.id)
        if fenced.text:
            shown = OutputCommitted(text=fenced.text, partial=True, len=len(fenced.text), attempt=fenced.attempt)
            self.row.append(shown, turn=turn.id, cause=turn.cause)

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
        if text is None or self.delivery.attempt > 1:
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
        self.row.append(TurnFinished(outcome=outcome, error=error, usage=turn.usage), turn=turn.id, cause=turn.cause)
        if self.row.turn is turn:
            self.row.turn = None

    def _append_step(self, outcome: Outcome, result: str | None, turn_id: str | None, cause: str | None) -> log.Entry:
        restored = outcome.crash is not None and outcome.after.state_no != outcome.before.state_no
        result = result or (
            "restored" if restored else "crashed" if outcome.crash else "postponed" if outcome.postponed else "handled"
        )
        if outcome.after.stopped is not None:
            result = "stopped"
        return self.steps.append(dump_event(outcome.event), result, outcome.before.state, turn_id, cause)
