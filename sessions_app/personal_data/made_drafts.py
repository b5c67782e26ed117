"""Drafts of courses that were begun from a learner's wrong answer (``tutor.new_known_error``).

A draft whose wrong answer enough other learners gave, too, is not this learner's: it stays. A published version is the
work of an author, who answers for what it says; it never changes.
"""

from __future__ import annotations

from sessions_app import question_statistics
from sessions_app.models import Interaction
from sessions_app.question_statistics import MIN_LEARNERS
from tutor import interactions
from tutor.checking.wording import folded
from tutor.interactions import AnswerChecked
from tutor.models import CourseDraft

#: How the note of such a draft reads: the wrong answer, this, the question.
OF = " as a known error of "


def count(learner: int) -> int:
    """How many there are."""
    return len(_of_learner(learner))


def delete(learner: int) -> int:
    """Delete them. Returns how many there were."""
    deleted, _ = CourseDraft.objects.filter(pk__in=_of_learner(learner)).delete()
    return int(deleted)


def _of_learner(learner: int) -> list[int]:
    found = []
    for draft in CourseDraft.objects.filter(note__contains=OF).only("pk", "slug", "note"):
        match, _, question = draft.note.rpartition(OF)
        if _gave(learner, draft.slug, question, match) and _others(learner, draft.slug, question, match) < MIN_LEARNERS:
            found.append(draft.pk)
    return found


def _same(given: str, match: str) -> bool:
    return folded(given, case=False) == folded(match, case=False) or "".join(given.split()) == match


def _gave(learner: int, course: str, question: str, match: str) -> bool:
    rows = Interaction.objects.filter(
        session__learner_id=learner, session__course=course, kind=AnswerChecked.kind, payload__isnull=False
    )
    for version, payload in rows.values_list("version", "payload").iterator(chunk_size=500):
        fact = interactions.decode(AnswerChecked.kind, version, payload or "{}")
        if isinstance(fact, AnswerChecked) and fact.question == question and _same(fact.answer, match):
            return True
    return False


def _others(learner: int, course: str, question: str, match: str) -> int:
    statistics = question_statistics.of_course(course, question).get(question)
    unexplained = statistics.unexplained if statistics is not None else []
    return len({one.learner for one in unexplained if one.learner != learner and _same(one.given, match)})
