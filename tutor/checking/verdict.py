"""What the checker says of an answer."""

from __future__ import annotations

import msgspec

from tutor.interactions import Verdict as VerdictName


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict and what made it. Only correct, form_issue, partial, known_error and wrong count as an attempt."""

    verdict: VerdictName
    #: Which known error of the course was recognised.
    known_error: str | None = None
    #: One sentence for the learner: what is wrong with the form, where to look. Never the answer.
    feedback: str = ""
    #: For ``malformed``: a stable code such as ``not_a_number``.
    code: str | None = None
    #: For ``not_an_answer``: one of ``tutor.intent.classify``.
    intent: str | None = None
    #: 0 to 1, for ``partial``.
    score: float | None = None
    #: For ``partial``: the parts that are right, as the format names them (coordinates, pairs, points of a rubric).
    parts: list[str] = []
    #: A word to the teacher about the answer; learners never see it.
    note: str = ""

    @property
    def counts(self) -> bool:
        """Whether this is an attempt at the question."""
        return self.verdict in {"correct", "form_issue", "partial", "known_error", "wrong"}
