"""``why``: every way in which a session can wait is found and told; a live one never waits for nothing."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app import registry, server, sessions, system, timers, verification
from sessions_app.exceptions import CommandError, ControlRefused, UnknownSession
from sessions_app.models import Session, Timer
from sessions_app.why import Wait, Why, why
from tests.integration.sessions_app.test_sys_suspend import send
from tools_app import calls, monitor
from tools_app.models import ToolCall, Worker
from tools_app.retry import Decision
from tutor.strategies import Strategy


def only(session: uuid.UUID) -> Wait:
    (wait,) = why(session).waits
    return wait


def kinds_of(session: uuid.UUID) -> list[str]:
    return [wait.kind for wait in why(session).waits]


def start_worker(owner: str = "worker-1", queues: str = "tools") -> None:
    Worker.objects.create(owner=owner, host="here", process=1, queues=queues)


def silence(owner: str, seconds: float) -> None:
    """Let a worker's last sign of life, a beat or a claim, be that long ago."""
    Worker.objects.filter(pk=owner).update(beat_at=F("beat_at") - timedelta(seconds=seconds))
    ToolCall.objects.filter(owner=owner).update(started_at=F("started_at") - timedelta(seconds=seconds))


def test_a_session_waits_for_its_learner(scripted_session: uuid.UUID) -> None:
    wait = only(scripted_session)

    assert (wait.kind, wait.until, wait.trouble) == ("learner", None, False)
    assert re.match(r"Waiting for the learner, for \d\.\d s \(since ", why(scripted_session).words)
    assert "for as long as it takes" in wait.next


def test_what_happens_if_the_learner_does_not_come_is_said(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:nudge:60000 named:later:90000")
    wait = only(scripted_session)

    assert wait.until is not None
    assert 50 < (wait.until - datetime.now(UTC)).total_seconds() <= 60
    assert f"the time-out nudge is handled at {wait.until:%Y-%m-%d %H:%M:%S} UTC" in wait.next


def test_postponed_events_are_counted(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "postpone")

    assert "1 postponed event" in only(scripted_session).next


def test_a_call_that_no_worker_can_take_is_trouble(scripted_session: uuid.UUID) -> None:
    start_worker(queues="other")
    send(scripted_session, "call")
    wait = only(scripted_session)

    assert (wait.kind, wait.trouble) == ("tool_without_worker", True)
    assert wait.what == "the tool echo (call c1)"
    assert "No worker is alive that serves the queue 'tools'" in wait.next
    assert wait.until == ToolCall.objects.get().deadline_at


def test_a_queued_call_waits_for_a_worker(scripted_session: uuid.UUID) -> None:
    start_worker(queues="other,tools")
    send(scripted_session, "call")
    wait = only(scripted_session)

    assert (wait.kind, wait.trouble) == ("tool_queued", False)
    assert wait.since == ToolCall.objects.get().created_at


def test_a_call_that_workers_leave_lying_is_trouble(scripted_session: uuid.UUID) -> None:
    start_worker()
    send(scripted_session, "call")
    ago = timedelta(seconds=20)
    ToolCall.objects.update(created_at=F("created_at") - ago, run_after=F("run_after") - ago)

    assert only(scripted_session).trouble
    assert "do not take work" in only(scripted_session).next


def test_a_running_call_names_its_worker_and_its_last_beat(scripted_session: uuid.UUID) -> None:
    start_worker()
    send(scripted_session, "call")
    calls.claim("worker-1", ["tools"], 1)
    found = why(scripted_session)
    (wait,) = found.waits

    assert (wait.kind, wait.trouble) == ("tool_running", False)
    assert re.fullmatch(r"worker worker-1, last seen \d\.\d s ago", wait.holder)
    assert "attempt 1 of 3" in wait.next
    assert wait.holder in found.words
    assert "worker-1" not in found.summary


def test_between_two_attempts_the_error_and_the_next_begin_are_said(scripted_session: uuid.UUID) -> None:
    start_worker()
    send(scripted_session, "call")
    (call,) = calls.claim("worker-1", ["tools"], 1)
    server.deliver(calls.again(call, Decision(Strategy.RETRY, "unreachable", 30.0), "503 from the model", []))
    wait = only(scripted_session)

    assert wait.kind == "tool_between_attempts"
    assert "attempt 1 of 3 (503 from the model)" in wait.next


def test_a_dead_workers_call_says_that_the_sweep_takes_it_over(scripted_session: uuid.UUID) -> None:
    start_worker()
    send(scripted_session, "call")
    calls.claim("worker-1", ["tools"], 1)
    silence("worker-1", 5)
    wait = only(scripted_session)

    assert (wait.kind, wait.trouble) == ("tool_owner_lost", False)
    assert "gets another attempt" in wait.next
    monitor.sweep()
    assert only(scripted_session).kind in {"tool_without_worker", "tool_queued"}


def test_a_dead_workers_call_that_nobody_takes_over_is_trouble(scripted_session: uuid.UUID) -> None:
    start_worker()
    send(scripted_session, "call")
    calls.claim("worker-1", ["tools"], 1)
    silence("worker-1", 60)

    assert only(scripted_session).trouble
    assert "No timer service seems to run" in only(scripted_session).next


def test_a_call_of_a_worker_that_was_never_heard_of_is_lost(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "call")
    calls.claim("a-stranger", ["tools"], 1)
    ToolCall.objects.update(created_at=F("created_at") - timedelta(seconds=10))

    assert only(scripted_session).kind == "tool_owner_lost"
    assert only(scripted_session).holder == "worker a-stranger, never heard of"


def test_a_call_past_its_deadline_that_nobody_ends_is_trouble(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "call")
    ToolCall.objects.update(deadline_at=F("deadline_at") - timedelta(seconds=120))
    wait = only(scripted_session)

    assert (wait.kind, wait.trouble) == ("tool_overdue", True)
    monitor.sweep()
    assert only(scripted_session).kind == "learner"


def test_a_call_that_is_not_there_is_trouble(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "call")
    ToolCall.objects.all().delete()

    assert (only(scripted_session).kind, only(scripted_session).trouble) == ("tool_vanished", True)
    assert f"verify_sessions --repair --session {scripted_session}" in only(scripted_session).next
    verification.repair(scripted_session)
    assert only(scripted_session).kind == "learner"


def test_a_suspended_session_waits_for_an_operator_and_says_who_suspended_it(scripted_session: uuid.UUID) -> None:
    system.suspend(scripted_session, actor="root")
    send(scripted_session, "say:x")
    wait = only(scripted_session)

    assert (wait.kind, wait.until, wait.trouble) == ("suspended", None, False)
    assert wait.holder == "operator root"
    assert "1 event(s) wait in it" in wait.next
    assert f"manage.py session resume {scripted_session}" in wait.next


def test_a_closed_session_waits_for_nothing(scripted_session: uuid.UUID) -> None:
    sessions.shutdown(scripted_session)

    assert only(scripted_session).kind == "closed"
    assert not why(scripted_session).stuck


def test_an_overdue_time_out_says_that_no_timer_service_runs(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:nudge:20")
    time.sleep(0.05)
    assert not why(scripted_session).stuck  # a little late is no trouble
    make_older(scripted_session, 10_000)

    found = why(scripted_session)
    assert [wait.kind for wait in found.waits] == ["learner", "timeout_overdue"]
    assert found.stuck
    assert "the time-out nudge" in found.words
    assert "manage.py timer_service" in found.words
    timers.sweep()
    assert kinds_of(scripted_session) == ["learner"]


def make_older(session: uuid.UUID, ms: int) -> None:
    """Let the session's time-outs have been due for longer."""
    row = Session.objects.get(pk=session)
    for timer in row.kernel["timers"].values():
        timer["due"] -= ms
    Session.objects.filter(pk=session).update(kernel=row.kernel)
    Timer.objects.filter(session_id=session).update(due_at=F("due_at") - timedelta(milliseconds=ms))


def test_a_time_out_whose_timer_is_missing_is_trouble_until_it_is_set_again(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:nudge:60000")
    Timer.objects.all().delete()

    assert kinds_of(scripted_session) == ["learner", "timeout_lost"]
    assert f"verify_sessions --repair --session {scripted_session}" in why(scripted_session).words
    verification.repair(scripted_session)
    assert kinds_of(scripted_session) == ["learner"]


@contextmanager
def locked_elsewhere(session: uuid.UUID, statement: str) -> Iterator[int]:
    """Another backend holds the row. Gives its process id."""
    with psycopg.connect(_dsn()) as other:
        other.execute(statement, [session])
        yield other.info.backend_pid
        other.rollback()


def _dsn() -> str:
    parameters = connection.settings_dict
    return psycopg.conninfo.make_conninfo(
        host=parameters["HOST"],
        port=parameters["PORT"],
        user=parameters["USER"],
        password=parameters["PASSWORD"],
        dbname=parameters["NAME"],
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 FROM sessions_app_session WHERE id = %s FOR NO KEY UPDATE",
        "SELECT 1 FROM sessions_app_session WHERE id = %s FOR UPDATE",
        "UPDATE sessions_app_session SET on_busy = 'queue' WHERE id = %s",
    ],
)
def test_whoever_holds_the_row_is_named(scripted_session: uuid.UUID, statement: str) -> None:
    with locked_elsewhere(scripted_session, statement) as pid:
        time.sleep(0.6)
        lock = why(scripted_session).waits[-1]

    assert lock.kind == "locked"
    assert f"database backend {pid}" in lock.holder
    assert "idle in transaction" in lock.holder
    assert statement.replace("%s", "$1")[:40] in lock.holder
    assert f"pg_terminate_backend({pid})" in lock.next
    assert kinds_of(scripted_session) == ["learner"]


def test_asking_does_not_wait_for_the_lock_and_writes_nothing(scripted_session: uuid.UUID) -> None:
    head = Session.objects.get(pk=scripted_session).head
    with transaction.atomic():
        Session.objects.select_for_update().get(pk=scripted_session)

        def ask() -> Why:
            try:
                return why(scripted_session)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(ask).result(3).waits

    assert Session.objects.get(pk=scripted_session).head == head


def test_a_session_that_was_put_back_rests_and_says_until_when(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "spin")
    supervision = Session.objects.get(pk=scripted_session).supervision
    assert supervision["rests_until"] > 0
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)  # a rest that this test cannot outlast
    longer = {**supervision, "rests_until": int(until.timestamp() * 1_000)}
    Session.objects.filter(pk=scripted_session).update(supervision=longer)

    waits = why(scripted_session).waits
    assert [(wait.kind, wait.until) for wait in waits] == [("resting", until), ("learner", None)]
    (held,) = system.get_status(scripted_session)["quarantined"]
    assert "BudgetExceeded" in held["reason"]


def test_the_answer_is_json(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "call")
    found = why(scripted_session)
    plain = json.loads(json.dumps(found.plain()))

    assert plain["waits"][0]["kind"] == "tool_without_worker"
    assert plain["stuck"] is True
    assert plain["words"] == found.words


def test_an_unknown_session_is_said_to_be_unknown(transactional_db: None) -> None:
    with pytest.raises(UnknownSession):
        why(uuid.uuid4())


SCRIPTS = ("say:x", "go:b", "go:a", "postpone", "call", "crash", "named:tea:1", "named:tea:60000", "timer:1", "spin")
OTHERS = ("SUSPEND", "RESUME", "END_CALL", "SWEEP", "SILENCE", "REPLACE")
ACTS = st.lists(st.sampled_from((*SCRIPTS, *OTHERS)), max_size=12)


def perform(session: uuid.UUID, act: str) -> None:
    match act:
        case "SUSPEND":
            system.suspend(session)
        case "RESUME":
            system.resume(session)
        case "REPLACE":
            system.replace_state(session, "b")
        case "END_CALL":
            for call in calls.claim("worker-1", ["tools"], 1):
                server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))
        case "SWEEP":
            timers.sweep()
            monitor.sweep()
        case "SILENCE":
            silence("worker-1", 60)
        case text:
            send(session, text)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_a_live_session_never_waits_for_nothing(
    learner: Any, scripted_session: uuid.UUID, folds: Callable[[uuid.UUID], None], acts: list[str]
) -> None:
    session, _ = registry.start_or_find(learner.pk, f"course-{uuid.uuid4()}", "scripted", {})
    for act in acts:
        with suppress(CommandError, ControlRefused):
            perform(session, act)
        found = why(session)
        assert found.waits
        assert found.live == (found.waits[0].kind != "closed")
        assert all(wait.what and wait.next for wait in found.waits)
    folds(session)
    assert [one.divergences for one in verification.verify([session])] == [[]]
