"""Cancel meets a turn in whatever phase: one reply, one terminal event, and what was shown stays, marked partial."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import redis

from sessions_app import log, server, sessions, system, timers
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.models import Session
from sessions_app.output import buffer
from sessions_app.output.buffer import Piece
from tests.integration.sessions_app.test_sys_suspend import turns_are_closed
from tools_app import calls
from tools_app.calls import Claimed
from tutor import events

Folds = Callable[[uuid.UUID], None]
pytestmark = pytest.mark.usefixtures("redis_url")

SHOWN = "The first half of "
PHASES = ("queued", "starting", "streaming")


def send(session: uuid.UUID, text: str, **more: Any) -> Delivered:
    return sessions.handle_user_message(session, text, **more)


def message(session: uuid.UUID, text: str, on_busy: events.OnBusy) -> Delivered:
    command = CommandId(f"m-{uuid.uuid4()}", "message.send", hashlib.sha256(text.encode()).digest())
    content = events.UserMessage(text=text, on_busy=on_busy)
    return server.deliver(Delivery(session, content, by="learner", command=command, text=text))


def cancel(session: uuid.UUID, turn: str = "", command: str = "") -> Delivered:
    known = CommandId(command or f"cancel-{uuid.uuid4()}", "turn.cancel", b"")
    return server.deliver(
        Delivery(session, events.CancelRequested(), by="learner", command=known, cancels=turn, opens_turn=False)
    )


def shows(session: uuid.UUID, turn: str, text: str, attempt: int = 1, off: int = 0) -> int:
    """A worker writes text; what the buffer says to it."""

    async def write() -> int:
        (answer,) = await buffer.append([Piece(session, turn, attempt, off, text)])
        await buffer.close_client()
        return int(answer)

    return asyncio.run(write())


def running(session: uuid.UUID, phase: str) -> tuple[str, Claimed | None]:
    """A turn in one of the phases; its call, where a worker has taken it."""
    turn = str(send(session, "hello").turn)
    if phase == "queued":
        return turn, None
    (call,) = calls.claim("a worker", ["tools"], 10)
    if phase == "streaming":
        assert shows(session, turn, SHOWN) >= 0
    return turn, call


def result(call: Claimed, text: str = f"{SHOWN}a sentence.") -> Delivery:
    return calls.succeeded(call, {"text": text}, fallback=False, facts=[])


def of_turn(session: uuid.UUID, turn: str) -> list[Any]:
    return [entry for entry in log.read(session) if entry.turn == turn]


def finished(session: uuid.UUID, turn: str) -> list[str]:
    return [entry.fact.outcome for entry in of_turn(session, turn) if entry.kind == "turn.finished"]


def partial(session: uuid.UUID, turn: str) -> list[str]:
    return [e.fact.text for e in of_turn(session, turn) if e.kind == "output.committed" and e.fact.partial]


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancel_ends_the_turn_once_and_keeps_what_was_shown(
    echo_session: uuid.UUID, phase: str, folds: Folds
) -> None:
    turn, call = running(echo_session, phase)
    answer = cancel(echo_session)

    assert answer.reply == {"result": "cancelled", "turn": turn}
    assert finished(echo_session, turn) == ["cancelled"]
    assert partial(echo_session, turn) == ([SHOWN] if phase == "streaming" else [])
    if call is not None:
        assert shows(echo_session, turn, "more", off=len(SHOWN)) == buffer.REFUSED
        server.deliver(result(call))  # finishing: it was under way
    assert finished(echo_session, turn) == ["cancelled"]
    turns_are_closed(echo_session)
    folds(echo_session)


@pytest.mark.parametrize("phase", PHASES)
def test_a_cancel_that_comes_twice_gets_the_same_reply(echo_session: uuid.UUID, phase: str, folds: Folds) -> None:
    running(echo_session, phase)
    first, second = (cancel(echo_session, command="the same") for _ in range(2))

    assert (second.reply["result"], second.reply["turn"]) == (first.reply["result"], first.reply["turn"])
    assert second.duplicate
    folds(echo_session)


def test_a_result_that_is_committed_first_wins_and_no_text_is_lost(echo_session: uuid.UUID, folds: Folds) -> None:
    turn, call = running(echo_session, "streaming")
    assert call is not None
    server.deliver(result(call))
    answer = cancel(echo_session, turn)

    assert (answer.disposition, answer.reply["result"]) == ("noop", "already_finished")
    assert finished(echo_session, turn) == ["completed"]
    assert partial(echo_session, turn) == []
    folds(echo_session)


def test_text_that_was_fenced_for_nothing_arrives_with_the_result(echo_session: uuid.UUID, folds: Folds) -> None:
    """The fence was set, then the process died before its commit, and the worker finished."""
    turn, call = running(echo_session, "streaming")
    assert call is not None
    assert buffer.fence(echo_session, turn) is not None
    server.deliver(result(call))

    said = [e.fact.text for e in of_turn(echo_session, turn) if e.kind == "output.committed"]
    assert said == [f"{SHOWN}a sentence."]
    assert finished(echo_session, turn) == ["completed"]
    folds(echo_session)


def test_without_redis_a_cancel_is_a_cancel_all_the_same(
    echo_session: uuid.UUID, monkeypatch: pytest.MonkeyPatch, folds: Folds
) -> None:
    def unreachable(*_: Any) -> None:
        raise redis.ConnectionError("nobody there")

    turn, _ = running(echo_session, "streaming")
    monkeypatch.setattr(buffer, "fence", unreachable)

    assert cancel(echo_session).reply["result"] == "cancelled"
    assert finished(echo_session, turn) == ["cancelled"]
    folds(echo_session)


def test_a_cancel_while_the_session_is_suspended_is_carried_out_when_it_goes_on(
    echo_session: uuid.UUID, folds: Folds
) -> None:
    turn, _ = running(echo_session, "streaming")
    system.suspend(echo_session)
    assert cancel(echo_session).reply["result"] == "cancelling"
    assert finished(echo_session, turn) == []

    system.resume(echo_session)

    assert (finished(echo_session, turn), partial(echo_session, turn)) == (["cancelled"], [SHOWN])
    folds(echo_session)


@pytest.mark.parametrize(("on_busy", "outcome"), [("interrupt", "interrupted"), ("rollback", "rolled_back")])
def test_a_message_that_interrupts_keeps_what_was_shown(
    echo_session: uuid.UUID, on_busy: events.OnBusy, outcome: str, folds: Folds
) -> None:
    turn, _ = running(echo_session, "streaming")
    second = message(echo_session, "instead", on_busy)

    assert (finished(echo_session, turn), partial(echo_session, turn)) == ([outcome], [SHOWN])
    assert second.turn != turn
    assert Session.objects.get(pk=echo_session).kernel["turn"]["id"] == second.turn
    folds(echo_session)


def test_closing_the_session_cancels_the_running_turn(scripted_session: uuid.UUID, folds: Folds) -> None:
    turn = str(send(scripted_session, "call").turn)
    shows(scripted_session, turn, SHOWN)
    sessions.shutdown(scripted_session)

    assert (finished(scripted_session, turn), partial(scripted_session, turn)) == (["cancelled"], [SHOWN])
    folds(scripted_session)


def test_a_restart_cancels_the_running_turn(scripted_session: uuid.UUID, folds: Folds) -> None:
    turn = str(send(scripted_session, "call").turn)
    shows(scripted_session, turn, SHOWN)
    system.restart(scripted_session)

    assert (finished(scripted_session, turn), partial(scripted_session, turn)) == (["cancelled"], [SHOWN])
    turns_are_closed(scripted_session)
    folds(scripted_session)


def test_a_time_out_that_gives_the_call_up_says_so(scripted_session: uuid.UUID, folds: Folds) -> None:
    """A tutoring session's own safety net cancels its call: ``overdue`` of the scripted machine does the same."""
    turn = str(send(scripted_session, "overdue:1 call").turn)
    shows(scripted_session, turn, SHOWN)
    while not timers.sweep():
        pass

    assert (finished(scripted_session, turn), partial(scripted_session, turn)) == (["timed_out"], [SHOWN])
    folds(scripted_session)


def test_a_session_that_overflows_under_a_running_turn_has_failed(
    scripted_session: uuid.UUID, settings: Any, folds: Folds
) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    turn = str(send(scripted_session, "call").turn)
    server.deliver(Delivery(scripted_session, events.UserMessage(text="crash"), by="timer"))

    assert finished(scripted_session, turn) == ["failed"]
    folds(scripted_session)


def test_a_machine_that_stops_abnormally_has_failed_its_turn(
    scripted_session: uuid.UUID, settings: Any, folds: Folds
) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"restart": "temporary"}}
    turn = str(send(scripted_session, "stop:boom").turn)

    assert finished(scripted_session, turn) == ["failed"]
    folds(scripted_session)
