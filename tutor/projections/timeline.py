"""The teacher's timeline: everything a teacher may see, also what was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tutor.interactions import Visibility
from tutor.projections.fact import Fact
from tutor.projections.standing import standing

VERSION = 1


def timeline(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """``{"seq", "at", "turn", "kind", "stands", "d"}`` of each fact, in order.

    ``stands`` is False where a rewind or a rollback took it back; ``d`` is None where its text was erased.
    """
    counted = {fact.seq for fact in standing(reversed(facts))}
    return [
        {
            "seq": fact.seq,
            "at": fact.at,
            "turn": fact.turn,
            "kind": fact.kind,
            "stands": fact.seq in counted,
            "d": fact.plain,
        }
        for fact in facts
        if fact.visibility <= Visibility.TEACHER
    ]
