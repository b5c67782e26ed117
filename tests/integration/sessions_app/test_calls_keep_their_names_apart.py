"""A machine that goes back counts its calls anew; everybody else knows every call by a name of its own."""

from __future__ import annotations

import uuid
from typing import Any

from sessions_app import branching, log, verification
from sessions_app.models import Session
from sessions_app.server import deliver
from sessions_app.sessions import handle_user_message
from tools_app import calls


def work(tool_result: dict[str, Any] | None = None) -> None:
    for call in calls.claim("test", ["tools"], 10):
        deliver(calls.succeeded(call, tool_result or {"text": "x"}, fallback=False, facts=[]))


def requested(session: uuid.UUID) -> list[str]:
    return [e.fact.call for e in log.read(session) if e.kind == "tool.requested"]  # type: ignore[attr-defined]


def seen(session: uuid.UUID) -> list[str]:
    found: list[str] = Session.objects.get(pk=session).data["seen"]
    return found


def divergences() -> list[str]:
    return [str(one) for verified in verification.verify() for one in verified.divergences]


def test_after_a_restore(scripted_session: uuid.UUID, settings: Any) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"restart": "transient", "max_restarts": 0, "max_seconds": 5}}
    handle_user_message(scripted_session, "call")
    work()
    handle_user_message(scripted_session, "crash")
    Session.objects.filter(pk=scripted_session).update(supervision={})

    handle_user_message(scripted_session, "call")
    work()

    first, second = requested(scripted_session)
    assert (first, second.partition("@")[2]) == ("c1", "1")
    assert seen(scripted_session)[-1].endswith("ok")
    assert divergences() == []


def test_after_each_rewind(scripted_session: uuid.UUID) -> None:
    start = Session.objects.get(pk=scripted_session).head
    for _ in range(3):
        handle_user_message(scripted_session, "call")
        work()
        assert seen(scripted_session) == ["call", "c1 ok"]
        branching.rewind(scripted_session, start, actor="ada", by="learner")

    assert requested(scripted_session) == ["c1", "c1@1", "c1@2"]
    assert divergences() == []


def test_a_cancel_reaches_the_call_that_the_machine_means(scripted_session: uuid.UUID) -> None:
    start = Session.objects.get(pk=scripted_session).head
    handle_user_message(scripted_session, "call")
    branching.rewind(scripted_session, start, actor="ada", by="learner")
    handle_user_message(scripted_session, "slow")

    from sessions_app.delivery import Delivery
    from tutor import events

    deliver(Delivery(scripted_session, events.CancelRequested(), by="learner", cancels="", opens_turn=False))

    cancelled = [e.fact.call for e in log.read(scripted_session) if e.kind == "tool.cancelled"]  # type: ignore[attr-defined]
    assert cancelled == ["c1", "c1@1"]
    assert divergences() == []


def test_back_into_a_call_of_an_earlier_era(scripted_session: uuid.UUID) -> None:
    start = Session.objects.get(pk=scripted_session).head
    branching.rewind(scripted_session, start, actor="ada", by="learner")
    handle_user_message(scripted_session, "slow")
    waiting = Session.objects.get(pk=scripted_session).head

    branching.rewind(scripted_session, waiting, actor="ada", by="learner")

    assert seen(scripted_session)[-1] == "c1 cancelled"
    assert Session.objects.get(pk=scripted_session).state == "a"


def test_in_a_fork_of_a_rewound_session(scripted_session: uuid.UUID) -> None:
    start = Session.objects.get(pk=scripted_session).head
    branching.rewind(scripted_session, start, actor="ada", by="learner")
    handle_user_message(scripted_session, "slow")

    fork = branching.fork(
        scripted_session, Session.objects.get(pk=scripted_session).head, actor="ada", by="learner"
    ).session
    handle_user_message(fork, "call")
    work()

    assert seen(fork)[-3:] == ["c1 cancelled", "call", "c2 ok"]
    assert divergences() == []
