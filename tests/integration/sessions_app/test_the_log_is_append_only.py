"""The database itself refuses to change what was logged, but for erasure."""

from __future__ import annotations

import uuid

import pytest
from django.db import InternalError, ProgrammingError, connection
from django.db.utils import DatabaseError

from sessions_app import log, sessions
from sessions_app.exceptions import LogDiverged
from sessions_app.models import Interaction

REFUSED = "append-only"


def test_an_interaction_cannot_be_updated(echo_session: uuid.UUID) -> None:
    sessions.handle_user_message(echo_session, "hello")
    with pytest.raises(DatabaseError, match=REFUSED):
        Interaction.objects.filter(session_id=echo_session, seq=1).update(kind="other")


def test_an_interaction_cannot_be_deleted(echo_session: uuid.UUID) -> None:
    with pytest.raises(DatabaseError, match=REFUSED):
        Interaction.objects.filter(session_id=echo_session).delete()


def test_the_log_cannot_be_truncated(echo_session: uuid.UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_interaction ENABLE TRIGGER interaction_no_truncate")
        try:
            with pytest.raises((InternalError, ProgrammingError), match=REFUSED):
                cursor.execute("TRUNCATE sessions_app_interaction")
        finally:
            cursor.execute("ALTER TABLE sessions_app_interaction DISABLE TRIGGER interaction_no_truncate")


def test_erasure_may_clear_payload_and_salt_together_and_the_chain_still_proves_the_order(
    echo_session: uuid.UUID,
) -> None:
    sessions.handle_user_message(echo_session, "my name is Ada")
    Interaction.objects.filter(session_id=echo_session, kind="message.accepted").update(payload=None, salt=None)

    folded = log.fold(log.read(echo_session))

    assert folded.erased == 1


def test_erasure_may_not_clear_the_payload_alone(echo_session: uuid.UUID) -> None:
    with pytest.raises(DatabaseError, match=REFUSED):
        Interaction.objects.filter(session_id=echo_session, seq=1).update(payload=None)


@pytest.mark.parametrize("column", ["payload", "kind", "visibility", "cause"])
def test_a_row_changed_behind_the_trigger_is_found(echo_session: uuid.UUID, column: str) -> None:
    sessions.handle_user_message(echo_session, "hello")
    value = {"payload": "'{}'", "kind": "'x.y'", "visibility": "2", "cause": "'zz'"}[column]
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            f"UPDATE sessions_app_interaction SET {column} = {value} WHERE session_id = %s AND kind = %s",
            [echo_session, "message.accepted"],
        )
        cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.raises(LogDiverged, match="was changed"):
        log.fold(log.read(echo_session))


def test_a_row_removed_behind_the_trigger_is_found(echo_session: uuid.UUID) -> None:
    sessions.handle_user_message(echo_session, "hello")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM sessions_app_interaction WHERE session_id = %s AND seq = 2", [echo_session])
        cursor.execute("SET session_replication_role = DEFAULT")

    with pytest.raises(LogDiverged, match="gap"):
        log.fold(log.read(echo_session))
