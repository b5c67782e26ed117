"""``manage.py verify_sessions``: what it prints and how it exits."""

from __future__ import annotations

import json
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from sessions_app import sessions


def run(*arguments: str) -> tuple[str, str | None]:
    """What it printed, and the error it ended with."""
    out = StringIO()
    try:
        call_command("verify_sessions", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), None


def corrupt(session: uuid.UUID, column: str = "state = 'c'") -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE sessions_app_session SET {column} WHERE id = %s", [session])


def test_sound_sessions_exit_with_0_and_a_summary(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "say:hello")

    out, error = run()

    assert error is None
    assert "1 session, " in out
    assert "all agree with their logs." in out


def test_no_session_at_all_is_fine(transactional_db: None) -> None:
    out, error = run()

    assert error is None
    assert "0 sessions" in out


def test_a_divergence_exits_with_1_and_names_session_interaction_and_what(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "say:hello")
    corrupt(scripted_session)

    out, error = run()

    assert error is not None
    assert f"The first: session {scripted_session}, interaction" in error
    assert 'state: the row says "c", the log says "a"' in error
    assert "1 divergent" in out


def test_json_says_the_same(scripted_session: uuid.UUID) -> None:
    corrupt(scripted_session)

    out, error = run("--json")

    summary = json.loads(out)
    assert error is not None
    assert summary["divergent"] == 1
    assert summary["first"]["session"] == str(scripted_session)
    assert summary["first"]["part"] == "row"


def test_repair_says_what_it_changed_and_exits_with_0(scripted_session: uuid.UUID) -> None:
    corrupt(scripted_session)

    out, error = run("--repair")

    assert error is None
    assert f"repaired session {scripted_session}:" in out
    assert 'state: the row says "c", the log says "a"' in out
    assert run()[1] is None


def test_repair_refuses_a_broken_log_and_exits_with_1(scripted_session: uuid.UUID) -> None:
    sessions.handle_user_message(scripted_session, "say:hello")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM sessions_app_interaction WHERE session_id = %s AND seq = 1", [scripted_session])
        cursor.execute("SET session_replication_role = DEFAULT")

    out, error = run("--repair")

    assert error is not None
    assert "has a gap" in error
    assert f"not repaired: session {scripted_session}" in out


def test_only_the_sessions_asked_for_are_looked_at(scripted_session: uuid.UUID, echo_session: uuid.UUID) -> None:
    corrupt(scripted_session)

    assert run("--session", str(echo_session))[1] is None
    assert run("--session", str(echo_session), "--session", str(scripted_session))[1] is not None


def test_since_leaves_out_what_did_not_change(scripted_session: uuid.UUID) -> None:
    corrupt(scripted_session)

    out, error = run("--since", "2999-01-01")

    assert error is None
    assert "0 sessions" in out
    assert run("--since", "2000-01-01")[1] is not None


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--batch", "0"),
        ("--batch", "x"),
        ("--session", "no id"),
        ("--session", str(uuid.UUID(int=1))),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_said(transactional_db: None, arguments: tuple[Any, ...]) -> None:
    _, error = run(*arguments)

    assert error is not None
