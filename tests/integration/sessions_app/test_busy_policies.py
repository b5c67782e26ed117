"""Queue, merge, rollback and remove: whatever waits ends exactly once, and every socket is told."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app import conf, log, registry, server, sessions, verification
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tests.scripted_machine import ScriptedMachine
from tools_app import calls
from tools_app.models import ToolCall
from tutor import events
from tutor.interactions import PolicyChanged
from tutor.projections import project
from tutor.projections.fact import Fact

Folds = Callable[[uuid.UUID], None]
Said = Callable[[uuid.UUID], list[str]]
pytestmark = pytest.mark.usefixtures("redis_url")
_numbers = itertools.count()


def send(session: uuid.UUID, text: str, on_busy: events.OnBusy | None = None, command: str = "") -> Delivered:
    known = CommandId(command or f"m{next(_numbers)}", "message.send", text.encode())
    content = events.UserMessage(text=text, on_busy=on_busy or "reject")
    return server.deliver(
        Delivery(session, content, by="learner", command=known, text=text, default_policy=on_busy is None)
    )


def remove(session: uuid.UUID, command: str) -> Delivered:
    known = CommandId(f"remove-{next(_numbers)}", "queue.remove", command.encode())
    return server.deliver(Delivery(session, None, by="learner", command=known, removes=command, opens_turn=False))


def answer(session: uuid.UUID) -> str:
    """A worker runs the call that is open; what it was asked."""
    (call,) = calls.claim("a worker", ["tools"], 10)
    server.deliver(calls.succeeded(call, {"text": call.args["text"]}, fallback=False, facts=[]))
    return str(call.args["text"])


def facts(session: uuid.UUID, kind: str) -> list[Any]:
    return [entry.fact for entry in log.read(session) if entry.kind == kind]


def queued(session: uuid.UUID) -> list[str]:
    return [event["mark"] for event in Session.objects.get(pk=session).kernel.get("postponed", [])]


def test_merge_joins_the_newest_waiting_message(echo_session: uuid.UUID, said: Said, folds: Folds) -> None:
    send(echo_session, "one")
    send(echo_session, "two", "queue", "second")
    send(echo_session, "three", "queue", "third")
    joined = send(echo_session, "four", "merge", "fourth")

    assert (joined.disposition, joined.reply["into"]) == ("merged", "third")
    assert queued(echo_session) == ["second", "third"]
    assert [(fact.text, fact.into) for fact in facts(echo_session, "message.merged")] == [("four", "third")]
    assert [answer(echo_session) for _ in range(3)] == ["one", "two", "three\nfour"]
    assert said(echo_session) == ["one", "two", "three\nfour"]
    folds(echo_session)


def test_merge_waits_by_itself_where_nothing_waits(echo_session: uuid.UUID, folds: Folds) -> None:
    send(echo_session, "one")

    assert send(echo_session, "two", "merge", "second").disposition == "queued"
    assert queued(echo_session) == ["second"]
    folds(echo_session)


def test_merge_starts_at_once_where_nothing_runs(echo_session: uuid.UUID) -> None:
    assert send(echo_session, "one", "merge").disposition == "started"


def test_merge_makes_no_message_longer_than_one_may_be(echo_session: uuid.UUID, folds: Folds) -> None:
    send(echo_session, "one")
    send(echo_session, "x" * conf.TEXT_CHARS, "queue", "long")

    assert send(echo_session, "y", "merge", "own").disposition == "queued"
    assert queued(echo_session) == ["long", "own"]
    folds(echo_session)


def test_a_merge_that_is_sent_again_joins_once(echo_session: uuid.UUID, folds: Folds) -> None:
    send(echo_session, "one")
    send(echo_session, "two", "queue")
    for _ in range(2):
        again = send(echo_session, "three", "merge", "same")

    assert (again.disposition, again.duplicate) == ("merged", True)
    answer(echo_session)
    assert answer(echo_session) == "two\nthree"
    folds(echo_session)


def test_a_full_queue_refuses_and_a_merge_still_finds_room(echo_session: uuid.UUID) -> None:
    send(echo_session, "one")
    for number in range(conf.QUEUE_MESSAGES):
        send(echo_session, f"{number}", "queue")
    with pytest.raises(CommandError) as refused:
        send(echo_session, "more", "queue")

    assert refused.value.code == "queue_full"
    assert send(echo_session, "more", "merge").disposition == "merged"


def test_rollback_takes_the_running_turn_out_of_the_projections(echo_session: uuid.UUID, folds: Folds) -> None:
    first = send(echo_session, "a slip of the finger")
    second = send(echo_session, "what I meant", "rollback")
    answer(echo_session)

    assert [(f.outcome) for f in facts(echo_session, "turn.finished")][-2:] == ["rolled_back", "completed"]
    assert first.turn != second.turn
    assert ToolCall.objects.filter(ending="cancelled").count() == 1
    rows = [
        Fact(e.seq, e.kind, e.version, str(e.at_us), e.visibility, e.turn, e.cause, e.payload)
        for e in log.read(echo_session)
    ]
    shown = project("transcript", rows).decode()
    assert "what I meant" in shown
    assert "a slip of the finger" not in shown
    folds(echo_session)


@pytest.mark.parametrize("on_busy", ["interrupt", "rollback"])
def test_what_interrupts_comes_before_what_waits(echo_session: uuid.UUID, on_busy: events.OnBusy, folds: Folds) -> None:
    send(echo_session, "one")
    send(echo_session, "two", "queue", "second")
    send(echo_session, "three", on_busy)

    assert queued(echo_session) == ["second"]
    assert [answer(echo_session) for _ in range(2)] == ["three", "two"]
    folds(echo_session)


def test_a_waiting_message_is_removed_and_never_handled(echo_session: uuid.UUID, said: Said, folds: Folds) -> None:
    send(echo_session, "one")
    send(echo_session, "two", "queue", "second")

    assert remove(echo_session, "second").reply["result"] == "removed"
    assert [(f.command, f.why) for f in facts(echo_session, "message.removed")] == [("second", "asked")]
    answer(echo_session)
    assert said(echo_session) == ["one"]
    folds(echo_session)


def test_removing_comes_too_late_for_what_has_begun_or_was_removed(echo_session: uuid.UUID, folds: Folds) -> None:
    send(echo_session, "one", command="first")
    send(echo_session, "two", "queue", "second")
    remove(echo_session, "second")

    for command in ("first", "second", "never sent"):
        late = remove(echo_session, command)
        assert (late.disposition, late.reply["result"]) == ("noop", "too_late")
    folds(echo_session)


def test_the_sessions_own_policy_counts_where_the_message_names_none(echo_session: uuid.UUID) -> None:
    policy = CommandId("policy", "policy.set", b"")
    server.deliver(Delivery(echo_session, None, by="learner", command=policy, facts=[PolicyChanged(on_busy="merge")]))
    send(echo_session, "one")

    assert [send(echo_session, text).disposition for text in ("two", "three")] == ["queued", "merged"]


def test_what_waits_outlives_a_restore(scripted_session: uuid.UUID, settings: Any, said: Said, folds: Folds) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    send(scripted_session, "go:b")
    send(scripted_session, "go:a")
    send(scripted_session, "postpone say:late", command="waits")
    server.deliver(Delivery(scripted_session, events.UserMessage(text="crash"), by="timer"))

    assert facts(scripted_session, "session.restored")
    assert said(scripted_session).count("late") == 2  # when it came, and when it was tried again
    assert queued(scripted_session) == ["waits"]
    assert not facts(scripted_session, "message.removed")
    folds(scripted_session)


def test_what_was_handled_since_a_checkpoint_is_not_handled_again_after_a_restore(
    scripted_session: uuid.UUID, settings: Any, said: Said, folds: Folds
) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"max_restarts": 0, "max_seconds": 3600}}
    send(scripted_session, "postpone say:once")  # waits in the checkpoint that is gone back to
    send(scripted_session, "say:proven")
    send(scripted_session, "go:b")
    assert said(scripted_session).count("once") == 2  # when it came, and when its time had come
    for text in ("crash", "go:c"):
        server.deliver(Delivery(scripted_session, events.UserMessage(text=text), by="timer"))

    assert facts(scripted_session, "session.restored")
    assert said(scripted_session).count("once") == 2
    folds(scripted_session)


def test_what_waits_when_the_session_ends_is_said_to_be_removed(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "postpone", command="waits")
    sessions.shutdown(scripted_session)

    assert [(fact.command, fact.why) for fact in facts(scripted_session, "message.removed")] == [("waits", "ended")]
    folds(scripted_session)


class PatientCourse(ScriptedMachine):
    on_busy = "queue"


def patient(_args: dict[str, Any]) -> PatientCourse:
    return PatientCourse()


def test_a_course_has_a_policy_of_its_own(learner: Any, settings: Any, folds: Folds) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "patient": f"{__name__}.patient"}
    session, _ = registry.start_or_find(learner.pk, "patient", "patient", {})

    assert Session.objects.get(pk=session).on_busy == "queue"
    (verified,) = verification.verify([session])
    assert not verified.divergences
    folds(session)
