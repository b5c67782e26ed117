"""How the questions of a course do, counted from the logs of its sessions: what learners find hard, and where they err.

Read from the interactions that learners see, newest sessions first, up to ``MAX_SESSIONS``; nothing is stored beside
the logs, so nothing can tell another story than they do.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sessions_app.models import Interaction, Session
from tutor import course as content
from tutor import interactions
from tutor.interactions import AnswerChecked, HintGiven, QuestionAsked
from tutor.questions import find
from tutor.wrong_answers import Pattern, WrongAnswer, patterns

#: Sessions read for one page; older ones tell of older versions.
MAX_SESSIONS = 2_000
#: Wrong answers kept per question for finding what they have in common.
MAX_WRONG = 5_000
#: Learners who gave a wrong answer before it is worth an author's look.
MIN_LEARNERS = 5

_KINDS = (QuestionAsked.kind, AnswerChecked.kind, HintGiven.kind)
_ATTEMPTS = {"correct", "form_issue", "partial", "known_error", "wrong"}
_RIGHT = {"correct", "form_issue"}


@dataclass
class QuestionStatistics:
    """One question over all sessions that were read."""

    asked: int = 0
    #: Askings that got at least one attempt, and those whose first attempt was right and unaided.
    answered: int = 0
    right_at_once: int = 0
    attempts: int = 0
    hints: int = 0
    learners: set[int] = field(default_factory=set)
    known_errors: Counter[str] = field(default_factory=Counter)
    #: Wrong answers that no known error explains.
    unexplained: list[WrongAnswer] = field(default_factory=list)

    @property
    def p_value(self) -> float | None:
        """Share of right first attempts without help, 0 to 1; None where nobody tried."""
        return self.right_at_once / self.answered if self.answered else None

    @property
    def attempts_each(self) -> float | None:
        return self.attempts / self.answered if self.answered else None


@dataclass
class _Asking:
    """One question put to one learner, while its answers are read."""

    question: str
    seed: int | None
    attempts: int = 0
    hints: int = 0


def of_course(slug: str, question: str | None = None) -> dict[str, QuestionStatistics]:
    """Statistics by question id; of one ``question`` where it is named."""
    found: dict[str, QuestionStatistics] = defaultdict(QuestionStatistics)
    learners = _sessions(slug)
    for session, facts in groupby(_facts(list(learners)), key=lambda row: row[0]):
        _read(found, learners[session], (fact for _, fact in facts))
    return {key: one for key, one in found.items() if question is None or key == question}


def slips(course: content.Course, question_id: str, statistics: QuestionStatistics) -> list[Pattern]:
    """What the question's unexplained wrong answers have in common. Raises ``UnknownQuestion``."""
    topic, question = find(course, question_id)
    return patterns(course, topic, question, statistics.unexplained)


def _sessions(slug: str) -> dict[uuid.UUID, int]:
    rows = Session.objects.filter(course=slug)
    return dict(rows.order_by("-created_at").values_list("id", "learner_id")[:MAX_SESSIONS])


def _facts(sessions: list[uuid.UUID]) -> Iterator[tuple[uuid.UUID, Any]]:
    rows = Interaction.objects.filter(session_id__in=sessions, kind__in=_KINDS, payload__isnull=False)
    ordered = rows.order_by("session_id", "seq").values_list("session_id", "kind", "version", "payload")
    for session, kind, version, payload in ordered.iterator(chunk_size=5_000):
        yield session, interactions.decode(kind, version, payload or "{}")


def _read(found: dict[str, QuestionStatistics], learner: int, facts: Iterator[Any]) -> None:
    asking: _Asking | None = None
    for fact in facts:
        match fact:
            case QuestionAsked(question=question, seed=seed, part="main"):
                # After a remediation the same question is shown again: the asking goes on.
                if asking is None or asking.question != question or asking.seed != seed:
                    asking = _Asking(question, seed)
                    found[question].asked += 1
                    found[question].learners.add(learner)
            case HintGiven(question=question) if asking is not None and asking.question == question:
                asking.hints += 1
                found[question].hints += 1
            case AnswerChecked(question=question, part="main", verdict=verdict) if verdict in _ATTEMPTS:
                if asking is not None and asking.question == question:
                    _answered(found[question], asking, fact, learner)
            case _:
                pass


def _answered(one: QuestionStatistics, asking: _Asking, fact: AnswerChecked, learner: int) -> None:
    asking.attempts += 1
    one.attempts += 1
    if asking.attempts == 1:
        one.answered += 1
        one.right_at_once += fact.verdict in _RIGHT and not asking.hints
    if fact.known_error is not None:
        one.known_errors[fact.known_error] += 1
    elif fact.verdict == "wrong" and len(one.unexplained) < MAX_WRONG:
        one.unexplained.append(WrongAnswer(learner=learner, given=fact.answer, seed=asking.seed))
