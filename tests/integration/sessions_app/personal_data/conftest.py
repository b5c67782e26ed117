"""A learner who has done everything that leaves a trace, with one word in all of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType

from sessions_app import branching, calling, registry, server, sessions, system
from sessions_app.access import issue_token
from sessions_app.delivery import Delivery
from sessions_app.exceptions import SessionError
from sessions_app.models import Session, UploadedFile
from sessions_app.output import buffer
from tests.integration.sessions_app.uploads import uploader
from tests.integration.tools_app.model_lesson import ModelLesson, claim, started
from tests.unit.tutor.documented_course import documented_course
from tools_app import calls, scope
from tools_app.tools.extract_file import extract_file
from tutor import drafts, events
from tutor.models import CourseVersion
from tutor.new_known_error import with_known_error
from tutor.publication import publish

MARKER = "quokkamarker"


@pytest.fixture
def marked(redis_url: str, settings: Any, transactional_db: None) -> Any:
    """The learner. Every text that a learner can send has the marker in it, and so has the account."""
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}
    user = get_user_model()._default_manager.create_user(
        f"{MARKER}-1", email=f"{MARKER}@example.org", first_name=MARKER, last_name=f"von {MARKER}"
    )
    issue_token(user)
    _lesson(user)
    _wrong_answer_made_known(user)
    _machine_room(user)  # last: its slow call stays queued, and a lesson would run it
    session = Session.objects.filter(learner=user).first()
    LogEntry.objects.create(
        user=get_user_model()._default_manager.create_superuser("root"),
        content_type=ContentType.objects.get_for_model(Session),
        object_id=str(session.pk),  # type: ignore[union-attr]
        object_repr=f"{MARKER} (exposition)",
        action_flag=CHANGE,
        change_message=f"ended for {MARKER}",
    )
    return user


def _lesson(user: Any) -> None:
    """Questions, hints, a dispute, a fork of a fork, a rewind, in the words of a model."""
    lesson: ModelLesson = started(user)
    lesson.answer = f"Think of a scale, {MARKER}."
    lesson.say(f"why is {MARKER} so?")
    lesson.to_a_question()
    lesson.command(events.HintRequested())
    lesson.say(f"x = 4 {MARKER}")
    lesson.command(events.AnswerSubmitted(question=_question(lesson.session), value=f"{MARKER} + 1"))
    _file(lesson.session)
    fork = branching.fork(lesson.session, lesson.head, actor=user.get_username(), by="learner").session
    sessions.handle_user_message(fork, f"why is {MARKER} so here?")
    head = Session.objects.get(pk=fork).head
    branching.fork(fork, head, actor=user.get_username(), by="learner")
    branching.rewind(lesson.session, 12, actor=user.get_username(), by="learner")
    sessions.handle_user_message(lesson.session, f"my name is {MARKER}, why?")  # its call is never run


def _file(session: uuid.UUID) -> None:
    """A file with two sections, as a worker reads it."""
    status, told = uploader(session)(f"# {MARKER}\n\nAll about {MARKER}.\n".encode(), f"{MARKER}.md")
    assert status == 201, told
    (call,) = claim(10)
    who = scope.of_claimed(call.session, call.scope, call.authority, call=call.ref, attempt=1, turn=call.turn)
    read = msgspec.to_builtins(extract_file(who, call.args["file"]))
    server.deliver(calls.succeeded(call, read, fallback=False, facts=[]))
    assert UploadedFile.objects.get(session_id=session).status == "ready"


def _question(session: uuid.UUID) -> str:
    return str(Session.objects.get(pk=session).data["question"]["id"])


def _machine_room(user: Any) -> None:
    """Events that wait, crash, are held, quarantined and answered; calls of every kind; text in Redis."""

    def session(name: str) -> uuid.UUID:
        return registry.start_or_find(user.pk, name, "scripted", {})[0]

    def say(one: uuid.UUID, *texts: str) -> None:
        for text in texts:
            sessions.handle_user_message(one, f"{text} {MARKER}")

    waiting = session("waiting")
    say(waiting, "postpone", "timer:600000", f"named:{MARKER}:600000", "background")
    say(session("crashing"), "crash", "crash", "crash", "crash")
    suspended = session("suspended")
    system.suspend(suspended)
    say(suspended, "go:b")
    answering = session("answering")
    calling.call(answering, events.UserMessage(text=f"reply {MARKER}"))
    with suppress(SessionError):
        calling.call(answering, events.UserMessage(text=f"keep {MARKER}"), timeout_s=0.1)
    failing = session("failing")
    say(failing, "call")
    (call,) = [one for one in claim(10) if one.session == failing]
    server.deliver(calls.failed(call, "error", f"cannot echo {MARKER}"))
    running = session("running")
    say(running, "slow")
    turn = Session.objects.get(pk=running).kernel["turn"]["id"]
    asyncio.run(_stream(running, turn))


async def _stream(session: uuid.UUID, turn: str) -> None:
    await buffer.append([buffer.Piece(session, turn, 1, 0, f"so far {MARKER}")])
    await buffer.close_client()


def _wrong_answer_made_known(user: Any) -> None:
    content = documented_course().course
    publish(content)
    session = sessions.start(user, "adding")
    server.deliver(Delivery(session, events.ContinueRequested(), by="learner"))
    question = _question(session)
    lesson = ModelLesson(session)
    lesson.say("123456")
    lesson.command(events.DisputeRaised())
    _checked(session, question)
    version = CourseVersion.objects.get(course__slug="adding")
    drafts.of_course(
        with_known_error(content, question, MARKER, None), None, f"{MARKER} as a known error of {question}", version
    )


def _checked(session: uuid.UUID, question: str) -> None:
    """An answer with the verdict wrong, as a checker of words would give it."""
    from tutor.interactions import AnswerChecked

    fact = AnswerChecked(question=question, answer=MARKER, verdict="wrong", feedback=f"Not {MARKER}.")
    server.deliver(Delivery(session, None, by="tool", facts=[fact], opens_turn=False))


@pytest.fixture
def bystander(transactional_db: None) -> Callable[[], tuple[Any, uuid.UUID]]:
    """Another learner with a session of their own."""

    def made() -> tuple[Any, uuid.UUID]:
        other = get_user_model()._default_manager.create_user("ben")
        session = registry.start_or_find(other.pk, "echo", "echo", {})[0]
        sessions.handle_user_message(session, "I am somebody else")
        return other, session

    return made
