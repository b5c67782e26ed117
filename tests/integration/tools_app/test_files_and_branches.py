"""Forks and rewinds of a lesson with files: nothing is shared but what cannot change, and everything folds."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app import branching, log, system
from sessions_app.models import Session
from sessions_app.server import deliver
from tests.integration.tools_app.file_lesson import lesson, read, say, status, upload, work
from tests.integration.tools_app.model_lesson import claim
from tools_app import calls

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]
NOTES = b"# Chlorophyll\n\nChlorophyll is what makes leaves green.\n"
ASKED = "what does my file say about chlorophyll?"


@pytest.fixture
def session(learner: Any) -> uuid.UUID:
    return lesson(learner)


def head(session: uuid.UUID) -> int:
    return int(Session.objects.get(pk=session).head)


def files(kinds: list[str]) -> list[str]:
    return [one for one in kinds if one.startswith("file.")]


def test_a_fork_reads_the_files_it_shares(session: uuid.UUID, folds: Folds) -> None:
    upload(session, NOTES)
    fork = branching.fork(session, head(session), actor="test", by="operator").session

    assert "makes leaves green" in say(fork, ASKED)
    folds(fork)
    folds(session)


def test_a_file_uploaded_after_the_fork_is_not_shared(session: uuid.UUID) -> None:
    fork = branching.fork(session, head(session), actor="test", by="operator").session
    upload(session, NOTES)

    assert "makes leaves green" not in say(fork, ASKED)
    assert "makes leaves green" in say(session, ASKED)


def test_a_fork_in_the_middle_of_reading_ends_it_there_and_not_in_its_parent(
    session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    file = upload(session, NOTES, read_it=False)
    fork = branching.fork(session, head(session), actor="test", by="operator").session
    work()

    assert files(kinds(fork)) == ["file.uploaded", "file.failed"]
    assert files(kinds(session)) == ["file.uploaded", "file.ready"]
    assert status(file) == ("ready", "")
    folds(fork)
    folds(session)


def test_a_rewind_in_the_middle_of_reading_gives_it_up(session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    before = head(session)
    file = upload(session, NOTES, read_it=False)
    (call,) = claim()
    branching.rewind(session, before, actor="test", by="operator")
    deliver(calls.succeeded(call, read(call), fallback=False, facts=[]))

    assert status(file) == ("failed", "cancelled")
    assert files(kinds(session)) == ["file.uploaded", "file.failed"]
    assert kinds(session)[-1] == "tool.result_discarded"
    assert "makes leaves green" not in say(session, ASKED)
    folds(session)


def test_a_rewind_takes_a_file_back_and_another_brings_it_again(session: uuid.UUID, folds: Folds) -> None:
    before = head(session)
    upload(session, NOTES)
    after = head(session)
    branching.rewind(session, before, actor="test", by="operator")
    assert "makes leaves green" not in say(session, ASKED)

    branching.rewind(session, after, actor="test", by="operator")

    assert "makes leaves green" in say(session, ASKED)
    folds(session)


def test_a_suspended_session_takes_files_and_tells_of_them_later(
    session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    system.suspend(session, actor="test")
    upload(session, NOTES)
    assert files(kinds(session)) == ["file.uploaded", "file.ready"]
    assert "notes.md" not in "".join(e.payload or "" for e in log.read(session) if e.kind == "output.committed")

    system.resume(session, actor="test")

    assert "notes.md" in "".join(e.payload or "" for e in log.read(session) if e.kind == "output.committed")
    folds(session)
