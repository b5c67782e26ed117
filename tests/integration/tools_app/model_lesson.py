"""A lesson whose explanations a model words: the test is the worker, and keeps what each model was shown."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sessions_app import sessions
from sessions_app.delivery import CommandId, Delivery
from sessions_app.models import Session
from sessions_app.server import deliver
from tools_app import calls, chains, registry, scope
from tools_app.calls import Claimed
from tools_app.executor import execute
from tools_app.pools import Pools
from tutor import catalogue, events
from tutor.course import Course
from tutor.course_format import read
from tutor.prompts import ChatMessage
from tutor.publication import publish


def claim(limit: int = 1) -> list[Claimed]:
    """Calls of any queue."""
    return calls.claim("test", registry.queues(), limit)


@dataclass
class ModelLesson:
    """One live lesson of the demo course."""

    session: uuid.UUID
    #: Call -> the bytes of the messages that its model was shown.
    shown: dict[str, bytes] = field(default_factory=dict)
    answer: str = "Think of a scale: $x + 3$ on one side."
    commands: int = 0

    def say(self, text: str) -> None:
        """A learner's message, and all the work that it makes."""
        sessions.handle_user_message(self.session, text)
        self.work()

    def command(self, content: events.EventContent) -> None:
        self.commands += 1
        mark = CommandId(f"command{self.commands}", "command", b"")
        deliver(Delivery(self.session, content, by="learner", command=mark))
        self.work()

    def to_a_question(self) -> None:
        while self.state != "awaiting_answer":
            self.command(events.ContinueRequested())

    @property
    def state(self) -> str:
        return str(Session.objects.get(pk=self.session).state)

    @property
    def head(self) -> int:
        return int(Session.objects.get(pk=self.session).head)

    def work(self) -> None:
        """Run what is queued until nothing is."""
        while taken := claim(100):
            for call in taken:
                deliver(asyncio.run(self._run(call)))

    async def _run(self, call: Claimed) -> Delivery:
        if call.tool != "clarify_concept":
            pools = Pools()
            try:
                return await execute(call, pools)
            finally:
                pools.close()
        await self.ask(call)
        return calls.succeeded(call, {"text": self.answer}, fallback=False, facts=[])

    async def ask(self, call: Claimed) -> tuple[ChatMessage, ...]:
        """What the tool does before it asks its model."""
        who = scope.of_claimed(
            call.session, call.scope, call.authority, call=call.ref, attempt=call.attempt, turn=call.turn
        )
        messages = await chains.messages(who, call.tool, call.args)
        self.shown[call.ref] = msgspec.json.encode(messages)
        return messages


@cache
def _course() -> Course:
    return read(Path(catalogue.__file__).parent / "courses" / "linear-equations").course


def started(learner: Any, observers: list[str] | None = None) -> ModelLesson:
    """A new one. Its course is stored without being checked again: that takes longer than most tests."""
    course = _course()
    if observers is not None:
        # Versions are kept per process, for they never change: another course, then.
        info = msgspec.structs.replace(course.course, id="observed-equations", observers=observers)
        course = msgspec.structs.replace(course, course=info)
    publish(course)
    return ModelLesson(sessions.start(learner, course.course.id))
