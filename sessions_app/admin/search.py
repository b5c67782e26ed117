"""Finding sessions by what a person has at hand: a learner, a session's name, or (the beginning of) its id."""

from __future__ import annotations

import re
import uuid

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from sessions_app.models import Session

#: Learners that one term may stand for.
LEARNERS_FOUND = 1_000
_ID = re.compile(r"[0-9a-f]{8,32}")


def find(sessions: QuerySet[Session], term: str) -> QuerySet[Session]:
    """The sessions among these that a term means. Every way goes by an index of the sessions."""
    term = term.strip()
    if not term:
        return sessions
    found = Q(learner_id__in=_learners(term))
    digits = term.lower().replace("-", "")
    if _ID.fullmatch(digits):
        found |= Q(pk__range=(uuid.UUID(digits.ljust(32, "0")), uuid.UUID(digits.ljust(32, "f"))))
    learner, colon, _ = term.partition(":")
    if colon:
        # By default a name begins with its learner; then only that learner's sessions are read.
        named = Q(name__startswith=term)
        found |= named & Q(learner_id=int(learner)) if learner.isdecimal() and len(learner) < 10 else named
    return sessions.filter(found)


def _learners(term: str) -> list[int]:
    fields = ("username", "first_name", "last_name", "email")
    matching = Q()
    for field in fields:
        matching |= Q(**{f"{field}__icontains": term})
    return list(get_user_model()._default_manager.filter(matching).values_list("pk", flat=True)[:LEARNERS_FOUND])
