"""Every durable event of the protocol is a kind of interaction with a type, a version and a visibility."""

from __future__ import annotations

import pytest

from tutor.interactions import KINDS, Visibility

#: As the protocol lists them: kinds of one subject together.
PROTOCOL = {
    "session": ["started", "resumed", "paused", "closed", "forked", "rewound", "restored"],
    "message": ["accepted", "queued", "merged", "removed"],
    "turn": ["started", "recovering", "finished"],
    "tool": ["requested", "finished", "failed", "timed_out", "in_doubt", "cancelled", "result_discarded"],
    "answer": ["checked"],
    "output": ["committed"],
    "question": ["asked"],
    "hint": ["given"],
    "remediation": ["started", "finished"],
    "mastery": ["changed"],
    "file": ["uploaded", "ready", "failed"],
    "compaction": ["completed"],
    "observer": ["noted", "suggested", "said"],
    "state": ["changed"],
    "step": [""],
    "strategy": ["applied"],
    "event": ["quarantined", "crashed"],
    "policy": ["changed"],
}
KINDS_OF_PROTOCOL = [f"{subject}.{what}".rstrip(".") for subject, whats in PROTOCOL.items() for what in whats]
#: Who may see what is not the learner's.
OTHERS = {
    "tool.result_discarded": Visibility.OPERATOR,
    "observer.noted": Visibility.TEACHER,
    "observer.suggested": Visibility.TEACHER,
    "step": Visibility.OPERATOR,
    "strategy.applied": Visibility.OPERATOR,
    "event.quarantined": Visibility.OPERATOR,
}


@pytest.mark.parametrize("kind", KINDS_OF_PROTOCOL)
def test_it_has_a_type_a_version_and_a_visibility(kind: str) -> None:
    fact = KINDS[kind]

    assert fact.kind == kind
    assert fact.version >= 1
    assert fact.visibility is OTHERS.get(kind, Visibility.LEARNER)
    assert fact.__struct_config__.frozen
