"""Each thing that can be wrong is made wrong, found, named in words, and repaired where the log is sound."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from sessions_app import calling, registry, server, sessions, system, verification
from sessions_app.exceptions import CallTimeout, InsideTransaction
from sessions_app.models import Call, Interaction, Session, Timer
from sessions_app.verification import Divergence, NotRepairable
from tools_app import calls
from tools_app.models import ToolCall
from tutor import events

Said = Callable[[uuid.UUID], list[str]]


@pytest.fixture
def played(scripted_session: uuid.UUID) -> uuid.UUID:
    """A session with a past, a postponed event, two running time-outs and a pending call."""
    for text in ("say:hello", "go:b say:there", "go:a", "named:tea:60000", "named:egg:90000"):
        sessions.handle_user_message(scripted_session, text)
    sessions.handle_user_message(scripted_session, "postpone", command_id="waits")
    sessions.handle_user_message(scripted_session, "named:tea:70000 call", command_id="calls")
    return scripted_session


@pytest.fixture
def waiting(scripted_session: uuid.UUID) -> uuid.UUID:
    """A session that waits in its first state, with an event postponed."""
    sessions.handle_user_message(scripted_session, "say:hello")
    sessions.handle_user_message(scripted_session, "postpone")
    return scripted_session


def divergences(session: uuid.UUID) -> list[Divergence]:
    (verified,) = verification.verify([session])
    return verified.divergences


def behind_the_rules(sql: str, *parameters: Any) -> None:
    """What no code of ours can do: change rows with all triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(sql, parameters)
            assert cursor.rowcount, "the corruption has to corrupt something"
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def is_playable(session: uuid.UUID) -> bool:
    """The next message is answered, and the log still proves the row."""
    sessions.handle_user_message(session, "say:still")
    return divergences(session) == []


def test_a_sound_session_verifies(played: uuid.UUID) -> None:
    (verified,) = verification.verify([played])

    assert verified.divergences == []
    assert verified.interactions == Session.objects.get(pk=played).head


# --- the row -----------------------------------------------------------------------------------------------------

ROWS = {
    "state": ("state = 'c'", "state:"),
    "state_no": ("state_no = state_no + 1", "state_no:"),
    "event_no": ("event_no = event_no - 1", "event_no:"),
    "data": ("data = data || '{\"calls\": 77}'", "data.calls: the row says 77"),
    "data with something more": ("data = data || '{\"more\": 1}'", "data.more: the row says 1, the log says missing"),
    "data with something less": ("data = data - 'seen'", "data.seen: the row says missing"),
    "turn": ("kernel = kernel - 'turn'", "the running turn"),
    "pending calls": ("kernel = kernel - 'calls'", "the pending calls"),
    "timers": ("kernel = kernel - 'timers'", "the running time-outs"),
    "timer_no": ("kernel = kernel || '{\"timer_no\": 0}'", "the number of time-outs"),
    "status": ("status = 'suspended'", 'status: the row says "suspended", the log says "running"'),
    "on_busy": ("on_busy = 'queue'", "on_busy:"),
    "live": ("live = false", "live: the row says false, the log says true"),
    "head": ("head = head - 1", "head:"),
    "head too far, with the right hash": ("head = head + 3", "head:"),
    "head_hash": ("head_hash = '\\x00'", "head_hash:"),
    "learner_head": ("learner_head = learner_head + 1", "learner_head:"),
    "teacher_head": ("teacher_head = 0", "teacher_head:"),
}


@pytest.mark.parametrize(("corruption", "words"), ROWS.values(), ids=ROWS.keys())
def test_a_row_that_differs_is_found_named_and_rebuilt(
    played: uuid.UUID, corruption: str, words: str, said: Said
) -> None:
    behind_the_rules(f"UPDATE sessions_app_session SET {corruption} WHERE id = %s", played)
    heard = said(played)

    found = divergences(played)
    assert words in found[0].what
    assert found[0].part == "row"
    assert found[0].session == played
    assert words in verification.repair(played)[0]

    assert divergences(played) == []
    assert said(played) == heard, "a repair writes no log"
    assert is_playable(played)


def test_postponed_events_that_differ_are_found_and_rebuilt(waiting: uuid.UUID) -> None:
    behind_the_rules("UPDATE sessions_app_session SET kernel = kernel - 'postponed' WHERE id = %s", waiting)

    assert "the postponed events" in divergences(waiting)[0].what
    verification.repair(waiting)
    sessions.handle_user_message(waiting, "go:b")

    assert Session.objects.get(pk=waiting).data["seen"][-2:] == ["go:b", "postpone"]
    assert divergences(waiting) == []


def test_a_closed_session_whose_row_says_live_is_found_and_closed(played: uuid.UUID) -> None:
    sessions.shutdown(played)
    behind_the_rules("UPDATE sessions_app_session SET live = true WHERE id = %s", played)

    assert "live: the row says true, the log says false" in divergences(played)[0].what
    verification.repair(played)

    assert not Session.objects.get(pk=played).live


def test_a_session_whose_name_was_taken_meanwhile_is_not_made_live_again(played: uuid.UUID, learner: Any) -> None:
    behind_the_rules("UPDATE sessions_app_session SET live = false WHERE id = %s", played)
    registry.start_or_find(learner.pk, "scripted", "scripted", {})

    with pytest.raises(NotRepairable, match="another live session has its name"):
        verification.repair(played)
    assert not Session.objects.get(pk=played).live


# --- time-outs ---------------------------------------------------------------------------------------------------

TIMERS = {
    "no row looks": ("DELETE FROM sessions_app_timer WHERE session_id = %s", "would never fire"),
    "a row looks too late": (
        "UPDATE sessions_app_timer SET due_at = due_at + interval '1 hour' WHERE session_id = %s",
        "ms after it is due",
    ),
    "a row is unknown": (
        "INSERT INTO sessions_app_timer (session_id, type, name, due_at) VALUES (%s, 'named_timeout', 'ghost', now())",
        "looked at for ever",
    ),
    "a row is believed in": (
        "UPDATE sessions_app_session SET armed = armed || '{\"named_timeout:ghost\": 1}' WHERE id = %s",
        "would not be armed again",
    ),
    "a row is believed to look earlier": (
        "UPDATE sessions_app_session SET armed = armed || '{\"named_timeout:egg\": 1}' WHERE id = %s",
        "later than the row believes",
    ),
}


@pytest.mark.parametrize(("corruption", "words"), TIMERS.values(), ids=TIMERS.keys())
def test_a_time_out_that_would_not_fire_in_time_is_found_and_armed_again(
    played: uuid.UUID, corruption: str, words: str
) -> None:
    behind_the_rules(corruption, played)

    found = divergences(played)
    assert any(words in one.what for one in found)
    assert {one.part for one in found} == {"timer"}
    assert verification.repair(played) == ["armed 2 time-outs again"]

    assert divergences(played) == []
    due = Session.objects.get(pk=played).kernel["timers"]["named_timeout:tea"]["due"]
    assert Timer.objects.get(session_id=played, name="tea").due_at.timestamp() * 1000 == pytest.approx(due)


# --- calls -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["DELETE FROM", "UPDATE"])
def test_a_call_that_nobody_works_on_is_found_and_ended(played: uuid.UUID, lost: str) -> None:
    change = " SET status = 'ended'" if lost == "UPDATE" else ""
    behind_the_rules(f"{lost} tools_app_toolcall{change} WHERE session_id = %s", played)

    (found,) = divergences(played)
    assert found.part == "call"
    assert "waits for the call c1 (echo)" in found.what
    assert verification.repair(played) == ["told the session that its call c1 was lost"]

    assert divergences(played) == []
    assert Session.objects.get(pk=played).data["seen"][-1] != "c1 ok"
    assert "c1 lost_contact" in Session.objects.get(pk=played).data["seen"]
    assert is_playable(played)


def test_a_call_that_no_session_waits_for_is_found_and_ended(played: uuid.UUID) -> None:
    behind_the_rules(
        "INSERT INTO tools_app_toolcall (session_id, ref, tool, args, scope, queue, background, status, attempt,"
        " deadline_at, error) VALUES (%s, 'c9', 'echo', '{}', '{}', 'tools', false, 'queued', 0, now(), '')",
        played,
    )

    (found,) = divergences(played)
    assert "the call c9 is open, but the session does not wait for it" in found.what
    verification.repair(played)

    assert divergences(played) == []
    assert ToolCall.objects.get(session_id=played, ref="c9").ending == "cancelled"


def test_a_suspended_session_with_events_waiting_verifies(played: uuid.UUID) -> None:
    system.suspend(played, actor="op")
    sessions.handle_user_message(played, "say:later")
    for call in calls.claim("me", ["tools"], 10):
        server.deliver(calls.succeeded(call, {"text": "x"}, fallback=False, facts=[]))

    assert "calls" in Session.objects.get(pk=played).kernel, "the ending has to wait"
    assert divergences(played) == []
    behind_the_rules("UPDATE sessions_app_session SET kernel = kernel || '{\"suspended\": []}' WHERE id = %s", played)
    assert "the events that wait until the session is resumed" in divergences(played)[0].what
    verification.repair(played)
    system.resume(played, actor="op")

    assert divergences(played) == []
    assert {"c1 ok", "say:later"} <= set(Session.objects.get(pk=played).data["seen"])


# --- callers -----------------------------------------------------------------------------------------------------


def test_a_caller_without_a_row_is_found_and_counts_as_gone(waiting: uuid.UUID) -> None:
    with pytest.raises(CallTimeout):
        calling.call(waiting, events.UserMessage(text="keep"), timeout_s=0.05)
    assert divergences(waiting) == []
    behind_the_rules("DELETE FROM sessions_app_call WHERE session_id = %s", waiting)

    (found,) = divergences(waiting)
    assert found.part == "caller"
    assert "has no row" in found.what
    verification.repair(waiting)
    sessions.handle_user_message(waiting, "reply:kept")

    assert divergences(waiting) == []
    assert Call.objects.get(session_id=waiting).status == Call.Status.LATE


def test_a_caller_that_its_session_does_not_know_is_found_and_told(played: uuid.UUID) -> None:
    Call.objects.create(caller="nobody", session_id=played)

    (found,) = divergences(played)
    assert "the session knows nothing of it" in found.what
    verification.repair(played)

    assert divergences(played) == []
    assert Call.objects.get(caller="nobody").status == Call.Status.EXITED


# --- the log -----------------------------------------------------------------------------------------------------

_ONE = "WHERE session_id = %s AND seq = 4"
LOGS = {
    "a changed text": (f"UPDATE sessions_app_interaction SET payload = '{{}}' {_ONE}", 4, "not fit its commitment"),
    "a changed kind": (f"UPDATE sessions_app_interaction SET kind = 'x.y' {_ONE}", 4, "does not fit its columns"),
    "a changed time": (f"UPDATE sessions_app_interaction SET at = now() {_ONE}", 4, "does not fit its columns"),
    "a changed hash": (f"UPDATE sessions_app_interaction SET hash = '\\x00' {_ONE}", 4, "does not fit its columns"),
    "a changed link": (f"UPDATE sessions_app_interaction SET prev_hash = '\\x00' {_ONE}", 4, "not follow the hash"),
    "a removed row": (f"DELETE FROM sessions_app_interaction {_ONE}", 5, "has a gap"),
    "a removed beginning": (
        "DELETE FROM sessions_app_interaction WHERE session_id = %s AND seq = 1", 2, "has a gap"
    ),
    "no log at all": ("DELETE FROM sessions_app_interaction WHERE session_id = %s", 0, "has no log"),
}  # fmt: skip


@pytest.mark.parametrize(("corruption", "seq", "words"), LOGS.values(), ids=LOGS.keys())
def test_a_broken_log_is_found_at_its_interaction_and_no_row_is_rebuilt_from_it(
    played: uuid.UUID, corruption: str, seq: int, words: str
) -> None:
    behind_the_rules(corruption, played)
    before = Session.objects.filter(pk=played).values().get()

    (found,) = divergences(played)
    assert (found.part, found.seq) == ("log", seq)
    assert words in found.what
    with pytest.raises(NotRepairable, match="sound log"):
        verification.repair(played)
    assert Session.objects.filter(pk=played).values().get() == before


def test_a_log_without_its_end_is_found(played: uuid.UUID) -> None:
    head = Session.objects.get(pk=played).head
    behind_the_rules("DELETE FROM sessions_app_interaction WHERE session_id = %s AND seq > %s", played, head - 2)

    (found,) = divergences(played)
    assert (found.part, found.seq) == ("log", head - 2)
    assert "its end is missing" in found.what
    with pytest.raises(NotRepairable):
        verification.repair(played)


# --- erasure -----------------------------------------------------------------------------------------------------


def test_an_erased_text_is_erased_not_divergent(played: uuid.UUID) -> None:
    Interaction.objects.filter(session_id=played, kind="message.accepted").update(payload=None, salt=None)

    (verified,) = verification.verify([played])

    assert verified.divergences == []
    assert verified.erased == Interaction.objects.filter(session_id=played, kind="message.accepted").count()


def test_with_a_step_erased_what_the_log_still_tells_is_still_compared(played: uuid.UUID) -> None:
    first = Interaction.objects.filter(session_id=played, kind="step").order_by("seq").first()
    assert first is not None
    Interaction.objects.filter(session_id=played, seq=first.seq).update(payload=None, salt=None)
    assert divergences(played) == []

    behind_the_rules("UPDATE sessions_app_session SET state_no = 99, data = '{}' WHERE id = %s", played)

    (found,) = divergences(played)
    assert found.what.startswith("state_no:")


# --- how it reads ------------------------------------------------------------------------------------------------


def test_verifying_or_repairing_inside_a_transaction_is_refused(played: uuid.UUID) -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        list(verification.verify())
    with transaction.atomic(), pytest.raises(InsideTransaction):
        verification.repair(played)


def test_sessions_of_one_batch_do_not_mix(played: uuid.UUID) -> None:
    others = []
    for name in ("bo", "cy", "di"):
        user = get_user_model()._default_manager.create_user(name)
        others.append(registry.start_or_find(user.pk, "scripted", "scripted", {})[0])
        sessions.handle_user_message(others[-1], f"say:{name}")
    behind_the_rules("UPDATE sessions_app_session SET state = 'c' WHERE id = %s", others[1])
    behind_the_rules("DELETE FROM sessions_app_interaction WHERE session_id = %s", others[2])

    for batch in (1, 2, 100):
        results = list(verification.verify(batch=batch))
        assert [one.session for one in results] == sorted([played, *others])
        assert {one.session for one in results if one.divergences} == set(others[1:])
