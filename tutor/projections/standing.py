"""Which facts count: all but those that a rewind or a rollback took back. Nothing of them is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tutor.interactions import SessionRewound, TurnFinished
from tutor.projections.fact import Fact


def standing(newest_first: Iterable[Fact]) -> Iterator[Fact]:
    """The facts that count, newest first.

    Read backwards, a ``session.rewound`` says where reading goes on, and a turn's end whether it was rolled back: each
    comes before what it takes back. A rewind to a seq that an earlier one had taken back brings that part back.
    """
    goes_on_at: int | None = None
    turns: set[str | None] = set()
    causes: set[str] = set()
    for fact in newest_first:
        if goes_on_at is not None and fact.seq > goes_on_at:
            continue
        match fact.interaction if fact.kind in {"session.rewound", "turn.finished"} else None:
            case SessionRewound(to=to):
                goes_on_at = to
            case TurnFinished(outcome="rolled_back"):
                turns.add(fact.turn)
                if fact.cause is not None:
                    causes.add(fact.cause)
                continue
        if (fact.turn is not None and fact.turn in turns) or fact.cause in causes:
            continue
        yield fact


def in_order(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that count out of a whole log, both oldest first."""
    return list(standing(reversed(facts)))[::-1]
