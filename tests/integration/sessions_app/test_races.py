"""Many at once: one live session of a name, one effect of a command, events in order, neighbours unaffected."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from sessions_app import registry, server, sessions
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import CommandError, InsideTransaction, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from tutor import events


def in_threads(function: Callable[[int], Any], count: int) -> list[Any]:
    def call(number: int) -> Any:
        try:
            return function(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(call, range(count)))


def test_s64_exactly_one_live_session_of_a_name_under_any_race(learner: Any) -> None:
    found = in_threads(lambda _: registry.start_or_find(learner.pk, "echo", "echo", {}), 12)

    assert len({session for session, _ in found}) == 1
    assert [is_new for _, is_new in found].count(True) == 1
    assert Session.objects.filter(learner=learner).count() == 1


def test_s63_at_the_limit_of_live_sessions_nothing_is_started(echo_session: uuid.UUID, settings: Any) -> None:
    settings.TUTOR_LIVE_SESSIONS = 1
    other = get_user_model()._default_manager.create_user("bo")
    with pytest.raises(CommandError) as refused:
        registry.start_or_find(other.pk, "echo", "echo", {})

    assert refused.value.code == "unavailable"
    assert list(Session.objects.values_list("pk", flat=True)) == [echo_session]


def test_s65_a_closed_sessions_name_is_free_at_once_and_the_new_session_is_linked(
    scripted_session: uuid.UUID, learner: Any
) -> None:
    sessions.shutdown(scripted_session)

    again, is_new = registry.start_or_find(learner.pk, "scripted", "scripted", {})

    assert is_new
    assert Session.objects.get(pk=again).previous_id == scripted_session


def test_one_command_sent_by_many_threads_has_one_effect(
    scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    before = Session.objects.get(pk=scripted_session).event_no
    answers: list[Delivered] = in_threads(lambda _: server.deliver(_message(scripted_session, "say:hello", "same")), 10)

    assert len({answer.seq for answer in answers}) == 1
    assert [answer.duplicate for answer in answers].count(False) == 1
    assert Session.objects.get(pk=scripted_session).event_no == before + 1
    folds(scripted_session)


def _message(session: uuid.UUID, text: str, command: str) -> Delivery:
    return Delivery(
        session,
        events.UserMessage(text=text),
        by="learner",
        command=CommandId(command, "message.send", b"1"),
        text=text,
    )


def test_events_of_one_session_keep_their_order_through_the_group(
    scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    futures = [group_commit.submit(_message(scripted_session, f"say:{n}", f"m{n}")) for n in range(60)]
    for future in futures:
        future.result()

    assert Session.objects.get(pk=scripted_session).data["seen"] == [f"say:{n}" for n in range(60)]
    folds(scripted_session)


def test_in_a_batch_one_failure_leaves_the_others_alone(
    learner: Any, scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None]
) -> None:
    others = []
    for name in ("bo", "cy", "di"):
        user = get_user_model()._default_manager.create_user(name)
        others.append(registry.start_or_find(user.pk, "scripted", "scripted", {})[0])
    nobody = uuid.uuid4()

    answers = server.deliver_batch(
        [_message(one, "say:hello", "m") for one in [scripted_session, *others]] + [_message(nobody, "x", "m")]
    )

    assert [type(answer).__name__ for answer in answers] == ["Delivered"] * 4 + ["UnknownSession"]
    assert isinstance(answers[-1], UnknownSession)
    for session in [scripted_session, *others]:
        assert Session.objects.get(pk=session).data["seen"] == ["say:hello"]
        folds(session)


def _deliver(batch: list[Delivery]) -> list[server.Answer]:
    try:
        return server.deliver_batch(batch)
    finally:
        connection.close()


def test_a_locked_session_of_a_batch_goes_alone_later(learner: Any, scripted_session: uuid.UUID) -> None:
    user = get_user_model()._default_manager.create_user("bo")
    other = registry.start_or_find(user.pk, "scripted", "scripted", {})[0]

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            Session.objects.select_for_update(no_key=True).get(pk=scripted_session)
            batch = [_message(scripted_session, "say:1", "m"), _message(other, "say:1", "m")]
            waiting = thread.submit(_deliver, batch)
            for _ in range(100):
                if Session.objects.get(pk=other).data["seen"]:
                    break
                transaction.get_connection().cursor().execute("SELECT pg_sleep(0.02)")
            assert Session.objects.get(pk=other).data["seen"] == ["say:1"]
            assert not waiting.done()
        answers = waiting.result(10)

    assert all(isinstance(answer, Delivered) for answer in answers)


def test_delivering_inside_a_transaction_is_refused(scripted_session: uuid.UUID) -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        server.deliver(_message(scripted_session, "say:1", "m"))
