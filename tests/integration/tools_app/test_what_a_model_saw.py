"""Every chain that was sent stands in the log as a digest and a range, and is built again to the byte."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import uuid
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from sessions_app import branching, compacting, log, verification
from sessions_app.models import Interaction, Session
from sessions_app.shown import shown
from tests.integration.tools_app.model_lesson import ModelLesson, claim, started
from tutor import events
from tutor.interactions import ChainBuilt


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    return started(learner)


def records(session: uuid.UUID) -> list[ChainBuilt]:
    return [e.fact for e in log.read(session) if isinstance(e.fact, ChainBuilt)]


def test_calls_after_a_rewind_have_names_of_their_own(lesson: ModelLesson) -> None:
    before = lesson.head
    lesson.say("why?")
    branching.rewind(lesson.session, before, actor="test", by="operator")
    lesson.say("why so?")

    assert list(lesson.shown) == ["c1", "c1@1"]
    assert lesson.state == "exposition"


def rebuilt(session: uuid.UUID, call: str) -> bytes:
    (one,) = shown(session, call)
    assert one.messages is not None
    return json.dumps(list(one.messages), ensure_ascii=False, separators=(",", ":")).encode()


def test_the_record_says_projection_version_range_and_digest(lesson: ModelLesson) -> None:
    lesson.say("why is it like a balance?")

    (record,) = records(lesson.session)
    sent = lesson.shown["c1"]
    assert (record.call, record.attempt, record.purpose) == ("c1", 1, "clarify_concept")
    assert (record.projection, record.projection_version) == ("chain", 2)
    assert 1 <= record.first <= record.upto < lesson.head
    assert (record.digest, record.bytes) == (hashlib.sha256(sent).hexdigest(), len(sent))
    assert record.tokens <= record.budget


def test_it_stands_in_the_log_before_the_model_is_asked(lesson: ModelLesson) -> None:
    from sessions_app.sessions import handle_user_message

    handle_user_message(lesson.session, "why?")
    (call,) = claim()
    asyncio.run(lesson.ask(call))

    assert len(records(lesson.session)) == 1
    assert Interaction.objects.filter(session_id=lesson.session, kind="chain.built").get().turn is not None
    assert next(iter(verification.verify())).divergences == []


def test_nothing_of_a_chain_itself_stands_in_the_log(lesson: ModelLesson) -> None:
    lesson.say("why is it like a balance?")

    row = Interaction.objects.get(session_id=lesson.session, kind="chain.built")
    assert "balance" not in str(row.payload)
    assert row.visibility == 2


def test_a_cancelled_calls_chain_leaves_no_record(lesson: ModelLesson) -> None:
    from sessions_app.delivery import Delivery
    from sessions_app.server import deliver
    from sessions_app.sessions import handle_user_message

    handle_user_message(lesson.session, "why?")
    (call,) = claim()
    deliver(Delivery(lesson.session, events.CancelRequested(), by="learner", cancels="", opens_turn=False))
    asyncio.run(lesson.ask(call))

    assert records(lesson.session) == []


def test_chains_at_100_past_points_are_the_bytes_that_were_sent(lesson: ModelLesson) -> None:
    """Through a long talk: explanations, a question with a hint and a wrong answer, compactions, a rewind."""
    random_ = random.Random(6)

    def talk(times: int) -> None:
        for _ in range(times):
            lesson.say(random_.choice(["why?", "why is that so?", "why does {} work? ünïcödé".format("x" * 40)]))

    talk(20)
    compact(lesson)
    talk(20)
    reading = lesson.head
    lesson.to_a_question()
    lesson.command(events.HintRequested())
    lesson.say("99")
    talk(30)
    compact(lesson)
    branching.rewind(lesson.session, reading, actor="test", by="operator")
    talk(30)

    kinds = {entry.kind for entry in log.read(lesson.session)}
    assert {"compaction.completed", "answer.checked", "hint.given", "session.rewound"} <= kinds
    assert len(lesson.shown) == 100
    assert {ref: rebuilt(lesson.session, ref) for ref in lesson.shown} == lesson.shown
    assert all(one.matches for ref in lesson.shown for one in shown(lesson.session, ref))


def compact(lesson: ModelLesson) -> None:
    compacting.request(lesson.session, actor="test")
    lesson.work()


def test_the_command_shows_what_the_model_saw_and_checks_it(lesson: ModelLesson) -> None:
    lesson.say("why is it like a balance?")
    out = StringIO()

    call_command("session", "chain", str(lesson.session), "--call", "c1", "--json", stdout=out)

    printed = json.loads(out.getvalue())
    assert printed["matches"]
    assert printed["messages"] == json.loads(lesson.shown["c1"])


def test_the_command_fails_where_the_bytes_are_not_those_of_then(
    lesson: ModelLesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson.say("why is it like a balance?")
    monkeypatch.setattr("tutor.prompts._CLARIFY", "Other instructions.")

    with pytest.raises(CommandError, match="not those of then"):
        call_command("session", "chain", str(lesson.session), "--call", "c1", stdout=StringIO())


def test_a_call_that_asked_no_model_is_said_to_have_asked_none(lesson: ModelLesson) -> None:
    lesson.to_a_question()
    lesson.say("7")

    with pytest.raises(CommandError, match="no model was asked"):
        call_command("session", "chain", str(lesson.session), "--call", "c1", stdout=StringIO())


def test_erased_text_cannot_be_shown_again(lesson: ModelLesson) -> None:
    lesson.say("what I think of my school")
    lesson.say("why?")
    Interaction.objects.filter(session_id=lesson.session, kind="message.accepted").update(payload=None, salt=None)

    (one,) = shown(lesson.session, "c2")

    assert not one.matches


def test_a_fork_builds_its_chains_over_the_shared_log(lesson: ModelLesson) -> None:
    lesson.say("what is a balance?")
    fork = branching.fork(lesson.session, lesson.head, actor="ada", by="learner").session
    other = ModelLesson(fork)
    other.say("and what is a scale?")

    (ref,) = other.shown
    assert b"what is a balance?" in other.shown[ref]
    assert rebuilt(fork, ref) == other.shown[ref]
    assert [one.divergences for one in verification.verify()] == [[], []]


def test_the_open_question_and_where_the_lesson_stands_come_first(lesson: ModelLesson) -> None:
    lesson.to_a_question()
    lesson.say("why?")

    (sent,) = lesson.shown.values()
    context = json.loads(json.loads(sent)[1]["content"].split("\n\n")[0])
    question = Session.objects.get(pk=lesson.session).data["question"]["id"]
    assert context["current_question"]["question"] == question
    assert {"syllabus", "teaching", "material"} <= set(context)
