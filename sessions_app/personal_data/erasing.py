"""Erasure: every text of a learner goes, the proof of what happened stays (DESIGN rule 7).

One session is erased in one transaction: its log's texts, its row and all that ``places`` lists, or nothing. So whoever
dies half-way leaves whole sessions behind, and whoever goes on (``carry_out`` again, or the timer service) goes on with
the next one. A session is ended first, and its log is not written to any more but for results that come too late, which
say nothing of what was said.

Forks go before the session whose log they share: nobody's log is erased under a fork that still needs it.
"""

from __future__ import annotations

import contextlib
import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from sessions_app import system
from sessions_app.exceptions import ClosedSession, InsideTransaction, NotErasable, UnknownSession
from sessions_app.models import Erasure, Session
from sessions_app.personal_data import places

logger = logging.getLogger(__name__)

#: Erasing one session may take this long, in milliseconds: a long log is one large update.
_STATEMENT_MS = 600_000
#: Sessions listed at once.
_PAGE = 100
#: So long after an erasure its learner's sessions are looked for: no request is on its way for longer.
_LATE = timedelta(days=1)


class UnknownLearner(NotErasable):
    """There is no such user."""


class ForksFirst(NotErasable):
    """Other sessions go on from this one's log: they are erased with it or before it."""


# --- one session -------------------------------------------------------------------------------------------------


def erase_session(session: uuid.UUID, *, actor: str, why: str = "erased") -> int:
    """End a session and erase its text. Returns how many rows were cleared; 0: it was erased before.

    Raises ``UnknownSession``, ``ForksFirst``, ``InsideTransaction``; ``redis.RedisError`` where the text that is being
    written cannot be reached. Then its text stands as before.
    """
    if connection.in_atomic_block:
        raise InsideTransaction("erase outside of transactions: a session is ended by a commit of its own")
    if Session.objects.filter(pk=session, live=True).exists():
        with contextlib.suppress(ClosedSession):  # somebody else was faster
            system.end(session, why, actor=actor)
    for fleeting in places.fleeting():
        fleeting.clear(session)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_STATEMENT_MS}")
        # Stronger than the kernel's lock: a fork that is just being made has to be there before its parent goes.
        cursor.execute("SELECT erased_at IS NOT NULL FROM sessions_app_session WHERE id = %s FOR UPDATE", [session])
        found = cursor.fetchone()
        if found is None:
            raise UnknownSession(f"there is no session {session}")
        if found[0]:
            return 0
        if Session.objects.filter(parent_id=session, erased_at=None).exists():
            raise ForksFirst(f"session {session} has forks that share its log: erase them first, or with it")
        cleared = sum(place.clear(session) for place in places.of_sessions())
        Session.objects.filter(pk=session).update(erased_at=Now())
    logger.info("action=session.erased session=%s rows=%d why=%s", session, cleared, why)
    return cleared


# --- one learner -------------------------------------------------------------------------------------------------


def learner_of(text: str, *, by_name: bool = True) -> Any:
    """The user of a user name, or of a key. Raises ``UnknownLearner``."""
    users: Any = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: text}).first() if by_name else None
    if found is None and text.isascii() and text.isdigit() and len(text) < 19:
        found = users.filter(pk=int(text)).first()
    if found is None:
        raise UnknownLearner(f"there is no user {text!r}; give a user name, or the number of a user")
    return found


def sessions_of(learner: int) -> list[uuid.UUID]:
    """All sessions of a learner that have text, forks before what they go on from."""
    rows = Session.objects.filter(learner_id=learner, erased_at=None).order_by("-created_at")
    return list(rows.values_list("pk", flat=True))


def planned(learner: int, *, keeps_account: bool = False) -> list[tuple[str, int]]:
    """What an erasure would clear: each place in words with how many rows it has. Changes nothing."""
    sessions = sessions_of(learner)
    return [
        *((place.name, place.count(sessions)) for place in places.of_sessions()),
        *((place.name, place.count(sessions)) for place in places.fleeting()),
        *((place.name, place.count(learner)) for place in _of_learner(keeps_account=keeps_account)),
    ]


def _of_learner(*, keeps_account: bool) -> list[places.LearnerPlace]:
    return [place for place in places.of_learners() if not (place.account and keeps_account)]


def begin(learner: int, *, asked_by: str, keeps_account: bool = False) -> Erasure:
    """Note that a learner is to be erased, and close the account; the one that is under way, if there is one.

    Raises ``UnknownLearner``, and ``NotErasable`` for the account of somebody who works here.
    """
    users: Any = get_user_model()._default_manager
    with transaction.atomic():
        # Waits for sessions that are just being started, and lets them be seen.
        user = users.select_for_update().filter(pk=learner).first()
        if user is None:
            raise UnknownLearner(f"there is no user {learner}")
        if user.is_staff and not keeps_account:
            raise NotErasable(
                "this is the account of a teacher or an operator: keep the account, or take the rights first"
            )
        under_way = Erasure.objects.filter(learner_id=learner, finished_at=None).first()
        if under_way is not None:
            return under_way
        if not keeps_account:
            users.filter(pk=learner).update(is_active=False)
        return Erasure.objects.create(
            learner_id=learner, asked_by=asked_by, keeps_account=keeps_account, sessions=len(sessions_of(learner))
        )


def carry_out(erasure: Erasure) -> Iterator[Erasure]:
    """Erase what is left, and tell after each session. Whoever calls may stop at any time; another one goes on."""
    learner = erasure.learner_id
    try:
        for place in _of_learner(keeps_account=erasure.keeps_account):
            if place.before_logs:
                place.clear(learner)
        # Again until there are none: a start that was on its way when the account was closed may have come through.
        while sessions := sessions_of(learner)[:_PAGE]:
            for session in sessions:
                erase_session(session, actor=erasure.asked_by)
                erasure.erased = Session.objects.filter(learner_id=learner, erased_at__gte=erasure.asked_at).count()
                erasure.sessions = max(erasure.sessions, erasure.erased)
                erasure.save(update_fields=["erased", "sessions"])
                yield erasure
        for place in _of_learner(keeps_account=erasure.keeps_account):
            place.clear(learner)
    except Exception as error:
        Erasure.objects.filter(pk=erasure.pk).update(error=f"{type(error).__name__}: {error}")
        raise
    Erasure.objects.filter(pk=erasure.pk).update(error="", finished_at=Now())
    yield Erasure.objects.get(pk=erasure.pk)


def sweep() -> int:
    """Go on with erasures that nobody is at work on any more. Returns how many were finished."""
    finished = 0
    _open_again()
    for erasure in Erasure.objects.filter(finished_at=None).order_by("asked_at"):
        try:
            for _progress in carry_out(erasure):
                pass
        except Exception:
            # The others go on; this one says why on its page, and is tried again with the next sweep.
            logger.exception("action=erasure.failed erasure=%s", erasure.pk)
        else:
            finished += 1
    return finished


def _open_again() -> None:
    """A start that authenticated before the account was closed may commit after everything was erased."""
    late = Session.objects.filter(learner_id=OuterRef("learner_id"), erased_at=None)
    Erasure.objects.filter(
        Exists(late), finished_at__gt=Now() - _LATE, keeps_account=False, learner__is_active=False
    ).update(finished_at=None)
