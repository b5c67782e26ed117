"""A fork is a session of its own over a shared, immutable prefix: one fold proves both."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app import branching, lineage, log, system, verification
from sessions_app.delivery import CommandId
from sessions_app.exceptions import CommandError
from sessions_app.models import Session, Timer
from sessions_app.sessions import handle_user_message
from tests.bench import population
from tools_app.models import ToolCall
from tutor.interactions import Visibility


@pytest.fixture
def talk(scripted_session: uuid.UUID) -> Callable[..., list[int]]:
    """Say each text; the heads after each commit."""

    def said(*texts: str, session: uuid.UUID = scripted_session) -> list[int]:
        heads = []
        for text in texts:
            handle_user_message(session, text)
            heads.append(Session.objects.get(pk=session).head)
        return heads

    return said


def forked(session: uuid.UUID, seq: int, **more: Any) -> uuid.UUID:
    return branching.fork(session, seq, actor="ada", by="learner", **more).session


def divergences(*sessions: uuid.UUID) -> list[str]:
    return [str(one) for verified in verification.verify(list(sessions) or None) for one in verified.divergences]


def test_it_begins_where_its_parent_was(scripted_session: uuid.UUID, talk: Any, folds: Any) -> None:
    heads = talk("go:b say:one", "go:c say:two")

    fork = forked(scripted_session, heads[0])

    row = Session.objects.get(pk=fork)
    assert (row.state, row.data["seen"]) == ("b", ["go:b say:one"])
    assert (row.parent_id, row.fork_seq, row.live) == (scripted_session, heads[0], True)
    folds(fork)
    assert divergences() == []


def test_its_first_seq_follows_the_fork_point_and_so_does_its_hash(scripted_session: uuid.UUID, talk: Any) -> None:
    heads = talk("go:b", "go:c")

    fork = forked(scripted_session, heads[0])

    shared = next(log.read(scripted_session, after=heads[0] - 1, limit=1))
    first = next(log.read(fork, after=heads[0]))
    assert (first.seq, first.kind, first.session) == (heads[0] + 1, "session.forked", fork)
    assert first.prev_hash == shared.hash


def test_any_seq_of_a_commit_stands_for_the_whole_commit(scripted_session: uuid.UUID, talk: Any) -> None:
    before, after = talk("go:b", "go:c say:x")

    points = {Session.objects.get(pk=forked(scripted_session, seq)).fork_seq for seq in range(before + 1, after + 1)}

    assert points == {after}


def test_both_go_on_without_each_other(scripted_session: uuid.UUID, talk: Any, said: Any) -> None:
    heads = talk("say:shared")
    fork = forked(scripted_session, heads[0])

    talk("say:parent")
    talk("say:fork", session=fork)

    assert said(scripted_session) == ["shared", "parent"]
    assert said(fork) == ["shared", "fork"]
    assert divergences() == []


def test_a_fork_of_a_fork_reads_all_three(scripted_session: uuid.UUID, talk: Any, said: Any) -> None:
    first, _ = talk("say:one", "say:two")
    child = forked(scripted_session, first)
    (second,) = talk("say:three", session=child)
    grandchild = forked(child, second)
    talk("say:four", session=grandchild)

    assert said(grandchild) == ["one", "three", "four"]
    assert [part.session for part in lineage.lineage(grandchild)] == [scripted_session, child, grandchild]
    assert divergences() == []


def test_a_fork_may_be_forked_before_it_began(scripted_session: uuid.UUID, talk: Any, said: Any) -> None:
    first, second = talk("say:one", "say:two")
    child = forked(scripted_session, second)

    grandchild = forked(child, first)

    assert said(grandchild) == ["one"]
    assert Session.objects.get(pk=grandchild).parent_id == child
    assert divergences() == []


def test_time_outs_stay_behind(scripted_session: uuid.UUID, talk: Any) -> None:
    (head,) = talk("named:nudge:60000 timer:60000")

    fork = forked(scripted_session, head)

    assert "timers" not in Session.objects.get(pk=fork).kernel
    assert not Timer.objects.filter(session_id=fork).exists()
    assert Timer.objects.filter(session_id=scripted_session).count() == 2


def test_a_pending_call_stays_behind_and_ends_once_in_each(
    scripted_session: uuid.UUID, talk: Any, kinds: Callable[[uuid.UUID], list[str]]
) -> None:
    (head,) = talk("slow")

    fork = forked(scripted_session, head)

    row = Session.objects.get(pk=fork)
    assert (row.state, row.data["seen"][-1]) == ("a", "c1 cancelled")
    assert "calls" not in row.kernel
    assert "turn" not in row.kernel
    assert not ToolCall.objects.filter(session_id=fork).exists()
    assert ToolCall.objects.get(session_id=scripted_session).status == "queued"
    assert kinds(fork).count("tool.cancelled") == 1
    assert kinds(fork).count("turn.started") == kinds(fork).count("turn.finished")
    assert Session.objects.get(pk=scripted_session).state == "waiting"
    assert divergences() == []


def test_waiting_messages_stay_behind(scripted_session: uuid.UUID, talk: Any) -> None:
    _, head = talk("go:a", "say:later postpone")

    fork = forked(scripted_session, head)

    assert "postponed" in Session.objects.get(pk=scripted_session).kernel
    assert "postponed" not in Session.objects.get(pk=fork).kernel


def test_it_is_never_taken_for_the_learners_session(scripted_session: uuid.UUID, talk: Any) -> None:
    (head,) = talk("say:one")

    fork = forked(scripted_session, head)

    assert system.find("ada:scripted") == scripted_session
    assert Session.objects.get(pk=fork).name != Session.objects.get(pk=scripted_session).name
    assert system.find(Session.objects.get(pk=fork).name) == fork


def test_the_same_command_finds_the_fork_it_made(scripted_session: uuid.UUID, talk: Any) -> None:
    (head,) = talk("say:one")
    command = CommandId("fork-1", "session.fork", b"1")

    first = branching.fork(scripted_session, head, actor="ada", by="learner", command=command)
    second = branching.fork(scripted_session, head, actor="ada", by="learner", command=command)

    assert (second.session, second.duplicate) == (first.session, True)
    assert second.reply["session"] == str(first.session)
    assert Session.objects.filter(parent_id=scripted_session).count() == 1


def test_the_same_id_with_another_body_is_refused(scripted_session: uuid.UUID, talk: Any) -> None:
    (head,) = talk("say:one")
    forked(scripted_session, head, command=CommandId("fork-1", "session.fork", b"1"))

    with pytest.raises(CommandError) as refused:
        forked(scripted_session, head, command=CommandId("fork-1", "session.fork", b"2"))

    assert refused.value.code == "id_reused"


@pytest.mark.parametrize("seq", [0, -1, 10_000])
def test_a_seq_that_is_not_there_is_refused(scripted_session: uuid.UUID, seq: int) -> None:
    with pytest.raises(CommandError) as refused:
        forked(scripted_session, seq)

    assert refused.value.code == "bad_request"


def test_live_forks_are_bounded(scripted_session: uuid.UUID, talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.conf.LIVE_FORKS", 1)
    (head,) = talk("say:one")
    forked(scripted_session, head)

    with pytest.raises(CommandError) as refused:
        forked(scripted_session, head)

    assert refused.value.code == "over_budget"


def test_a_closed_session_can_be_forked_and_the_fork_lives(scripted_session: uuid.UUID, talk: Any) -> None:
    talk("say:one", "stop")

    fork = forked(scripted_session, Session.objects.get(pk=scripted_session).head)

    assert not Session.objects.get(pk=scripted_session).live
    assert Session.objects.get(pk=fork).live
    talk("say:again", session=fork)
    assert divergences() == []


def test_the_learners_view_of_a_fork_is_one_history(scripted_session: uuid.UUID, talk: Any) -> None:
    (head,) = talk("say:one")
    fork = forked(scripted_session, head)
    talk("say:two", session=fork)

    every = [line.seq for line in log.lines(fork, Visibility.LEARNER, limit=1_000)]
    newest = [line.seq for line in log.lines(fork, Visibility.LEARNER, limit=3, newest=True)]
    around = [line.seq for line in log.lines(fork, Visibility.LEARNER, after=head - 2, before=head + 3, limit=10)]

    assert every == sorted(set(every))
    assert newest == every[-3:]
    assert around == [seq for seq in every if head - 2 < seq < head + 3]
    assert Session.objects.get(pk=fork).learner_head == every[-1]


def test_a_broken_shared_log_breaks_the_proof_of_the_fork(
    scripted_session: uuid.UUID, talk: Any, django_db_blocker: Any
) -> None:
    from django.db import connection

    (head,) = talk("say:one")
    fork = forked(scripted_session, head)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE sessions_app_interaction DISABLE TRIGGER interaction_append_only")
        cursor.execute(
            "UPDATE sessions_app_interaction SET payload = '{}' WHERE session_id = %s AND seq = 2", [scripted_session]
        )
        cursor.execute("ALTER TABLE sessions_app_interaction ENABLE TRIGGER interaction_append_only")

    assert len(divergences(fork)) == 1


def test_forks_at_random_points_of_random_play_all_verify(scripted_session: uuid.UUID, settings: Any) -> None:
    random_ = random.Random(5)
    sessions = population.start(3)
    for _ in range(4):
        population.play(sessions, random_, rounds=3)
        parent = random_.choice(sessions)
        head = Session.objects.get(pk=parent).head
        sessions.append(forked(parent, random_.randint(1, head)))

    population.play(sessions, random_, rounds=2)

    assert divergences() == []


def test_a_repaired_fork_is_what_its_whole_log_says(scripted_session: uuid.UUID, talk: Any, folds: Any) -> None:
    (head,) = talk("go:b say:one")
    fork = forked(scripted_session, head)
    talk("go:c", session=fork)
    Session.objects.filter(pk=fork).update(data={"nonsense": 1}, learner_head=0)

    assert divergences(fork)
    assert verification.repair(fork)

    folds(fork)
    assert divergences() == []
