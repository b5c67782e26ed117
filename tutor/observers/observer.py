"""What all observers have in common: a view that is folded from the log, and what it makes them say.

    @observer("hint_rush", on=["hint.given"])
    class HintRush(Observer):
        given: list[int] = []

        def see(self, one: Seen) -> Iterator[Remark]: ...

The fields are its view. They are kept as JSON between two looks and folded anew from the log whenever they are missing
or of another version, so they hold nothing that the log does not tell. An observer knows no clock, no database and no
other observer: what it says depends on the log alone (and ``tick`` on the time), however often it was looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import msgspec

from tutor.interactions import Interaction, Visibility
from tutor.observers.remark import Remark
from tutor.projections.fact import Fact


@dataclass(frozen=True, slots=True)
class Seen:
    """One interaction that an observer is shown."""

    seq: int
    #: When it happened, in milliseconds since 1970, by the database's clock.
    at_ms: int
    fact: Interaction


class Observer(msgspec.Struct):
    """Base of all observers; its subclasses' fields are their views (JSON values, with defaults)."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    #: Kinds of interactions that it is shown.
    reads: ClassVar[frozenset[str]] = frozenset()
    #: It is looked at after a commit with one of these kinds, and after every so many interactions (0: not by number).
    on: ClassVar[frozenset[str]] = frozenset()
    every: ClassVar[int] = 0
    #: How long one look may take, in seconds: on a busy machine, of which observers get what turns leave.
    timeout_s: ClassVar[float] = 30.0

    def see(self, one: Seen) -> Iterable[Remark]:
        """Take one interaction into the view; say what it shows, if anything. Each is shown once, in order."""
        return ()

    def tick(self, now_ms: int) -> Iterable[Remark]:
        """What the time alone shows. Asked at every look, and at ``wake_ms``."""
        return ()

    def wake_ms(self) -> int | None:
        """When it wants to be looked at although nothing happens; None: not at all."""
        return None


def visible(fact: Fact) -> bool:
    """Whether observers may look at a fact: what teachers may see, still has its text, and no observer wrote."""
    return fact.visibility <= Visibility.TEACHER and fact.payload is not None and not fact.kind.startswith("observer.")


def shown(fact: Fact) -> Seen:
    """A row as observers see it. Only of a ``visible`` one."""
    interaction = fact.interaction
    if interaction is None:
        raise ValueError(f"interaction {fact.seq} was erased; observers are not shown it")
    return Seen(fact.seq, milliseconds(fact.at), interaction)


def milliseconds(at: str) -> int:
    """ISO 8601 in milliseconds since 1970."""
    moment = datetime.fromisoformat(at)
    return int(moment.replace(microsecond=0).timestamp()) * 1_000 + moment.microsecond // 1_000
