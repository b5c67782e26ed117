"""Fork and rewind as commands of the protocol, and as ``manage.py session``."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from sessions_app import system
from sessions_app.models import Session
from sessions_app.sessions import handle_user_message
from tests.integration.sessions_app.test_sys_over_http import Caller, caller


@pytest.fixture
def ada(scripted_session: uuid.UUID) -> Caller:
    """The session's own learner."""
    return caller(Session.objects.get(pk=scripted_session).learner)


@pytest.fixture
def first(scripted_session: uuid.UUID) -> int:
    """The seq after the first of two messages."""
    handle_user_message(scripted_session, "go:b say:one")
    head = int(Session.objects.get(pk=scripted_session).head)
    handle_user_message(scripted_session, "go:c say:two")
    return head


def told(*arguments: Any) -> Any:
    out = io.StringIO()
    call_command("session", *(str(argument) for argument in arguments), "--json", stdout=out)
    return json.loads(out.getvalue())


def test_a_learner_forks_their_session(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    status, d = ada(scripted_session, "session.fork", seq=first)

    fork = Session.objects.get(pk=d["session"])
    assert (status, d["at"], d["duplicate"]) == (200, first, False)
    assert (fork.parent_id, fork.state) == (scripted_session, "b")
    assert ada(fork.pk, "session.inspect")[0] == 200


def test_the_same_fork_twice_is_one(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    _, one = ada(scripted_session, "session.fork", id="f1", seq=first)
    _, two = ada(scripted_session, "session.fork", id="f1", seq=first)

    assert (two["session"], two["duplicate"]) == (one["session"], True)


def test_an_id_that_was_another_commands_makes_no_fork(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    ada(scripted_session, "message.send", id="m1", text="say:x")

    status, d = ada(scripted_session, "session.fork", id="m1", seq=first)

    assert (status, d["code"]) == (409, "id_reused")
    assert not Session.objects.filter(parent_id=scripted_session).exists()


def test_a_learner_rewinds_their_session(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    status, d = ada(scripted_session, "session.rewind", seq=first)

    assert (status, d["to"]) == (200, first)
    assert Session.objects.get(pk=scripted_session).state == "b"


def test_nobody_branches_a_session_that_is_not_theirs(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    stranger = caller(get_user_model()._default_manager.create_user("bob"))

    for command in ("session.fork", "session.rewind"):
        assert stranger(scripted_session, command, seq=first)[0] == 404


def test_a_seq_that_is_not_there_is_a_bad_request(scripted_session: uuid.UUID, ada: Caller) -> None:
    for command in ("session.fork", "session.rewind"):
        for seq in (0, -5, 10_000, 2**70):
            assert ada(scripted_session, command, seq=seq)[1]["code"] == "bad_request"


def test_a_suspended_session_is_not_rewound(scripted_session: uuid.UUID, ada: Caller, first: int) -> None:
    system.suspend(scripted_session)

    status, d = ada(scripted_session, "session.rewind", seq=first)

    assert (status, d["code"]) == (409, "invalid_transition")


def test_the_history_of_a_fork_is_paged_through_its_parent(
    scripted_session: uuid.UUID, ada: Caller, first: int
) -> None:
    _, d = ada(scripted_session, "session.fork", seq=first)
    fork = uuid.UUID(d["session"])
    handle_user_message(fork, "say:mine")

    seqs: list[int] = []
    more, before = True, None
    while more:
        _, page = ada(fork, "history.get", limit=3, **({} if before is None else {"before": before}))
        seqs = [event["seq"] for event in page["events"]] + seqs
        more, before = page["more"], seqs[0]

    assert seqs == sorted(set(seqs))
    assert seqs[0] == 1
    assert first in range(seqs[0], seqs[-1])


def test_the_command_forks_and_rewinds(scripted_session: uuid.UUID, first: int) -> None:
    forked = told("fork", scripted_session, "--at", first)
    rewound = told("rewind", scripted_session, "--to", first)

    assert Session.objects.get(pk=forked["session"]).parent_id == scripted_session
    assert rewound["state"] == "b"
    assert [line["text"] for line in told("project", scripted_session)] == ["go:b say:one", "one"]
    assert told("project", scripted_session, "--as", "state", "--at", first)["state"] == "b"


def test_the_command_says_what_is_wrong(scripted_session: uuid.UUID) -> None:
    with pytest.raises(CommandError, match="There is no seq 9999"):
        told("fork", scripted_session, "--at", 9999)
    with pytest.raises(CommandError, match="nothing to compact"):
        told("compact", scripted_session)
