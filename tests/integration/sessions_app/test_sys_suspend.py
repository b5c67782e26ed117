"""Suspend and resume: while suspended everything is accepted and waits in the session; then it is handled in order."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app import calling, conf, log, registry, server, sessions, system, timers, verification
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import (
    AlreadySuspended,
    ClosedSession,
    CommandError,
    NotSuspended,
    UnknownSession,
)
from sessions_app.models import Session, Timer
from sessions_app.suspension import HOLD_TEXT
from tools_app import calls
from tools_app.models import ToolCall
from tutor import events

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]
Said = Callable[[uuid.UUID], list[str]]


def send(session: uuid.UUID, text: str, **more: Any) -> Any:
    return sessions.handle_user_message(session, text, **more)


def cancel(session: uuid.UUID) -> Any:
    command = CommandId(f"cancel-{uuid.uuid4()}", "turn.cancel", b"")
    return server.deliver(Delivery(session, events.CancelRequested(), by="learner", command=command, opens_turn=False))


def seen(session: uuid.UUID) -> list[str]:
    found: list[str] = Session.objects.get(pk=session).data["seen"]
    return found


def end_call(session: uuid.UUID) -> None:
    """What a worker does that ran the session's call: claim it, settle it with its result."""
    (call,) = calls.claim("worker-of-this-test", ["tools"], 1)
    server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))


def endings(session: uuid.UUID) -> list[str]:
    return [e.kind for e in log.read(session) if e.kind in {"tool.finished", "tool.cancelled", "tool.failed"}]


def turns_are_closed(session: uuid.UUID) -> None:
    """One ``turn.finished`` for each ``turn.started``, and nothing of a turn after it but a discarded result."""
    open_turns: set[str] = set()
    finished: set[str] = set()
    for entry in log.read(session):
        if entry.kind == "turn.started":
            open_turns.add(str(entry.turn))
        elif entry.kind == "turn.finished":
            open_turns.remove(str(entry.turn))
            finished.add(str(entry.turn))
        elif entry.turn is not None and entry.kind != "step":
            assert entry.turn not in finished, entry.kind
    assert not open_turns


def test_s68_while_suspended_events_wait_and_resume_handles_them_in_order(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "say:before")
    system.suspend(scripted_session, actor="root")

    for text in ("say:one", "go:b say:two", "say:three"):
        assert send(scripted_session, text).disposition == "queued"
    assert seen(scripted_session) == ["say:before"]
    folds(scripted_session)
    system.resume(scripted_session, actor="root")

    assert seen(scripted_session) == ["say:before", "say:one", "go:b say:two", "say:three"]
    assert Session.objects.get(pk=scripted_session).state == "b"
    folds(scripted_session)
    turns_are_closed(scripted_session)


def test_s38b_nothing_is_handled_between_suspend_and_resume(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.suspend(scripted_session)
    before = Session.objects.get(pk=scripted_session)
    send(scripted_session, "go:b")
    cancel(scripted_session)

    held = Session.objects.get(pk=scripted_session)
    assert (held.state, held.data, held.event_no) == (before.state, before.data, before.event_no)
    assert [one["event"]["content"]["kind"] for one in held.kernel["suspended"]] == ["user_message", "cancel_requested"]
    folds(scripted_session)


def test_what_a_learner_sends_to_a_suspended_session_is_in_the_log_once_and_answered_honestly(
    scripted_session: uuid.UUID, kinds: Kinds, said: Said
) -> None:
    system.suspend(scripted_session)
    send(scripted_session, "say:later", command_id="m1")

    assert kinds(scripted_session)[-4:] == ["message.accepted", "message.queued", "output.committed", "step"]
    accepted = next(e.fact for e in log.read(scripted_session) if e.kind == "message.accepted")
    assert accepted.disposition == "queued"  # type: ignore[attr-defined]
    assert said(scripted_session) == [HOLD_TEXT]

    system.resume(scripted_session)

    assert kinds(scripted_session).count("message.accepted") == 1
    assert said(scripted_session) == [HOLD_TEXT, "later"]
    started = [e.cause for e in log.read(scripted_session) if e.kind == "turn.started"]
    assert started[-1] == "m1"


def test_a_message_sent_twice_while_suspended_has_one_effect(scripted_session: uuid.UUID) -> None:
    system.suspend(scripted_session)
    first = send(scripted_session, "say:once", command_id="same")
    again = send(scripted_session, "say:once", command_id="same")
    system.resume(scripted_session)

    assert (again.duplicate, again.disposition, again.seq) == (True, "queued", first.seq)
    assert seen(scripted_session) == ["say:once"]
    assert send(scripted_session, "say:once", command_id="same").duplicate


def test_a_tool_ends_while_suspended_and_its_result_is_handled_after_resume(
    scripted_session: uuid.UUID, folds: Folds, said: Said
) -> None:
    send(scripted_session, "call")
    system.suspend(scripted_session)
    end_call(scripted_session)

    assert ToolCall.objects.get(session_id=scripted_session).ending == "finished"
    assert Session.objects.get(pk=scripted_session).state == "waiting"
    assert said(scripted_session) == []
    folds(scripted_session)
    system.resume(scripted_session)

    assert said(scripted_session) == ["c1 ok"]
    assert Session.objects.get(pk=scripted_session).state == "a"
    assert endings(scripted_session) == ["tool.finished"]
    folds(scripted_session)
    turns_are_closed(scripted_session)


def test_an_ending_that_comes_twice_while_suspended_is_discarded_the_second_time(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    send(scripted_session, "call")
    system.suspend(scripted_session)
    (call,) = calls.claim("worker-of-this-test", ["tools"], 1)
    ending = calls.succeeded(call, {"text": "done"}, fallback=False, facts=[])
    server.deliver(ending)
    server.deliver(ending)
    system.resume(scripted_session)

    assert endings(scripted_session) == ["tool.finished"]
    assert kinds(scripted_session).count("tool.result_discarded") == 1
    assert seen(scripted_session).count("c1 ok") == 1
    folds(scripted_session)


def test_a_cancel_that_waits_before_the_result_of_its_call_wins_and_the_call_ends_once(
    scripted_session: uuid.UUID, folds: Folds, kinds: Kinds
) -> None:
    send(scripted_session, "call")
    system.suspend(scripted_session)
    cancel(scripted_session)
    end_call(scripted_session)
    system.resume(scripted_session)

    assert endings(scripted_session) == ["tool.finished"]
    assert "c1 ok" not in seen(scripted_session)
    assert "tool.result_discarded" in kinds(scripted_session)
    assert Session.objects.get(pk=scripted_session).kernel.get("calls") is None
    folds(scripted_session)
    turns_are_closed(scripted_session)


def test_s42_time_outs_due_while_suspended_come_behind_the_events_queued_before_them(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "named:tea:800")
    system.suspend(scripted_session)
    send(scripted_session, "say:early")
    time.sleep(0.9)
    timers.sweep()
    assert "tick tea" not in seen(scripted_session)
    send(scripted_session, "say:late")
    system.resume(scripted_session)

    assert seen(scripted_session)[1:] == ["say:early", "tick tea", "say:late"]
    folds(scripted_session)


def test_s40_a_time_out_that_fell_due_while_suspended_dies_with_the_state_that_a_queued_event_left(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "timer:800")
    system.suspend(scripted_session)
    send(scripted_session, "go:b")
    time.sleep(0.9)
    system.resume(scripted_session)

    assert seen(scripted_session) == ["timer:800", "go:b"]
    folds(scripted_session)


def test_nobody_looks_for_time_outs_of_a_suspended_session_and_resume_sets_them_again(
    scripted_session: uuid.UUID,
) -> None:
    send(scripted_session, "named:tea:60000")
    due = Timer.objects.get(session_id=scripted_session).due_at
    system.suspend(scripted_session)
    assert not Timer.objects.filter(session_id=scripted_session).exists()
    system.resume(scripted_session)

    assert Timer.objects.get(session_id=scripted_session).due_at == due


def test_a_message_that_would_be_busy_after_resume_waits_on_as_promised(
    echo_session: uuid.UUID, folds: Folds, said: Said
) -> None:
    send(echo_session, "first")
    system.suspend(echo_session)
    send(echo_session, "second")
    system.resume(echo_session)
    assert said(echo_session) == [HOLD_TEXT]

    end_call(echo_session)
    end_call(echo_session)

    assert [text for text in said(echo_session) if text != HOLD_TEXT] == ["done", "done"]
    folds(echo_session)
    turns_are_closed(echo_session)


def test_a_suspended_session_takes_a_bounded_number_of_messages(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.suspend(scripted_session)
    for number in range(3):
        send(scripted_session, f"say:{number}")
    with pytest.raises(CommandError) as refused:
        send(scripted_session, "say:too much")

    assert refused.value.code == "queue_full"
    system.resume(scripted_session)
    assert seen(scripted_session) == ["say:0", "say:1", "say:2"]
    folds(scripted_session)


def test_a_crash_among_what_waited_is_skipped_and_the_rest_is_handled(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    system.suspend(scripted_session)
    send(scripted_session, "crash")
    send(scripted_session, "say:after")
    system.resume(scripted_session)

    assert seen(scripted_session) == ["say:after"]
    assert Session.objects.get(pk=scripted_session).status == "running"
    folds(scripted_session)


def test_an_end_among_what_waited_closes_the_session_and_drops_the_rest(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    system.suspend(scripted_session)
    sessions.shutdown(scripted_session)
    send(scripted_session, "say:never")
    system.resume(scripted_session)

    row = Session.objects.get(pk=scripted_session)
    assert not row.live
    assert "suspended" not in row.kernel
    folds(scripted_session)


def test_what_waits_in_a_session_that_ends_is_told(scripted_session: uuid.UUID) -> None:
    system.suspend(scripted_session)
    send(scripted_session, "stop")
    send(scripted_session, "say:never", command_id="m2")
    system.resume(scripted_session)

    removed = [e.fact.command for e in log.read(scripted_session) if e.kind == "message.removed"]  # type: ignore[attr-defined]
    assert removed == ["m2"]


def test_a_suspended_session_verifies_with_what_waits_in_it(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:tea:60000 call")
    system.suspend(scripted_session)
    end_call(scripted_session)
    send(scripted_session, "say:later")

    assert [one.divergences for one in verification.verify([scripted_session])] == [[]]


def test_a_row_that_says_running_of_a_suspended_session_is_found_and_rebuilt(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "named:tea:60000")
    system.suspend(scripted_session)
    Session.objects.filter(pk=scripted_session).update(status="running")
    with_timer = Timer(session_id=scripted_session, type="named_timeout", name="tea", due_at=datetime.now(UTC))
    with_timer.save(force_insert=True)

    (found,) = verification.verify([scripted_session])
    assert {one.part for one in found.divergences} == {"row", "timer"}
    verification.repair(scripted_session)
    assert [one.divergences for one in verification.verify([scripted_session])] == [[]]
    system.resume(scripted_session)
    folds(scripted_session)


def test_a_call_to_a_suspended_session_is_answered_after_it_was_resumed(scripted_session: uuid.UUID) -> None:
    system.suspend(scripted_session)
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(call_and_close, scripted_session, "reply")
        while not Session.objects.get(pk=scripted_session).kernel["suspended"]:
            time.sleep(0.01)
        assert len(system.get_status(scripted_session)["callers"]) == 1
        system.resume(scripted_session)
        assert answer.result(5) == "reply"


def call_and_close(session: uuid.UUID, text: str) -> Any:
    try:
        return calling.call(session, events.UserMessage(text=text))
    finally:
        connection.close()


def test_events_without_a_command_are_bounded_too(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.suspend(scripted_session)
    for _ in range(conf.SUSPENDED_EVENTS):
        calling.cast(scripted_session, events.ContinueRequested())
    with pytest.raises(CommandError, match="on hold") as refused:
        calling.cast(scripted_session, events.ContinueRequested())

    assert refused.value.code == "queue_full"
    folds(scripted_session)


MESSAGES = st.lists(
    st.sampled_from(
        ["say:x", "go:a", "go:b", "go:c", "postpone", "next:go:b", "named:tea:60000", "cancel:tea", "call"]
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=MESSAGES, random=st.randoms(use_true_random=False))
def test_a_session_that_was_suspended_now_and_then_ends_like_one_that_never_was(
    learner: Any, scripted_session: uuid.UUID, folds: Folds, messages: list[str], random: Random
) -> None:
    plain, held = (registry.start_or_find(learner.pk, f"{uuid.uuid4()}", "scripted", {})[0] for _ in range(2))
    waiting: int | None = None
    for number, text in enumerate(messages):
        if waiting is None and random.random() < 0.4:
            system.suspend(held)
            waiting = 0
        for session in (plain, held):
            send(session, text, command_id=f"m{number}")
        waiting = None if waiting is None else waiting + 1
        if waiting is not None and (waiting == conf.QUEUE_MESSAGES or random.random() < 0.3):
            system.resume(held)
            waiting = None
    if waiting is not None:
        system.resume(held)

    first, second = (Session.objects.get(pk=session) for session in (plain, held))
    assert (second.state, second.data, second.state_no, second.event_no) == (
        first.state,
        first.data,
        first.state_no,
        first.event_no,
    )
    assert [event["mark"] for event in second.kernel.get("postponed", [])] == [
        event["mark"] for event in first.kernel.get("postponed", [])
    ]
    assert second.kernel.get("timers", {}).keys() == first.kernel.get("timers", {}).keys()
    assert said_besides_hold(held) == said_besides_hold(plain)
    folds(held)


def said_besides_hold(session: uuid.UUID) -> list[str]:
    texts = [e.fact.text for e in log.read(session) if e.kind == "output.committed"]  # type: ignore[attr-defined]
    return [text for text in texts if text != HOLD_TEXT]


def test_both_stand_in_the_log_with_who_did_them(scripted_session: uuid.UUID, kinds: Kinds) -> None:
    system.suspend(scripted_session, actor="root")
    send(scripted_session, "say:x")
    system.resume(scripted_session, actor="eve")

    facts = {e.kind: e.fact for e in log.read(scripted_session)}
    assert facts["session.suspended"].actor == "root"  # type: ignore[attr-defined]
    assert (facts["session.unsuspended"].actor, facts["session.unsuspended"].waited) == ("eve", 1)  # type: ignore[attr-defined]


def unchanged(session: uuid.UUID) -> tuple[Any, ...]:
    row = Session.objects.get(pk=session)
    return row.head, row.status, row.kernel, row.event_no


@contextmanager
def untouched(session: uuid.UUID) -> Iterator[None]:
    """What happens within leaves the session as it is."""
    before = unchanged(session)
    yield
    assert unchanged(session) == before


def test_suspending_twice_is_refused_and_writes_nothing(scripted_session: uuid.UUID, folds: Folds) -> None:
    system.suspend(scripted_session)
    before = unchanged(scripted_session)
    with pytest.raises(AlreadySuspended, match="resume it"):
        system.suspend(scripted_session)

    assert unchanged(scripted_session) == before
    folds(scripted_session)


def test_the_same_suspend_sent_twice_is_one(scripted_session: uuid.UUID) -> None:
    first = system.suspend(scripted_session, command_id="s1")
    again = system.suspend(scripted_session, command_id="s1")

    assert (again.duplicate, again.seq) == (True, first.seq)


def test_resuming_a_running_session_is_refused_and_writes_nothing(scripted_session: uuid.UUID, folds: Folds) -> None:
    before = unchanged(scripted_session)
    with pytest.raises(NotSuspended, match="running"):
        system.resume(scripted_session)

    assert unchanged(scripted_session) == before
    folds(scripted_session)


def test_a_closed_session_is_not_suspended(scripted_session: uuid.UUID, folds: Folds) -> None:
    sessions.shutdown(scripted_session)
    before = unchanged(scripted_session)
    with pytest.raises(ClosedSession):
        system.suspend(scripted_session)

    assert unchanged(scripted_session) == before
    folds(scripted_session)


@pytest.mark.parametrize("take_hold", [system.suspend, system.resume, system.get_state, system.get_status])
def test_an_unknown_session_is_said_to_be_unknown(transactional_db: None, take_hold: Callable[..., Any]) -> None:
    with pytest.raises(UnknownSession):
        take_hold(uuid.uuid4())
