"""``get_state``, ``get_status`` and ``replace_state``: looking is no event, replacing is no state change."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from sessions_app import log, registry, server, sessions, system
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import ClosedSession, UnknownSession, UnknownState, UnloadableData
from sessions_app.models import Session
from tests.integration.admin_visitors import lesson_with_question
from tests.integration.sessions_app.test_sys_suspend import end_call, seen, send, unchanged
from tutor import events, statem

Folds = Callable[[uuid.UUID], None]
Kinds = Callable[[uuid.UUID], list[str]]


class Entering:
    """Goes where a message says, and counts its enter calls."""

    states = frozenset({"a", "b", "c"})
    state_enter = True
    #: Whether this process dies inside the enter call.
    dies = False

    def initial(self, _seed: int, _context: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "a", {"entered": []}

    def dump(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    def load(self, plain: dict[str, Any]) -> dict[str, Any]:
        return plain

    def handle(self, event: statem.Event, state: str, data: dict[str, Any]) -> statem.Result:
        if event.type is statem.EventType.ENTER:
            if Entering.dies:
                raise SystemExit("killed inside the enter call")
            return statem.KeepState({"entered": [*data["entered"], f"{event.content}>{state}"]})
        if isinstance(event.content, events.UserMessage):
            return statem.NextState(event.content.text)
        return statem.KeepState()


def entering(_args: dict[str, Any]) -> Entering:
    return Entering()


@pytest.fixture
def entering_session(learner: Any, settings: Any) -> uuid.UUID:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "entering": f"{__name__}.entering"}
    return registry.start_or_find(learner.pk, "entering", "entering", {})[0]


def test_s67_get_state_is_state_and_data_and_no_event(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "go:b timer:60000")
    before = unchanged(scripted_session)

    assert system.get_state(scripted_session) == ("b", {"calls": 0, "seen": ["go:b timer:60000"]})
    assert unchanged(scripted_session) == before


def test_s34_looking_does_not_cancel_the_event_time_out(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "named:tea:60000")
    timers = Session.objects.get(pk=scripted_session).kernel["timers"]
    system.get_state(scripted_session)
    system.get_status(scripted_session)

    assert Session.objects.get(pk=scripted_session).kernel["timers"] == timers


def test_s67_get_state_does_not_wait_for_whoever_holds_the_session(scripted_session: uuid.UUID) -> None:
    with transaction.atomic():
        Session.objects.select_for_update(no_key=True).get(pk=scripted_session)

        def look() -> tuple[str, Any]:
            try:
                return system.get_state(scripted_session)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(look).result(2)[0] == "a"


def test_s69_get_status_tells_what_the_kernel_knows(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "postpone", command_id="m1")
    send(scripted_session, "named:tea:60000 timer:30000")
    send(scripted_session, "crash")
    send(scripted_session, "slow")
    system.suspend(scripted_session)
    send(scripted_session, "say:later", command_id="m2")

    status = system.get_status(scripted_session)

    assert status["status"] == "suspended"
    assert status["machine"] == {"name": "scripted", "args": {}}
    assert [one["time_out"] for one in status["time_outs"]] == ["named_timeout:tea"]
    assert [one["event"]["mark"] for one in status["suspended"]] == ["m2"]
    assert status["turn"]["by"] == "learner"
    (call,) = status["calls"]
    assert (call["ref"], call["tool"], call["status"], call["attempt"], call["owner"]) == (
        "c1",
        "echo",
        "queued",
        0,
        None,
    )
    assert status["last_crash"]["reason"] == "ZeroDivisionError: as the script says"
    assert status["heads"]["head"] == status["log"][-1]["seq"]


def test_s69_get_status_tells_postponed_events(scripted_session: uuid.UUID) -> None:
    send(scripted_session, "postpone", command_id="m1")

    assert [event["mark"] for event in system.get_status(scripted_session)["postponed"]] == ["m1"]
    assert system.get_status(scripted_session)["status"] == "running"


def test_s69_replace_state_is_no_state_change(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "postpone")
    before = Session.objects.get(pk=scripted_session)
    system.replace_state(scripted_session, "b", {"calls": 7, "seen": ["replaced"]}, actor="root")

    after = Session.objects.get(pk=scripted_session)
    assert (after.state, after.data) == ("b", {"calls": 7, "seen": ["replaced"]})
    assert (after.state_no, after.event_no) == (before.state_no, before.event_no)
    assert len(after.kernel["postponed"]) == 1  # not retried
    folds(scripted_session)
    send(scripted_session, "go:c")
    assert seen(scripted_session)[-1] == "postpone"  # a real change retries it
    folds(scripted_session)


def test_s29_replacing_state_makes_no_enter_call(entering_session: uuid.UUID, folds: Folds) -> None:
    before = Session.objects.get(pk=entering_session).data["entered"]
    system.replace_state(entering_session, "b")
    assert Session.objects.get(pk=entering_session).data["entered"] == before

    send(entering_session, "c")
    assert Session.objects.get(pk=entering_session).data["entered"] == [*before, "b>c"]
    folds(entering_session)


def test_s29_taking_a_session_up_in_another_process_makes_no_enter_call(entering_session: uuid.UUID) -> None:
    before = Session.objects.get(pk=entering_session).data["entered"]
    connection.close()  # nothing of the session lives in this process; the next event reads it anew
    send(entering_session, "a")

    assert Session.objects.get(pk=entering_session).data["entered"] == before


def test_s29_a_process_that_dies_inside_an_enter_call_leaves_nothing_and_the_next_one_enters_once(
    entering_session: uuid.UUID, folds: Folds, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = events.UserMessage(text="b")
    delivery = Delivery(entering_session, message, by="learner", command=CommandId("m1", "message.send", b""), text="b")
    before = unchanged(entering_session)
    monkeypatch.setattr(Entering, "dies", True)
    with pytest.raises(SystemExit):
        server.deliver(delivery)
    assert unchanged(entering_session) == before

    monkeypatch.setattr(Entering, "dies", False)
    server.deliver(delivery)
    assert server.deliver(delivery).duplicate

    assert Session.objects.get(pk=entering_session).data["entered"].count("a>b") == 1
    folds(entering_session)


def test_s31_replacing_the_state_leaves_its_time_out_running(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "timer:60000")
    timers = Session.objects.get(pk=scripted_session).kernel["timers"]
    system.replace_state(scripted_session, "b")

    assert Session.objects.get(pk=scripted_session).kernel["timers"] == timers
    folds(scripted_session)


def test_replacing_is_a_step_and_stands_in_the_log_with_its_actor(scripted_session: uuid.UUID, kinds: Kinds) -> None:
    system.replace_state(scripted_session, "b", actor="root")

    assert kinds(scripted_session)[-3:] == ["state.replaced", "step", "state.changed"]
    replaced, step, changed = (entry.fact for entry in list(log.read(scripted_session))[-3:])
    assert (replaced.actor, replaced.from_, replaced.to) == ("root", "a", "b")  # type: ignore[attr-defined]
    assert (step.outcome, step.to) == ("replaced", "b")  # type: ignore[attr-defined]
    assert changed.why == "replaced"  # type: ignore[attr-defined]


def test_what_get_state_gives_replace_state_takes(learner: Any, folds: Folds) -> None:
    session = lesson_with_question(learner)
    state, data = system.get_state(session)
    system.replace_state(session, state, data)

    assert system.get_state(session) == (state, data)
    folds(session)


def test_a_result_of_a_call_arrives_in_the_replaced_state(scripted_session: uuid.UUID, folds: Folds) -> None:
    send(scripted_session, "call")
    system.replace_state(scripted_session, "c")
    end_call(scripted_session)

    assert seen(scripted_session)[-1] == "c1 ok"
    folds(scripted_session)


def test_a_suspended_session_may_be_replaced_and_handles_what_waits_in_the_new_state(
    scripted_session: uuid.UUID, folds: Folds
) -> None:
    system.suspend(scripted_session)
    send(scripted_session, "postpone")  # only state a postpones
    system.replace_state(scripted_session, "b")
    system.resume(scripted_session)

    assert seen(scripted_session) == ["postpone"]
    assert "postponed" not in Session.objects.get(pk=scripted_session).kernel
    folds(scripted_session)


def crash_too_often(session: uuid.UUID) -> None:
    for _ in range(4):
        send(session, "crash")


@pytest.fixture
def supervised(settings: Any) -> None:
    """Three restarts in an hour: the test does not depend on how slow the machine is."""
    settings.TUTOR_SUPERVISION = {"*": {"restart": "transient", "max_restarts": 3, "max_seconds": 3600}}


def test_a_replaced_state_that_has_worked_is_what_a_restore_goes_back_to(
    supervised: None, scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "go:b")
    system.replace_state(scripted_session, "c", {"calls": 0, "seen": ["mended"]})
    send(scripted_session, "say:x")
    send(scripted_session, "go:a")
    crash_too_often(scripted_session)

    assert system.get_state(scripted_session)[0] == "c"
    assert seen(scripted_session)[0] == "mended"
    folds(scripted_session)


def test_a_state_that_was_replaced_is_not_taken_for_proven_by_what_comes_after(
    supervised: None, scripted_session: uuid.UUID, folds: Folds
) -> None:
    send(scripted_session, "go:b say:poison")
    system.replace_state(scripted_session, "c", {"calls": 0, "seen": []})
    send(scripted_session, "say:x")
    crash_too_often(scripted_session)

    assert "go:b say:poison" not in seen(scripted_session)
    folds(scripted_session)


BAD_DATA: list[Any] = ["a text", [1], 7, {"number": object()}, {"text": "\x00"}, {"text": "\ud800"}]


@pytest.mark.parametrize("data", BAD_DATA, ids=["text", "list", "number", "object", "nul", "surrogate"])
def test_data_that_is_no_json_object_is_refused_and_nothing_is_written(
    scripted_session: uuid.UUID, folds: Folds, data: Any
) -> None:
    before = unchanged(scripted_session)
    with pytest.raises(UnloadableData):
        system.replace_state(scripted_session, "b", data)

    assert unchanged(scripted_session) == before
    assert system.get_state(scripted_session)[0] == "a"
    folds(scripted_session)


@pytest.mark.parametrize("data", [{"calls": "many"}, {"calls": None}])
def test_data_that_the_machine_cannot_load_is_refused_and_nothing_is_written(
    echo_session: uuid.UUID, folds: Folds, data: dict[str, Any]
) -> None:
    before = unchanged(echo_session)
    with pytest.raises(UnloadableData, match="cannot load"):
        system.replace_state(echo_session, "idle", data)

    assert unchanged(echo_session) == before
    folds(echo_session)
    send(echo_session, "goes on")


@pytest.mark.parametrize("state", ["dreaming", "", "A", "a' OR 1=1"])
def test_an_unknown_state_is_refused_with_the_known_ones_and_nothing_is_written(
    scripted_session: uuid.UUID, folds: Folds, state: str
) -> None:
    before = unchanged(scripted_session)
    with pytest.raises(UnknownState, match="choose one of a, b, c, waiting"):
        system.replace_state(scripted_session, state)

    assert unchanged(scripted_session) == before
    folds(scripted_session)


def test_a_tutoring_session_takes_its_states_only(learner: Any, folds: Folds) -> None:
    session = lesson_with_question(learner)
    with pytest.raises(UnknownState):
        system.replace_state(session, "idle")
    with pytest.raises(UnloadableData):
        system.replace_state(session, "paused", {"mastery": "all of it"})
    folds(session)


def test_a_closed_session_is_not_replaced(scripted_session: uuid.UUID, folds: Folds) -> None:
    sessions.shutdown(scripted_session)
    with pytest.raises(ClosedSession):
        system.replace_state(scripted_session, "b")
    folds(scripted_session)


def test_a_session_is_found_by_id_by_its_beginning_and_by_name(scripted_session: uuid.UUID, learner: Any) -> None:
    for text in (
        str(scripted_session),
        scripted_session.hex,
        scripted_session.hex[:8],
        str(scripted_session)[:13].upper(),
        f"{learner.pk}:scripted",
        "ada:scripted",
    ):
        assert system.find(text) == scripted_session


def test_the_live_session_of_a_name_is_meant_else_the_newest(scripted_session: uuid.UUID, learner: Any) -> None:
    sessions.shutdown(scripted_session)
    assert system.find("ada:scripted") == scripted_session
    again, _ = registry.start_or_find(learner.pk, "scripted", "scripted", {})
    assert system.find("ada:scripted") == again


@pytest.mark.parametrize("text", ["", "abc", "zzzz", "nobody:nothing", ":", "0" * 33, "\x00:x", "00000000"])
def test_what_names_no_session_is_said_to_be_unknown(scripted_session: uuid.UUID, text: str) -> None:
    with pytest.raises(UnknownSession):
        system.find(text)


def test_time_since_the_state_counts_from_the_replacement(scripted_session: uuid.UUID) -> None:
    before = Session.objects.get(pk=scripted_session).state_since
    time.sleep(0.01)
    system.replace_state(scripted_session, "b")

    assert Session.objects.get(pk=scripted_session).state_since > before
