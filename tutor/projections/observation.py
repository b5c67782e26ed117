"""What an observer looks at: everything a teacher may see and that counts, but for what observers wrote.

Each observer builds its own conclusions from it and needs no word from the others. What could tell who the learner is
stands nowhere in it: an observer may be a model, and its notes outlive the lesson.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tutor.interactions import Visibility
from tutor.projections.fact import Fact
from tutor.projections.standing import in_order
from tutor.redaction import redacted_value

VERSION = 2


def observation(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """``{"seq", "at", "turn", "kind", "d"}`` of each fact, in order; what was erased is left out."""
    return [{**seen, "d": redacted_value(seen["d"])} for seen in unredacted(facts)]


def unredacted(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """Version 1: the same, with what could tell who the learner is."""
    return [
        {"seq": fact.seq, "at": fact.at, "turn": fact.turn, "kind": fact.kind, "d": fact.plain}
        for fact in in_order(facts)
        if fact.visibility <= Visibility.TEACHER and fact.payload is not None and not fact.kind.startswith("observer.")
    ]
