"""Time: a question that nobody answers, a lesson that goes on for too long."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.interactions import StateChanged
from tutor.observers.observer import Observer, Seen
from tutor.observers.registry import observer
from tutor.observers.remark import Remark, to_teacher, to_tutor

#: Silence while a question is open that a teacher should know of, in milliseconds.
IDLE_MS = 300_000
#: Work without a break after which one is due, in milliseconds.
LONG_MS = 45 * 60_000
#: A silence longer than this was a break, in milliseconds.
BREAK_MS = 10 * 60_000
#: Where nobody is at work.
_RESTING = {"paused", "completed", "error_state"}


@observer("time_keeper", on=["state.changed", "message.accepted", "hint.given", "session.closed", "session.resumed"])
class TimeKeeper(Observer):
    """Looks at the clock, and at nothing else."""

    state: str = ""
    #: Where something last happened.
    last: int = 0
    last_ms: int = 0
    #: Where the work began that has gone on since, without a break.
    began: int = 0
    began_ms: int = 0
    #: What was told already: of this silence, of this stretch of work.
    idle_told: bool = False
    long_told: bool = False

    def see(self, one: Seen) -> Iterator[Remark]:
        """Something has happened."""
        silence = one.at_ms - self.last_ms
        if self.state == "awaiting_answer" and silence >= IDLE_MS and not self.idle_told:
            yield self._idle()  # nobody looked in time; a teacher reads it later
        if not self.began or silence > BREAK_MS or self.state in _RESTING:
            self.began, self.began_ms, self.long_told = one.seq, one.at_ms, False
        self.last, self.last_ms, self.idle_told = one.seq, one.at_ms, False
        if isinstance(one.fact, StateChanged):
            self.state = one.fact.to
        elif one.fact.kind == "session.closed":
            self.state = "completed"
        if self.state not in _RESTING and not self.long_told and one.at_ms - self.began_ms >= LONG_MS:
            self.long_told = True
            minutes = (one.at_ms - self.began_ms) // 60_000
            yield to_teacher("long_lesson", f"{minutes} minutes of work without a break.", self.began, one.seq)
            advice = "The lesson has been long. Offer a break at the next good place; everything is kept."
            yield to_tutor("long_lesson", advice, self.began, one.seq)

    def tick(self, now_ms: int) -> Iterator[Remark]:
        """Nothing has happened."""
        due = self.wake_ms()
        if due is not None and now_ms >= due:
            self.idle_told = True
            yield self._idle()

    def _idle(self) -> Remark:
        minutes = IDLE_MS // 60_000
        return to_teacher("idle", f"A question was open for {minutes} minutes without a word.", self.last)

    def wake_ms(self) -> int | None:
        """When this silence will be long enough to tell of it."""
        if self.state != "awaiting_answer" or self.idle_told:
            return None
        return self.last_ms + IDLE_MS
