"""Lessons of the documented course (``docs/courses.md``) in the real kernel, with a worker's runner in this process."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sessions_app import conf, server, sessions
from sessions_app.delivery import Delivery
from sessions_app.models import Session
from tests.unit.tutor.documented_course import documented_course
from tools_app.runner import Runner
from tutor import catalogue, events
from tutor.publication import publish

CONTENT = documented_course().course
#: Its only question and skill.
QUESTION, SKILL = "solve", "undo_add"


@contextmanager
def published() -> Iterator[None]:
    """The course is there, and somebody works."""
    catalogue.course.cache_clear()
    publish(CONTENT)
    runner = Runner(["threads", "tools"])
    runner.start()
    try:
        yield
    finally:
        runner.drain(2)


def send(session: uuid.UUID, content: events.EventContent) -> None:
    server.deliver(Delivery(session, content, by="learner"))


def state(session: uuid.UUID) -> str:
    return str(Session.objects.get(pk=session).state)


def right(session: uuid.UUID) -> str:
    """The right answer to the open question; its numbers need not be those of its seed (``tutor.lens``)."""
    row = Session.objects.get(pk=session)
    machine = conf.machine(row.machine, row.machine_args)
    return str(machine.syllabus.of(machine.load(row.data).question).answer)


def answer(session: uuid.UUID, text: str) -> None:
    """Send an answer and wait until it was checked."""
    sessions.handle_user_message(session, text)
    until = time.monotonic() + 30
    while state(session) == "awaiting_tool_result":
        assert time.monotonic() < until, "the answer was not checked"
        time.sleep(0.02)


def at_the_question(learner: Any) -> uuid.UUID:
    """A learner's session with its first question open."""
    session = sessions.start(learner, "adding")
    send(session, events.ContinueRequested())
    return session


def completed(learner: Any) -> uuid.UUID:
    """A learner's session after the whole course, everything right."""
    session = at_the_question(learner)
    while state(session) == "awaiting_answer":
        answer(session, right(session))
    send(session, events.ContinueRequested())
    assert state(session) == "completed"
    return session
