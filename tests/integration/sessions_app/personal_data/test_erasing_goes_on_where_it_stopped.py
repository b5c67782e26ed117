"""An erasure that dies half-way leaves whole sessions behind; whoever goes on finishes it."""

from __future__ import annotations

import uuid
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command

from sessions_app import branching, conf, log, opening, registry, server, sessions, system, verification
from sessions_app.access import issue_token, user_of_token
from sessions_app.exceptions import CommandError, InsideTransaction, NotErasable
from sessions_app.frames import Hello
from sessions_app.models import Erasure, Interaction, Session
from sessions_app.personal_data import erasing, places
from tests.integration.tools_app.model_lesson import claim
from tests.scripted_machine import ScriptedMachine
from tools_app import calls
from tools_app.models import ToolCall


@pytest.fixture(autouse=True)
def _redis(redis_url: str, settings: Any) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}


def started(learner: Any, name: str = "scripted") -> uuid.UUID:
    session = registry.start_or_find(learner.pk, name, "scripted", {})[0]
    sessions.handle_user_message(session, f"say:{name}")
    return session


def picky(_args: dict[str, Any]) -> ScriptedMachine:
    """A machine of a release that cannot read the data of the one before."""

    class Picky(ScriptedMachine):
        def load(self, plain: dict[str, Any]) -> dict[str, Any]:
            raise KeyError("unknown form")

    return Picky()


def texts(session: uuid.UUID) -> int:
    return Interaction.objects.filter(session_id=session, payload__isnull=False).count()


def divergences() -> list[str]:
    return [str(one) for verified in verification.verify() for one in verified.divergences]


def erase(learner: Any, **more: Any) -> Erasure:
    *_, last = erasing.carry_out(erasing.begin(learner.pk, asked_by="root", **more))
    return last


def test_the_timer_service_finishes_what_a_dead_process_began(learner: Any) -> None:
    made = [started(learner, name) for name in ("one", "two", "three")]
    erasure = erasing.begin(learner.pk, asked_by="root")
    next(erasing.carry_out(erasure))  # and then the process is gone
    assert [texts(one) > 0 for one in made] == [True, True, False]

    assert erasing.sweep() == 1

    assert [texts(one) for one in made] == [0, 0, 0]
    done = Erasure.objects.get()
    assert (done.finished_at is not None, done.erased, done.sessions) == (True, 3, 3)
    assert divergences() == []


def test_a_session_is_erased_whole_or_not_at_all(learner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = started(learner)
    before = texts(session)

    def dies(_session: uuid.UUID) -> int:
        raise RuntimeError("the machine's power is gone")

    broken = places.SessionPlace("a place that fails", lambda _sessions: 0, dies)
    with monkeypatch.context() as patch:
        patch.setattr(places, "_places", [*places._places, broken])
        with pytest.raises(RuntimeError):
            erase(learner)
        # It was ended, which is an interaction more; no text is gone.
        assert texts(session) > before
        assert "power" in Erasure.objects.get().error
        assert erasing.sweep() == 0

    assert erasing.sweep() == 1
    assert (texts(session), Erasure.objects.get().error) == (0, "")


def test_a_session_started_by_a_request_that_was_late_is_erased_too(learner: Any) -> None:
    started(learner)
    erase(learner)
    late = started(learner, "late")

    assert erasing.sweep() == 1

    assert texts(late) == 0
    assert Erasure.objects.get().finished_at is not None


def test_the_account_is_closed_before_anything_is_erased(learner: Any) -> None:
    token = issue_token(learner)
    assert user_of_token(token) is not None

    erasing.begin(learner.pk, asked_by="root")

    assert user_of_token(token) is None


def test_asking_twice_is_one_erasure(learner: Any) -> None:
    assert erasing.begin(learner.pk, asked_by="root") == erasing.begin(learner.pk, asked_by="another")


def test_an_account_that_is_kept_goes_on_without_a_past(learner: Any) -> None:
    first = started(learner)
    token = issue_token(learner)
    erase(learner, keeps_account=True)

    second = started(learner)

    assert user_of_token(token) == learner
    assert get_user_model()._default_manager.get(pk=learner.pk).get_username() == "ada"
    assert (texts(first), second != first, texts(second) > 0) == (0, True, True)
    assert Session.objects.get(pk=second).previous_id == first
    assert erasing.sweep() == 0
    assert texts(second) > 0


def test_a_teachers_account_is_not_erased_by_mistake(learner: Any) -> None:
    get_user_model()._default_manager.filter(pk=learner.pk).update(is_staff=True)

    with pytest.raises(NotErasable, match="teacher or an operator"):
        erasing.begin(learner.pk, asked_by="root")

    assert erasing.begin(learner.pk, asked_by="root", keeps_account=True)


def test_a_parent_is_not_erasable_alone(learner: Any) -> None:
    parent = started(learner)
    fork = branching.fork(parent, Session.objects.get(pk=parent).head, actor="ada", by="learner").session

    with pytest.raises(erasing.ForksFirst, match="share its log"):
        erasing.erase_session(parent, actor="root")
    assert texts(parent) > 0

    assert erasing.erase_session(fork, actor="root") > 0
    assert erasing.erase_session(parent, actor="root") > 0
    assert divergences() == []


def test_a_fork_always_belongs_to_its_parents_learner(learner: Any) -> None:
    """So that nobody's erasure needs somebody else's session: whoever forks, it stays the learner's."""
    parent = started(learner)
    head = Session.objects.get(pk=parent).head

    by_operator = branching.fork(parent, head, actor="root", by="operator").session

    assert Session.objects.get(pk=by_operator).learner_id == learner.pk


def test_what_was_erased_is_forked_and_rewound_no_more(learner: Any) -> None:
    session = started(learner)
    erasing.erase_session(session, actor="root")

    with pytest.raises(CommandError, match="was erased"):
        branching.fork(session, 3, actor="ada", by="learner")


def test_a_result_that_comes_after_the_erasure_is_discarded_and_says_nothing(learner: Any) -> None:
    session = started(learner)
    sessions.handle_user_message(session, "call with a secret")
    (call,) = claim()
    erasing.erase_session(session, actor="root")
    assert not ToolCall.objects.filter(session_id=session).exists()

    server.deliver(calls.succeeded(call, {"text": "the secret"}, fallback=False, facts=[]))

    last = list(log.read(session))[-1]
    assert (last.kind, "secret" in str(last.payload)) == ("tool.result_discarded", False)
    assert divergences() == []


@pytest.mark.parametrize("how", ["suspended", "unloadable", "closed"])
def test_whatever_state_it_is_in_it_is_ended_and_erased(learner: Any, how: str, settings: Any) -> None:
    session = started(learner)
    if how == "suspended":
        system.suspend(session)
        sessions.handle_user_message(session, "go:b")
    elif how == "closed":
        sessions.shutdown(session)
    else:
        settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": f"{__name__}.picky"}
        conf._machines.clear()

    erasing.erase_session(session, actor="root")

    row = Session.objects.get(pk=session)
    assert (row.live, row.data, row.kernel, texts(session)) == (False, {}, {}, 0)
    assert divergences() == []


def test_it_is_refused_within_a_transaction(learner: Any) -> None:
    from django.db import transaction

    session = started(learner)
    with pytest.raises(InsideTransaction), transaction.atomic():
        erasing.erase_session(session, actor="root")


def test_a_place_is_named_once() -> None:
    with pytest.raises(ValueError, match="already"):
        places.register(places.SessionPlace("the interaction log", lambda _sessions: 0, lambda _session: 0))


@pytest.mark.parametrize(
    "command", ["show", "why", "state", "status", "history", "project --as transcript", "project --as timeline"]
)
def test_an_erased_session_can_still_be_looked_at(learner: Any, command: str) -> None:
    session = started(learner)
    erasing.erase_session(session, actor="root")

    out = StringIO()
    action, *more = command.split()
    call_command("session", action, str(session), *more, stdout=out)

    assert "say:scripted" not in out.getvalue()


def test_whoever_opens_an_erased_session_reads_that_it_was_erased(learner: Any) -> None:
    session = started(learner)
    erasing.erase_session(session, actor="root")

    opened = opening.open_session(learner, session, Hello())

    assert opened.lines
    assert {line.payload for line in opened.lines} == {'{"erased":true}'}
