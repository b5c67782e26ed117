"""What one delivery came to, in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sessions_app.delivery import Delivered, Settled, Wake, Write
from sessions_app.row import SessionRow


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
