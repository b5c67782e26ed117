"""A compaction is asked for, done by a tool, and counts once it is completed; until then nothing has changed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from sessions_app import branching, compacting, history, log, verification
from sessions_app.exceptions import AlreadyRequested, ClosedSession
from sessions_app.models import Interaction, Session
from sessions_app.server import deliver
from sessions_app.sessions import handle_user_message, shutdown
from tests.integration.tools_app.model_lesson import ModelLesson, claim, started
from tools_app import calls
from tools_app.models import ToolCall
from tutor.interactions import CompactionCompleted

Kinds = Callable[[uuid.UUID], list[str]]


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    return started(learner)


@pytest.fixture
def long_lesson(lesson: ModelLesson) -> ModelLesson:
    for number in range(10):
        lesson.say(f"why is step {number} allowed?")
    return lesson


def completed(session: uuid.UUID) -> list[CompactionCompleted]:
    return [e.fact for e in log.read(session) if isinstance(e.fact, CompactionCompleted)]


def divergences() -> list[str]:
    return [str(one) for verified in verification.verify() for one in verified.divergences]


def test_it_completes_up_to_the_last_six_turns(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()

    (done,) = completed(long_lesson.session)
    started_later = Interaction.objects.filter(
        session_id=long_lesson.session, kind="turn.started", seq__gt=done.upto
    ).count()
    assert started_later == 6
    assert "why is step 0 allowed?" in done.summary
    assert done.by == "extract"
    assert divergences() == []


def test_the_next_chain_begins_with_it(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()
    long_lesson.say("and now?")

    *_, sent = long_lesson.shown.values()
    messages = json.loads(sent)
    context = json.loads(messages[1]["content"].split("\n\n")[0])
    assert "why is step 0 allowed?" in context["earlier_in_this_session"]
    assert not any("why is step 0 allowed?" in message["content"] for message in messages[2:])
    assert any("why is step 9 allowed?" in message["content"] for message in messages[2:])


def test_nothing_is_deleted_and_the_transcript_stays_whole(long_lesson: ModelLesson) -> None:
    before = history.project(long_lesson.session, "transcript")
    rows = Interaction.objects.filter(session_id=long_lesson.session).count()

    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()

    assert history.project(long_lesson.session, "transcript") == before
    assert Interaction.objects.filter(session_id=long_lesson.session, payload__isnull=False).count() > rows


def test_the_conversation_goes_on_while_it_is_under_way(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")

    delivered = handle_user_message(long_lesson.session, "meanwhile?")

    assert delivered.disposition == "started"
    long_lesson.work()
    assert len(completed(long_lesson.session)) == 1
    assert divergences() == []


@pytest.mark.parametrize("reason", ["error", "timeout", "lost_contact", "killed"])
def test_one_that_fails_changes_nothing(long_lesson: ModelLesson, reason: Any, kinds: Kinds) -> None:
    state = Session.objects.get(pk=long_lesson.session).data
    compacting.request(long_lesson.session, actor="test")
    (call,) = claim()
    deliver(calls.failed(call, reason, "it broke"))

    row = Session.objects.get(pk=long_lesson.session)
    assert completed(long_lesson.session) == []
    assert row.data == state
    assert "calls" not in row.kernel
    assert history.compaction_at(long_lesson.session, row.head) is None
    assert divergences() == []


def test_a_result_that_is_none_changes_nothing_and_ends_the_call(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    (call,) = claim()
    deliver(calls.succeeded(call, {"nonsense": 1}, fallback=False, facts=[]))

    assert completed(long_lesson.session) == []
    assert ToolCall.objects.get(session_id=long_lesson.session, tool="compact").status == "ended"
    assert divergences() == []


def test_one_at_a_time(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")

    with pytest.raises(AlreadyRequested):
        compacting.request(long_lesson.session, actor="test")


def test_a_short_session_has_nothing_to_compact(lesson: ModelLesson) -> None:
    lesson.say("why?")

    with pytest.raises(compacting.NothingToCompact):
        compacting.request(lesson.session, actor="test")


def test_what_is_compacted_is_not_compacted_again(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()

    with pytest.raises(compacting.NothingToCompact):
        compacting.request(long_lesson.session, actor="test")


def test_a_second_one_stands_for_the_first_as_well(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()
    for number in range(3):
        long_lesson.say(f"and why {number}?")
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()

    first, second = completed(long_lesson.session)
    assert second.upto > first.upto
    assert second.interactions == second.upto
    assert "why is step 0 allowed?" in second.summary


def test_a_rewind_while_it_is_under_way_ends_it(long_lesson: ModelLesson, kinds: Kinds) -> None:
    early = next(e.seq for e in log.read(long_lesson.session) if e.kind == "turn.finished")
    compacting.request(long_lesson.session, actor="test")
    (call,) = claim()
    branching.rewind(long_lesson.session, early, actor="test", by="operator")

    deliver(calls.succeeded(call, {}, fallback=False, facts=[]))

    assert completed(long_lesson.session) == []
    assert "tool.result_discarded" in kinds(long_lesson.session)
    assert history.compaction_at(long_lesson.session, long_lesson.head) is None
    assert divergences() == []


def test_one_that_was_taken_back_does_not_count_any_more(long_lesson: ModelLesson) -> None:
    before = long_lesson.head
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()
    branching.rewind(long_lesson.session, before, actor="test", by="operator")

    assert len(completed(long_lesson.session)) == 1
    assert history.compaction_at(long_lesson.session, long_lesson.head) is None


def test_a_fork_begins_with_its_parents_compaction(long_lesson: ModelLesson) -> None:
    compacting.request(long_lesson.session, actor="test")
    long_lesson.work()
    fork = branching.fork(long_lesson.session, long_lesson.head, actor="ada", by="learner").session

    found = history.compaction_at(fork, Session.objects.get(pk=fork).head)

    assert found is not None
    assert found == history.compaction_at(long_lesson.session, long_lesson.head)


def test_a_full_budget_asks_for_one_by_itself(long_lesson: ModelLesson, settings: Any) -> None:
    settings.TUTOR_CHAIN_TOKENS = 1_500
    long_lesson.answer = "word " * 200
    for number in range(3):
        long_lesson.say(f"and why {number}?")

    assert len(completed(long_lesson.session)) >= 1


def test_the_command_asks_for_one(long_lesson: ModelLesson) -> None:
    out = StringIO()

    call_command("session", "compact", str(long_lesson.session), "--json", stdout=out)
    long_lesson.work()

    assert json.loads(out.getvalue())["session"] == str(long_lesson.session)
    assert len(completed(long_lesson.session)) == 1


def test_a_closed_session_is_not_compacted(long_lesson: ModelLesson) -> None:
    shutdown(long_lesson.session)

    with pytest.raises(ClosedSession):
        compacting.request(long_lesson.session, actor="test")
