"""Groups of calls on a real database: whatever happens to workers and messages, the machine hears once."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from sessions_app import branching, log, server, sessions, system
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import StaleWrite
from sessions_app.models import Session
from sessions_app.stream_grammar import ENDINGS
from tools_app import calls, monitor, settling
from tools_app.calls import Claimed
from tools_app.models import ToolCall
from tools_app.runner import Runner
from tutor import events

Folds = Callable[[uuid.UUID], None]
Said = Callable[[uuid.UUID], list[str]]


def endings(session: uuid.UUID) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in log.read(session):
        if entry.kind in ENDINGS:
            found.setdefault(entry.fact.call, []).append(entry.kind)  # type: ignore[attr-defined]
    return found


def settle(call: Claimed, *, works: bool = True) -> None:
    done = (
        calls.succeeded(call, {"text": call.args["text"]}, fallback=False, facts=[])
        if works
        else calls.failed(call, "error", "as the dice say")
    )
    try:
        server.deliver(settling.confirmed(call, done))
    except StaleWrite:
        server.deliver(calls.superseded(call))


def test_a_worker_runs_a_group_and_the_results_come_in_order(echo_session: uuid.UUID, said: Said, folds: Folds) -> None:
    runner = Runner(["tools"])
    runner.start()
    try:
        sessions.handle_user_message(echo_session, "together wait 1 | two | three | four | five")
        until = time.monotonic() + 20
        while not said(echo_session):
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        runner.drain(2)

    assert said(echo_session) == ["wait 1 | two | three | four | five"]
    assert list(endings(echo_session).values()) == [["tool.finished"]] * 5
    assert [e.fact.outcome for e in log.read(echo_session) if e.kind == "turn.finished"] == ["completed"]  # type: ignore[attr-defined]
    folds(echo_session)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_it_ends_once_and_never_more_run_than_may(
    echo_session: uuid.UUID, said: Said, folds: Folds, seed: int
) -> None:
    dice = random.Random(seed)
    size = dice.randint(2, 7)
    sessions.handle_user_message(echo_session, "together " + " | ".join(f"part {n}" for n in range(size)))
    claimed: list[Claimed] = []
    for number in range(500):
        claimed += calls.claim(f"worker {number}", ["tools"], dice.randint(1, 3))
        assert ToolCall.objects.filter(status__in=["queued", "running"]).count() <= 2
        if claimed:
            match dice.randrange(5):
                case 0:
                    monitor.sweep()  # these workers never beat: everything that runs is lost
                case 1:
                    settle(dice.choice(claimed), works=False)
                case _:
                    settle(dice.choice(claimed))  # in any order, also once more, also too late
        folds(echo_session)
        if "turn" not in Session.objects.get(pk=echo_session).kernel:
            break
    else:
        raise AssertionError("the group never ends")
    for call in claimed:
        settle(call)

    assert len(said(echo_session)) == 1
    assert len(said(echo_session)[0].split(" | ")) == size
    assert {ref: len(kinds) for ref, kinds in endings(echo_session).items()} == {f"g1.{n + 1}": 1 for n in range(size)}
    assert not ToolCall.objects.exclude(status="ended").exists()
    folds(echo_session)


def test_members_that_end_at_the_same_moment_are_all_collected(
    echo_session: uuid.UUID, said: Said, folds: Folds
) -> None:
    sessions.handle_user_message(echo_session, "together one | two")
    both = calls.claim("worker", ["tools"], 5)

    def end(call: Claimed) -> None:
        try:
            settle(call)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        list(workers.map(end, both))

    assert said(echo_session) == ["one | two"]
    folds(echo_session)


def test_past_the_deadline_the_group_ends_with_what_there_is(echo_session: uuid.UUID, said: Said, folds: Folds) -> None:
    sessions.handle_user_message(echo_session, "together one | two | three")
    settle(calls.claim("worker", ["tools"], 1)[0])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_toolcall SET deadline_at = deadline_at - interval '5 minutes'")
    monitor.sweep()

    assert sorted(said(echo_session)[0].split(" | ")) in (
        ["(timeout)", "(timeout)", "one"], ["(timeout)", "(timeout)", "two"],
    )  # fmt: skip
    folds(echo_session)


def test_cancelling_the_turn_cancels_every_member(echo_session: uuid.UUID, folds: Folds) -> None:
    sessions.handle_user_message(echo_session, "together one | two | three")
    late = calls.claim("worker", ["tools"], 1)[0]
    cancel = CommandId("stop", "turn.cancel", b"")
    server.deliver(Delivery(echo_session, events.CancelRequested(), by="learner", command=cancel, opens_turn=False))
    settle(late)

    assert endings(echo_session) == {f"g1.{n}": ["tool.cancelled"] for n in (1, 2, 3)}
    assert [e.fact.why for e in log.read(echo_session) if e.kind == "tool.result_discarded"] == [  # type: ignore[attr-defined]
        "the call had ended before: cancelled"
    ]
    assert "turn" not in Session.objects.get(pk=echo_session).kernel
    folds(echo_session)


def test_a_second_message_waits_for_the_whole_group(echo_session: uuid.UUID, said: Said, folds: Folds) -> None:
    sessions.handle_user_message(echo_session, "together one | two")
    settle(calls.claim("worker", ["tools"], 1)[0])

    assert sessions.handle_user_message(echo_session, "me too").disposition == "busy"
    folds(echo_session)


@pytest.fixture
def suspended(echo_session: uuid.UUID) -> uuid.UUID:
    sessions.handle_user_message(echo_session, "together one | two")
    both = calls.claim("worker", ["tools"], 5)
    system.suspend(echo_session)
    for call in both:
        settle(call)
    return echo_session


def test_endings_that_waited_in_a_suspended_session_are_collected(
    suspended: uuid.UUID, said: Said, folds: Folds
) -> None:
    assert said(suspended) == []
    system.resume(suspended)

    assert said(suspended) == ["one | two"]
    folds(suspended)


def test_a_fork_of_a_session_in_a_group_is_told_that_it_was_cancelled(echo_session: uuid.UUID, said: Said) -> None:
    sessions.handle_user_message(echo_session, "together one | two | three")
    settle(calls.claim("worker", ["tools"], 1)[0])
    fork = branching.fork(echo_session, Session.objects.get(pk=echo_session).head, actor="tess", by="teacher").session
    row = Session.objects.get(pk=fork)

    assert (row.state, row.kernel.get("groups"), row.kernel.get("calls")) == ("idle", None, None)
    assert said(echo_session) == []
