"""One row of a log as projections see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tutor import interactions
from tutor.interactions import Interaction


@dataclass(frozen=True, slots=True)
class Fact:
    """A row: what a projection may use of it. ``payload`` None: its text was erased."""

    seq: int
    kind: str
    version: int
    #: ISO 8601, UTC, microseconds.
    at: str
    visibility: int
    turn: str | None
    #: The client command behind it.
    cause: str | None
    payload: str | None

    @property
    def interaction(self) -> Interaction | None:
        """The typed fact, brought up to date; None where its text was erased."""
        return None if self.payload is None else interactions.decode(self.kind, self.version, self.payload)

    @property
    def plain(self) -> dict[str, Any] | None:
        """The payload as JSON values, brought up to date, without the defaults of fields that came later."""
        return None if self.payload is None else interactions.plain(self.kind, self.version, self.payload)
