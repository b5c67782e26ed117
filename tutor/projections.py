"""Views rebuilt from a session's log: pure folds over its rows. Nothing keeps them up to date; nothing has to."""

from __future__ import annotations

from collections.abc import Iterable

from tutor import interactions
from tutor.interactions import HintGiven, MessageAccepted, OutputCommitted, QuestionAsked

#: (kind, version, payload) of a row.
Fact = tuple[str, int, str]


def transcript(facts: Iterable[Fact]) -> list[dict[str, str]]:
    """What was said, as ``{"role": "learner" | "tutor", "text": …}`` in order."""
    lines: list[dict[str, str]] = []
    for kind, version, payload in facts:
        match interactions.decode(kind, version, payload):
            case MessageAccepted(text=text):
                lines.append({"role": "learner", "text": text})
            case OutputCommitted(text=text) | HintGiven(text=text):
                lines.append({"role": "tutor", "text": text})
            case QuestionAsked(prompt=prompt):
                lines.append({"role": "tutor", "text": prompt})
            case _:
                pass
    return lines
