"""Logs outlive code: what any release wrote folds to the row of then, and projects to the bytes of then."""

from __future__ import annotations

import functools
import json
import uuid
from pathlib import Path

import pytest

from sessions_app import log
from sessions_app.log import Entry
from tests.stored_logs import stored
from tests.stored_logs.record import release
from tests.stored_logs.stored import StoredSession
from tutor import interactions, projections
from tutor.interactions import Unknown

RELEASES = stored.releases()


@functools.cache
def logs(path: Path) -> list[tuple[StoredSession, list[Entry]]]:
    """Each session with its whole log, what it shares with its parent included."""
    whole: dict[uuid.UUID, list[Entry]] = {}
    found = []
    for one in stored.read(path):
        shared = whole[one.parent][: one.fork_seq] if one.parent is not None else []
        own = stored.entries(one, shared[-1].hash if shared else b"")
        whole[one.session] = [*shared, *own]
        found.append((one, whole[one.session]))
    return found


def test_this_release_or_one_before_it_is_stored() -> None:
    assert RELEASES
    assert RELEASES[-1].name.removesuffix(".jsonl.xz") <= release()


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_they_fold_to_their_rows(path: Path) -> None:
    for one, entries in logs(path):
        folded = log.fold(entries)

        assert {name: getattr(folded, name) for name in one.row} == one.row


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_they_project_to_the_same_bytes(path: Path) -> None:
    for one, entries in logs(path):
        for key, digest in one.projections.items():
            name, version = key.split()

            assert stored.digest(projections.project(name, stored.facts(entries), version=int(version))) == digest


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_every_fact_of_them_is_still_known(path: Path) -> None:
    for _, entries in logs(path):
        assert not any(isinstance(entry.fact, Unknown) for entry in entries)


@pytest.mark.parametrize("path", RELEASES, ids=lambda path: path.name)
def test_a_kind_changes_its_form_with_its_version_only(path: Path) -> None:
    """A field more, with a default, is no change of form; one less, or with another value, is."""
    for _, entries in logs(path):
        for entry in entries:
            if entry.version == interactions.KINDS[entry.kind].version:
                written = json.loads(entry.payload or "{}")
                again = json.loads(interactions.encode(entry.fact))
                assert {key: again.get(key) for key in written} == written


def test_they_hold_what_is_worth_keeping() -> None:
    kinds = {entry.kind for _, entries in logs(RELEASES[-1]) for entry in entries}

    assert kinds >= {
        "answer.checked", "chain.built", "compaction.completed", "event.crashed", "hint.given", "question.asked",
        "session.forked", "session.rewound", "session.closed", "step", "tool.cancelled",
    }  # fmt: skip
