"""The learner's transcript: what was said."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.interactions import HintGiven, MessageAccepted, ObserverSaid, OutputCommitted, QuestionAsked
from tutor.projections.fact import Fact
from tutor.projections.standing import in_order

VERSION = 1


def transcript(facts: Sequence[Fact]) -> list[dict[str, str]]:
    """What was said, as ``{"role": "learner" | "tutor", "text": Markdown}`` in order. What was erased is left out."""
    lines: list[dict[str, str]] = []
    for fact in in_order(facts):
        match fact.interaction:
            case MessageAccepted(text=text):
                lines.append({"role": "learner", "text": text})
            case OutputCommitted(text=text) | HintGiven(text=text) | ObserverSaid(text=text):
                lines.append({"role": "tutor", "text": text})
            case QuestionAsked(prompt=prompt):
                lines.append({"role": "tutor", "text": prompt})
            case _:
                pass
    return lines
