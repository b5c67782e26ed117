"""What one event may set off, and that the log tells exactly that."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app import log, server, sessions
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Command, Session
from sessions_app.recovery import CRASH_TEXT
from tools_app.models import ToolCall
from tutor import events

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]
Said = Callable[[uuid.UUID], list[str]]


def send(session: uuid.UUID, text: str, **kwargs: Any) -> Any:
    return sessions.handle_user_message(session, text, **kwargs)


def deliver(
    session: uuid.UUID, content: events.EventContent, command: str, text: str | None = None, **more: Any
) -> Any:
    return server.deliver(
        Delivery(session, content, by="learner", command=CommandId(command, "x", b"d"), text=text, **more)
    )


def test_inserted_events_belong_to_the_same_turn(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "say:one next:say:two go:b")

    turns = {e.turn for e in log.read(scripted_session) if e.kind == "output.committed"}
    assert len(turns) == 1
    assert [e.kind for e in log.read(scripted_session)].count("turn.finished") == 1
    folds(scripted_session)


def test_a_postponed_message_waits_and_gets_a_turn_of_its_own_later(
    scripted_session: uuid.UUID, folds: Folds, kinds: Kinds
) -> None:
    postponed = send(scripted_session, "postpone", command_id="late")
    assert postponed.turn is None
    assert kinds(scripted_session)[-3:] == ["message.accepted", "message.queued", "step"]

    send(scripted_session, "go:b say:first")

    finished = [e for e in log.read(scripted_session) if e.kind == "turn.finished"]
    assert [e.cause for e in finished][-1] == "late"
    assert [e.kind for e in log.read(scripted_session)].count("turn.started") == 2
    folds(scripted_session)


def test_a_crash_of_the_machine_is_logged_answered_and_skipped(
    scripted_session: uuid.UUID, folds: Folds, kinds: Kinds, said: Said
) -> None:
    send(scripted_session, "crash")

    assert said(scripted_session)[-1] == CRASH_TEXT
    assert kinds(scripted_session)[-6:] == [
        "turn.started",
        "step",
        "event.crashed",
        "strategy.applied",
        "output.committed",
        "turn.finished",
    ]
    assert Session.objects.get(pk=scripted_session).state == "a"
    folds(scripted_session)

    send(scripted_session, "say:fine")
    assert said(scripted_session)[-1] == "fine"
    folds(scripted_session)


def test_a_crash_keeps_what_the_event_had_set_off_before(scripted_session: uuid.UUID, folds: Folds, said: Said) -> None:
    send(scripted_session, "go:b say:kept next:crash")

    assert said(scripted_session)[-2:] == ["kept", CRASH_TEXT]
    assert Session.objects.get(pk=scripted_session).state == "b"
    folds(scripted_session)


def test_a_machine_that_spins_is_stopped_by_its_budget(scripted_session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    send(scripted_session, "spin")

    assert "event.crashed" in kinds(scripted_session)
    assert Session.objects.get(pk=scripted_session).kernel.get("turn") is None
    folds(scripted_session)


def test_a_refused_command_leaves_no_trace_and_its_id_may_be_used_again(
    scripted_session: uuid.UUID, kinds: Kinds
) -> None:
    before = kinds(scripted_session)
    with pytest.raises(CommandError) as refused:
        send(scripted_session, "refuse", command_id="again")

    assert refused.value.code == "invalid_transition"
    assert refused.value.detail == {"state": "a", "allowed": ["message.send"]}
    assert kinds(scripted_session) == before
    assert not Command.objects.filter(session_id=scripted_session).exists()
    assert not send(scripted_session, "say:yes", command_id="again").duplicate


def test_the_same_id_with_another_body_is_refused(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "say:one", command_id="same")
    with pytest.raises(CommandError) as refused:
        send(scripted_session, "say:two", command_id="same")

    assert refused.value.code == "id_reused"


def test_a_command_that_expects_an_older_head_is_stale(scripted_session: uuid.UUID) -> None:
    head = Session.objects.get(pk=scripted_session).learner_head
    send(scripted_session, "say:one")
    with pytest.raises(CommandError) as refused:
        deliver(scripted_session, events.UserMessage(text="x"), "late", expect=head)

    assert refused.value.code == "stale"


def test_a_hint_request_while_a_tool_is_at_work_is_busy(scripted_session: uuid.UUID) -> None:
    started = send(scripted_session, "call")
    with pytest.raises(CommandError) as refused:
        deliver(scripted_session, events.HintRequested(), "hint")

    assert (refused.value.code, refused.value.detail) == ("busy", {"turn": started.turn})


def test_a_cancel_ends_the_call_then_the_turn_and_a_late_result_changes_nothing(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds
) -> None:
    send(scripted_session, "call")
    deliver(scripted_session, events.CancelRequested(), "stop", opens_turn=False)

    assert kinds(scripted_session)[-5:] == [
        "tool.cancelled",
        "step",
        "state.changed",
        "output.committed",
        "turn.finished",
    ]
    assert ToolCall.objects.get(session_id=scripted_session).ending == "cancelled"
    folds(scripted_session)


def test_a_stop_closes_the_session_and_frees_its_name(scripted_session: uuid.UUID, kinds: Kinds, folds: Folds) -> None:
    send(scripted_session, "named:later:60000 stop")

    row = Session.objects.get(pk=scripted_session)
    assert not row.live
    assert "timers" not in row.kernel
    assert "session.closed" in kinds(scripted_session)
    folds(scripted_session)
    with pytest.raises(CommandError, match="closed"):
        send(scripted_session, "say:hello")


@pytest.mark.timeout(30)
@pytest.mark.parametrize("text", ["spin spin", "go:b postpone spin"])
def test_a_machine_that_spins_and_fills_its_queue_is_stopped_by_its_budget_too(
    scripted_session: uuid.UUID, kinds: Kinds, folds: Folds, text: str
) -> None:
    send(scripted_session, text)

    assert "event.crashed" in kinds(scripted_session)
    assert len(kinds(scripted_session)) < 5_000
    folds(scripted_session)
