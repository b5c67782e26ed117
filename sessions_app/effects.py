"""Performing what a machine asks for: open dispatch on the effect's type.

The kernel knows ``Record`` and ``Disposition``. Other apps add their effects with ``@perform.register`` and never touch
the kernel. Performing is bookkeeping in memory: facts and rows for the one write of the commit, hints for after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch

from sessions_app.delivery import Settled, Wake, Write
from sessions_app.row import PendingCall, SessionRow
from tutor.effects import Disposition, Record
from tutor.interactions import Interaction
from tutor.statem import Effect


@dataclass(slots=True)
class Performing:
    """One outcome's effects on the way into the commit."""

    row: SessionRow
    #: The client command behind it.
    cause: str | None
    #: In which role somebody acts, and as which user where it is not the session's learner.
    role: str = "learner"
    user: int | None = None
    facts: list[Interaction] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    disposition: Settled | None = None
    #: Turn that new calls belong to.
    turn: str | None = None
    #: The attempt with which the next text of that turn begins.
    attempt: int = 1
    #: Endings of calls that this outcome put an end to, with the turn each belonged to.
    endings: list[tuple[Interaction, str | None]] = field(default_factory=list)

    def track(self, ref: str, tool: str, *, background: bool, group: str | None = None) -> None:
        """Remember a call until its ending arrives."""
        call = PendingCall(tool, None if background else self.turn, background, group=group)
        self.row.calls = {**self.row.calls, ref: call}

    def forget(self, ref: str) -> PendingCall | None:
        """The call has ended or is not wanted any more."""
        call = self.row.calls.get(ref)
        self.row.calls = {known: pending for known, pending in self.row.calls.items() if known != ref}
        return call


@singledispatch
def perform(effect: Effect, performing: Performing) -> None:
    """Perform one effect. Raises ``TypeError`` for one that nobody registered."""
    raise TypeError(f"nobody performs {type(effect).__name__}; register it with sessions_app.effects.perform")


@perform.register
def _(effect: Record, performing: Performing) -> None:
    performing.facts.append(effect.interaction)


@perform.register
def _(effect: Disposition, performing: Performing) -> None:
    performing.disposition = effect.value
