"""What the kernel promises, in a page of Python: one session of ``tests.patient_machine`` without any database.

It decides for itself what is said, which turns there are and how calls end; the model-based test compares.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sessions_app.conf import QUEUE_MESSAGES
from sessions_app.recovery import CRASH_TEXT
from tests import patient_machine as machine
from tools_app.conf import MAX_ATTEMPTS

#: The monitor leaves a worker's own deadline this long, in seconds.
GRACE_S = 1


class Refused(Exception):
    """A command is not accepted: the code of its error."""


@dataclass
class Turn:
    """Who caused it; how it ended, None while it runs."""

    cause: str | None
    outcome: str | None = None


@dataclass
class Call:
    """A tool call; ``ending`` is None until its only one."""

    ref: str
    text: str
    deadline_s: float
    attempt: int = 0
    owner: str | None = None
    ending: str | None = None


@dataclass(frozen=True)
class Reply:
    """What the sender of an accepted command is told, now and whenever it sends the same again."""

    disposition: str
    digest: bytes


@dataclass
class ReferenceSession:
    """A session as it should be. Times are seconds of the model's clock."""

    live: bool = True
    policy: str = "reject"
    queue: list[tuple[str, str]] = field(default_factory=list)
    due_s: dict[str, float] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    #: (command, disposition) of every message in the log, in order.
    accepted: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    discarded: int = 0

    @property
    def pending(self) -> Call | None:
        """The call that locks the conversation."""
        return self.calls[-1] if self.calls and self.calls[-1].ending is None else None

    @property
    def state(self) -> str:
        """The machine's state."""
        return machine.WORKING if self.pending else machine.IDLE

    @property
    def turn(self) -> Turn | None:
        """The running turn."""
        return self.turns[-1] if self.turns and self.turns[-1].outcome is None else None

    # --- commands ------------------------------------------------------------------------------------------------

    def known(self, command: str, digest: bytes) -> Reply | None:
        """The first reply of a command that came before. Raises ``Refused(id_reused)`` if it was another one."""
        before = self.replies.get(command)
        if before is not None and before.digest != digest:
            raise Refused("id_reused")
        return before

    def message(self, command: str, digest: bytes, text: str, policy: str | None, now_s: float) -> Reply:
        """A learner's message."""
        if not self.live:
            raise Refused("invalid_transition")
        policy = policy or self.policy
        disposition = "started"
        if self.pending is not None:
            if policy == "queue" and len(self.queue) >= QUEUE_MESSAGES:
                raise Refused("queue_full")
            disposition = {"reject": "busy", "queue": "queued", "interrupt": "started"}[policy]
        self.accepted.append((command, disposition))
        if disposition == "busy":
            self.said.append(machine.WAIT_TEXT)
        elif disposition == "queued":
            self.queue.append((command, text))
        else:
            if self.pending is not None:
                self._end_call("cancelled")
                self._finish("interrupted")
            self._begin(command, text, now_s)
            self._take_from_queue(now_s)
        return self._remember(command, digest, disposition)

    def cancel(self, command: str, digest: bytes, now_s: float) -> Reply:
        """Cancel whatever runs."""
        if not self.live:
            raise Refused("invalid_transition")
        if self.pending is None:
            return self._remember(command, digest, "noop")
        self._settle(machine.STOPPED_TEXT, "cancelled", "cancelled", now_s)
        return self._remember(command, digest, "applied")

    def set_policy(self, command: str, digest: bytes, policy: str) -> Reply:
        """The session's own policy."""
        self.policy = policy
        return self._remember(command, digest, "applied")

    def end(self, command: str, digest: bytes) -> Reply:
        """The session is closed; whoever waits is told."""
        if not self.live:
            raise Refused("invalid_transition")
        cut_short = self.pending is not None
        if cut_short:
            self._end_call("cancelled")
        if self.turn is None:
            self.turns.append(Turn(command))
        self._finish("cancelled" if cut_short else "completed")
        self.removed += [waiting for waiting, _ in self.queue]
        self.queue, self.due_s, self.live = [], {}, False
        return self._remember(command, digest, "started")

    def _remember(self, command: str, digest: bytes, disposition: str) -> Reply:
        self.replies[command] = Reply(disposition, digest)
        return self.replies[command]

    # --- tools ---------------------------------------------------------------------------------------------------

    def result(self, call: Call, attempt: int, ending: str, text: str, now_s: float) -> bool:
        """A worker's result. False: another attempt owns the call, so it is stale."""
        if call.ending is not None:
            self.discarded += 1
            return True
        if call.attempt != attempt or call.owner is None:
            return False
        self._settle(text, ending, "completed" if ending == "finished" else "failed", now_s)
        return True

    def superseded(self) -> None:
        """The worker reports its stale result: it is logged."""
        self.discarded += 1

    def lose(self, call: Call, now_s: float) -> None:
        """The monitor finds a call without a living worker."""
        if call.attempt < MAX_ATTEMPTS:
            call.owner = None
        else:
            self._settle("It failed: lost_contact.", "failed", "failed", now_s)

    def overdue(self, call: Call, now_s: float) -> None:
        """The monitor ends a call whose deadline has passed."""
        if now_s > call.deadline_s + GRACE_S:
            self._settle("It failed: timeout.", "timed_out", "timed_out", now_s)

    # --- time-outs -----------------------------------------------------------------------------------------------

    def look(self, now_s: float) -> None:
        """Handle what is due, each as an event of its own."""
        for name in sorted(self.due_s, key=lambda name: self.due_s[name]):
            if self.due_s.get(name, now_s + 1) > now_s:
                continue
            if name == "patience":
                self._settle(machine.IMPATIENT_TEXT, "cancelled", "timed_out", now_s)
                continue
            del self.due_s[name]
            self.due_s.pop("quiet", None)  # an event has come
            self.said.append(machine.NUDGE_TEXT if name == "nudge" else machine.QUIET_TEXT)
            if self.turn is None:
                self.turns.append(Turn(None, "completed"))

    # --- what the machine does -----------------------------------------------------------------------------------

    def _begin(self, command: str, text: str, now_s: float) -> None:
        self.turns.append(Turn(command))
        if text == "crash":
            # The event is taken and changes nothing, not even the event time-out.
            self.said.append(CRASH_TEXT)
            self._finish("failed")
            return
        self.due_s.pop("quiet", None)
        ref = f"c{len(self.calls) + 1}"
        self.calls.append(Call(ref, text, now_s + machine.DEADLINE_MS / 1_000))
        self.due_s["patience"] = now_s + machine.PATIENCE_MS / 1_000

    def _settle(self, text: str, ending: str, outcome: str, now_s: float) -> None:
        self._end_call(ending)
        self.said.append(text)
        self.due_s["nudge"] = now_s + machine.NUDGE_MS / 1_000
        self.due_s["quiet"] = now_s + machine.QUIET_MS / 1_000
        self._finish(outcome)
        self._take_from_queue(now_s)

    def _take_from_queue(self, now_s: float) -> None:
        while self.queue and self.pending is None:
            self._begin(*self.queue.pop(0), now_s)

    def _end_call(self, ending: str) -> None:
        self.calls[-1].ending = ending
        self.due_s.pop("patience", None)

    def _finish(self, outcome: str) -> None:
        self.turns[-1].outcome = outcome
