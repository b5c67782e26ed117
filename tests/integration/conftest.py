"""Fixtures of tests on real Postgres and Redis, in one process."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from sessions_app import log, registry
from sessions_app.group_commit import group_commit
from sessions_app.hint_layer import hint_layer
from sessions_app.hint_loop import hint_loop
from sessions_app.models import Session


@pytest.fixture(autouse=True)
def _log_can_be_emptied_between_tests(request: pytest.FixtureRequest) -> Iterator[None]:
    """The test database alone may be emptied: everywhere else the log refuses it (tested in test_append_only)."""
    if "transactional_db" in request.fixturenames or "db" in request.fixturenames:
        request.getfixturevalue("transactional_db")
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE sessions_app_interaction DISABLE TRIGGER interaction_no_truncate")
    yield
    group_commit.stop()
    hint_loop.stop()
    hint_layer().hang_up()


@pytest.fixture
def learner(transactional_db: None) -> Any:
    return get_user_model()._default_manager.create_user("ada")


@pytest.fixture
def echo_session(learner: Any) -> uuid.UUID:
    """A live session of the echo machine."""
    return registry.start_or_find(learner.pk, "echo", "echo", {})[0]


@pytest.fixture
def scripted_session(learner: Any, settings: Any) -> uuid.UUID:
    """A live session of a machine that does what a message says (``tests.scripted_machine``)."""
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}
    return registry.start_or_find(learner.pk, "scripted", "scripted", {})[0]


@pytest.fixture
def kinds() -> Callable[[uuid.UUID], list[str]]:
    """The kinds of a session's interactions, in order."""
    return lambda session: [entry.kind for entry in log.read(session)]


@pytest.fixture
def said() -> Callable[[uuid.UUID], list[str]]:
    """What the tutor said in a session, in order."""
    return lambda session: [e.fact.text for e in log.read(session) if e.kind == "output.committed"]  # type: ignore[attr-defined]


@pytest.fixture
def folds() -> Callable[[uuid.UUID], None]:
    """Checks that a session's log, folded, is its row."""

    def check(session: uuid.UUID) -> None:
        stored = Session.objects.get(pk=session)
        folded = log.fold(log.read(session))
        assert folded.head == stored.head
        assert folded.head_hash == bytes(stored.head_hash)
        assert (folded.state, folded.state_no, folded.event_no) == (stored.state, stored.state_no, stored.event_no)
        assert folded.data == stored.data
        assert folded.kernel == stored.kernel

    return check
