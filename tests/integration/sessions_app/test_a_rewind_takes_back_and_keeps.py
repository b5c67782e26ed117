"""A rewind appends: the session goes on from then, and what it takes back can still be read."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sessions_app import branching, history, system, verification
from sessions_app.delivery import CommandId, Delivered
from sessions_app.exceptions import AlreadySuspended, ClosedSession
from sessions_app.models import Session, Timer
from sessions_app.sessions import handle_user_message
from tests.bench import population
from tools_app.models import ToolCall


@pytest.fixture
def talk(scripted_session: uuid.UUID) -> Callable[..., list[int]]:
    def said(*texts: str) -> list[int]:
        heads = []
        for text in texts:
            handle_user_message(scripted_session, text)
            heads.append(Session.objects.get(pk=scripted_session).head)
        return heads

    return said


def rewound(session: uuid.UUID, seq: int, **more: Any) -> Delivered:
    return branching.rewind(session, seq, actor="ada", by="learner", **more)


def divergences() -> list[str]:
    return [str(one) for verified in verification.verify() for one in verified.divergences]


def transcript(session: uuid.UUID) -> list[str]:
    import json

    return [line["text"] for line in json.loads(history.project(session, "transcript"))]


def test_the_session_is_what_it_was(scripted_session: uuid.UUID, talk: Any, folds: Any) -> None:
    first, _ = talk("go:b say:one", "go:c say:two")

    done = rewound(scripted_session, first)

    row = Session.objects.get(pk=scripted_session)
    assert (row.state, row.data["seen"]) == ("b", ["go:b say:one"])
    assert done.reply == {"to": first}
    folds(scripted_session)
    assert divergences() == []


def test_what_was_taken_back_leaves_the_transcript_and_stays_in_the_log(
    scripted_session: uuid.UUID, talk: Any, said: Any
) -> None:
    first, _ = talk("say:one", "say:two")
    rewound(scripted_session, first)
    talk("say:three")

    assert transcript(scripted_session) == ["say:one", "one", "say:three", "three"]
    assert said(scripted_session) == ["one", "two", "three"]


def test_a_rewind_can_itself_be_taken_back(scripted_session: uuid.UUID, talk: Any) -> None:
    first, second = talk("say:one", "say:two")
    rewound(scripted_session, first)
    rewound(scripted_session, second)

    assert transcript(scripted_session) == ["say:one", "one", "say:two", "two"]
    assert divergences() == []


def test_the_running_call_ends_as_cancelled_and_is_fenced_off(
    scripted_session: uuid.UUID, talk: Any, kinds: Callable[[uuid.UUID], list[str]]
) -> None:
    first, _ = talk("say:one", "slow")

    rewound(scripted_session, first)

    row = Session.objects.get(pk=scripted_session)
    assert row.state == "a"
    assert "calls" not in row.kernel
    assert ToolCall.objects.get(session_id=scripted_session).ending == "cancelled"
    assert kinds(scripted_session).count("tool.cancelled") == 1
    assert kinds(scripted_session).count("turn.started") == kinds(scripted_session).count("turn.finished")
    assert divergences() == []


def test_back_into_a_call_it_is_over(scripted_session: uuid.UUID, talk: Any) -> None:
    """The machine waited for c1 there; c1 has ended since, so it is told at once that it will not come."""
    (waiting,) = talk("slow")
    system_cancel(scripted_session)

    rewound(scripted_session, waiting)

    row = Session.objects.get(pk=scripted_session)
    assert (row.state, row.data["seen"][-1]) == ("a", "c1 cancelled")
    assert divergences() == []


def system_cancel(session: uuid.UUID) -> None:
    from sessions_app.delivery import Delivery
    from sessions_app.server import deliver
    from tutor import events

    deliver(Delivery(session, events.CancelRequested(), by="learner", cancels="", opens_turn=False))


def test_time_outs_of_then_and_of_now_are_gone(scripted_session: uuid.UUID, talk: Any) -> None:
    first, _ = talk("named:one:60000", "named:two:60000")

    rewound(scripted_session, first)

    assert "timers" not in Session.objects.get(pk=scripted_session).kernel
    # Their rows may look once more, early: they find nothing.
    assert all(timer.due_at is not None for timer in Timer.objects.filter(session_id=scripted_session))
    assert divergences() == []


def test_a_waiting_message_is_removed_once(scripted_session: uuid.UUID, talk: Any, kinds: Any) -> None:
    first, _ = talk("say:one", "say:later postpone")

    rewound(scripted_session, first)

    assert kinds(scripted_session).count("message.removed") == 1
    assert "postponed" not in Session.objects.get(pk=scripted_session).kernel


def test_counters_never_go_back(scripted_session: uuid.UUID, talk: Any) -> None:
    first, _ = talk("go:b", "go:c")
    before = Session.objects.get(pk=scripted_session)

    rewound(scripted_session, first)

    after = Session.objects.get(pk=scripted_session)
    assert after.state_no > before.state_no
    assert after.event_no > before.event_no


def test_the_same_command_rewinds_once(scripted_session: uuid.UUID, talk: Any, kinds: Any) -> None:
    first, _ = talk("go:b", "go:c")
    command = CommandId("rewind-1", "session.rewind", b"1")

    rewound(scripted_session, first, command=command)
    again = rewound(scripted_session, first, command=command)

    assert again.duplicate
    assert kinds(scripted_session).count("session.rewound") == 1


def test_a_closed_session_is_forked_not_rewound(scripted_session: uuid.UUID, talk: Any) -> None:
    first, _ = talk("say:one", "stop")

    with pytest.raises(ClosedSession):
        rewound(scripted_session, first)


def test_a_suspended_session_is_resumed_first(scripted_session: uuid.UUID, talk: Any) -> None:
    (first,) = talk("say:one")
    system.suspend(scripted_session)

    with pytest.raises(AlreadySuspended):
        rewound(scripted_session, first)


def test_a_crash_after_a_rewind_does_not_bring_back_what_was_taken_back(
    scripted_session: uuid.UUID, talk: Any, settings: Any
) -> None:
    settings.TUTOR_SUPERVISION = {"*": {"restart": "transient", "max_restarts": 0, "max_seconds": 5}}
    first, _, _ = talk("go:b", "go:c say:x", "say:y")
    rewound(scripted_session, first)

    talk("crash")

    assert Session.objects.get(pk=scripted_session).state in {"a", "b"}
    assert divergences() == []


def test_rewinds_to_random_seqs_in_random_play_all_verify(scripted_session: uuid.UUID) -> None:
    random_ = random.Random(8)
    sessions = population.start(4)
    for _ in range(6):
        population.play(sessions, random_, rounds=2)
        one = Session.objects.get(pk=random_.choice(sessions))
        if one.live and one.status == "running":
            rewound(one.pk, random_.randint(1, one.head))

    population.play(sessions, random_, rounds=2)

    assert divergences() == []


def test_any_projection_at_a_past_seq_is_the_same_bytes_for_ever(scripted_session: uuid.UUID, talk: Any) -> None:
    heads = talk("say:one go:b", "say:two", "call", "say:three")
    names = ("transcript", "timeline", "observation", "state")
    then = {(name, seq): history.project(scripted_session, name, at=seq) for name in names for seq in heads}

    rewound(scripted_session, heads[0])
    talk("say:four")

    assert {(name, seq): history.project(scripted_session, name, at=seq) for name in names for seq in heads} == then
