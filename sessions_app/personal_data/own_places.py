"""The kernel's own places of text (``places``), registered when the app is ready."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import Q, QuerySet

from sessions_app import log
from sessions_app.models import AccessToken, Call, Command, Interaction, Quarantine, Session, Timer
from sessions_app.output import buffer
from sessions_app.personal_data import made_drafts, uploaded_files
from sessions_app.personal_data.places import PAGE_ROWS, FleetingPlace, LearnerPlace, SessionPlace, register, rows_of
from tutor import interactions
from tutor.interactions import Visibility

# --- the log and the row -----------------------------------------------------------------------------------------


def _texts(sessions: Sequence[uuid.UUID]) -> int:
    return Interaction.objects.filter(session_id__in=sessions, payload__isnull=False).count()


def _erase_log(session: uuid.UUID) -> int:
    """The one change that the log permits; hashes, commitments, kinds and times stay as the proof."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_interaction SET payload = NULL, salt = NULL"
            " WHERE session_id = %s AND payload IS NOT NULL",
            [session],
        )
        return int(cursor.rowcount)


def _interactions(session: uuid.UUID) -> Iterator[dict[str, Any]]:
    """The session's own rows: what a fork shares with its parent stands with the parent."""
    after = 0
    rows = Interaction.objects.filter(session_id=session).order_by("seq")
    columns = ("seq", "kind", "version", "at", "visibility", "turn", "cause", "payload")
    while page := list(rows.filter(seq__gt=after).values_list(*columns)[:PAGE_ROWS]):
        after = page[-1][0]
        for seq, kind, version, at, visibility, turn, cause, payload in page:
            yield {
                "seq": seq,
                "at": log.iso(log.microseconds(at)),
                "kind": kind,
                "version": version,
                "for": Visibility(visibility).name.lower() if visibility in set(Visibility) else visibility,
                "turn": turn,
                "cause": cause,
                "payload": None if payload is None else interactions.plain(kind, version, payload),
            }


def _empty_row(session: uuid.UUID) -> int:
    """What machine and kernel remember, and supervision's pointers into a log that cannot be folded any more."""
    return Session.objects.filter(pk=session).update(data={}, kernel={}, armed={}, supervision={})


def _rows_with_data(sessions: Sequence[uuid.UUID]) -> int:
    return Session.objects.filter(pk__in=sessions).exclude(data={}, kernel={}).count()


# --- what belongs to no session ----------------------------------------------------------------------------------


def _admin_log(learner: int) -> QuerySet[LogEntry]:
    """What the admin noted about the learner, their sessions, or what they themselves did there."""
    sessions = [str(pk) for pk in Session.objects.filter(learner_id=learner).values_list("pk", flat=True)]
    of_user = ContentType.objects.get_for_model(get_user_model())
    of_session = ContentType.objects.get_for_model(Session)
    about = Q(content_type=of_user, object_id=str(learner)) | Q(content_type=of_session, object_id__in=sessions)
    return LogEntry.objects.filter(about | Q(user_id=learner)).exclude(object_repr="erased", change_message="")


def _erased_name(learner: int) -> str:
    return f"erased-{learner}"


def _account(learner: int) -> QuerySet[Any]:
    users: Any = get_user_model()._default_manager
    return users.filter(pk=learner).exclude(**{get_user_model().USERNAME_FIELD: _erased_name(learner)})  # type: ignore[no-any-return]


def _clear_account(learner: int) -> int:
    """The row stays, for sessions point at it; nothing in it says whose it was, and nobody logs in with it."""
    model: Any = get_user_model()
    user = model._default_manager.filter(pk=learner).first()
    if user is None:
        return 0
    setattr(user, model.USERNAME_FIELD, _erased_name(learner))
    for name in ("first_name", "last_name", "email"):
        if hasattr(user, name):
            setattr(user, name, "")
    user.is_active, user.last_login = False, None
    user.set_unusable_password()
    user.save()
    return 1


def register_all() -> None:
    """Register them, in the order in which a person would want to read of them."""
    register(
        SessionPlace("the interaction log", _texts, _erase_log, "interaction", _interactions, (Interaction,)),
        SessionPlace("what machine and kernel remember", _rows_with_data, _empty_row, models=(Session,)),
        rows_of("replies to commands", Command),
        rows_of("callers and replies", Call, line="reply", columns=("status", "value", "reason", "at")),
        rows_of("events in quarantine", Quarantine, line="quarantined", columns=("seq", "event", "reason", "at")),
        rows_of("time-outs", Timer),
        uploaded_files.place(),
        FleetingPlace("text that is being written (Redis)", buffer.count, buffer.erase),
        LearnerPlace(
            "drafts of courses made from wrong answers", made_drafts.count, made_drafts.delete, before_logs=True
        ),
        LearnerPlace(
            "notes of the admin",
            lambda learner: _admin_log(learner).count(),
            lambda learner: _admin_log(learner).update(object_repr="erased", change_message=""),
        ),
        LearnerPlace(
            "tokens",
            lambda learner: AccessToken.objects.filter(user_id=learner).count(),
            lambda learner: AccessToken.objects.filter(user_id=learner).delete()[0],
            account=True,
        ),
        LearnerPlace("the account", lambda learner: _account(learner).count(), _clear_account, account=True),
    )
