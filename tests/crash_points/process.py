"""One process of the system, playing a script: client, kernel, worker and sweeps in turn, so that a run is repeatable.

Everything is the real thing (commands, group commit, claim, executor, settle, monitor, timers); only who comes next is
decided here instead of by the clock.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
from django.contrib.auth import get_user_model
from django.db import connection

from sessions_app import calling, commands, log, opening, registry, system, timers
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from sessions_app.protocol import parse
from sessions_app.view import View
from tests.acceptance.knowledge import right_answer
from tests.crash_points.scripts import Script, Step
from tools_app import calls, monitor, outbox
from tools_app.calls import Claimed
from tools_app.observing import Looker
from tools_app.registry import Tool
from tools_app.runner import Runner
from tools_app.scope import Scope
from tutor import events

QUEUES = ["threads", "tools"]
#: The tutor's random choices come from the low bits of the session's id.
_SEED = 4_711
_PATIENCE_S = 20.0


class StuckError(AssertionError):
    """Work that never ends."""


class _Here:
    """Runs what a look would ask a child process for in this one, which is killed as a whole."""

    async def begin(self) -> None:
        """It is there already."""

    async def run(self, tool: Tool, scope: dict[str, Any], args: dict[str, Any]) -> Any:
        return tool.function(msgspec.convert(scope, Scope), **tool.bind(args))

    def close(self) -> None:
        """It ends with its process."""


class Process:
    """Plays the steps of a script from one of them on."""

    def __init__(self, script: Script, learner: int, frames: dict[int, dict[str, Any]]) -> None:
        self.script = script
        self.learner = get_user_model()._default_manager.get(pk=learner)
        #: Bodies of the commands that the run that lived has worked out, by step.
        self.frames = frames
        self.answers: dict[int, str] = {}
        self._runner = Runner(QUEUES)
        self._looker = Looker()
        self._looker._children.close()
        setattr(self._looker, "_children", _Here())  # noqa: B010 — for mypy, it is no ``Children``
        ids = (uuid.UUID(int=(secrets.randbits(96) << 32) | _SEED) for _ in itertools.count())
        setattr(registry, "uuid", SimpleNamespace(uuid4=lambda: next(ids)))  # noqa: B010 — for mypy, it is no export

    def play(self, first: int, done: Callable[[int], None]) -> None:
        """Play from step number ``first`` on; ``done`` is told of each step that was answered."""
        for number in range(first, len(self.script.steps)):
            step = self.script.steps[number]
            if step.verb in {"send", "right"}:
                self.answers[number] = self._send(number, step)
            elif step.verb in {"cast", "ask"}:
                self.answers[number] = getattr(self, f"_{step.verb}")(f"{step.verb}-{number}")
            else:
                getattr(self, f"_{step.verb}")()
            done(number)

    def recover(self) -> None:
        """What the sweeps of a living system do within seconds of a death."""
        monitor.sweep()
        outbox.sweep()
        timers.sweep()

    @property
    def session(self) -> uuid.UUID:
        found: uuid.UUID = Session.objects.values_list("id", flat=True).get(learner=self.learner)
        return found

    # --- the client ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self.script.machine == "tutoring":
            opening.start_course(self.learner, "linear-equations")
        else:
            registry.start_or_find(self.learner.pk, self.script.machine, self.script.machine, {})

    def _send(self, number: int, step: Step) -> str:
        session = self.session
        frame = self.frames.get(number)
        if frame is None:
            t, d = (step.t, step.d) if step.verb == "send" else ("message.send", {"text": self._right(session)})
            frame = self.frames[number] = {"t": t, "id": f"command-{number}", "d": d}
        view = View(session, self.learner.pk, "ada", step.role)
        while True:
            try:
                reply, _ = asyncio.run(commands.handle(parse(msgspec.json.encode(frame)), view))
            except CommandError as error:
                if error.after_ms is None:
                    return f"err {error.code}"
                time.sleep(error.after_ms / 1_000)  # as a client is asked to
            else:
                break
        # Cancelling what was cancelled before the answer got lost is answered otherwise, and says the same.
        return "ok" if step.t == "turn.cancel" else f"ok {reply['disposition']}"

    @staticmethod
    def _right(session: uuid.UUID) -> str:
        question = None
        for entry in log.read(session):
            if entry.kind == "question.asked":
                asked = msgspec.json.decode(entry.payload or "{}")
                question = asked if asked.get("part", "main") == "main" else question
        return "continue" if question is None else right_answer(question)

    # --- the worker ----------------------------------------------------------------------------------------------

    def _claim(self, owner: str | None = None) -> list[Claimed]:
        # In the order of their names: a claim returns them in none, and what runs first is no matter of crashes.
        return sorted(calls.claim(owner or self._runner.owner, QUEUES, 10), key=lambda call: call.ref)

    def _run(self, claimed: Sequence[Claimed]) -> None:
        for call in claimed:
            self._runner._loop.run_until_complete(self._runner._one(call))

    def _open(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM tools_app_toolcall WHERE status <> 'ended' AND session_id = %s", [self.session]
            )
            found = cursor.fetchone()
        return int(found[0]) if found else 0

    def _work(self) -> None:
        ends = time.monotonic() + _PATIENCE_S
        while True:
            self._run(self._claim())
            if not self._open():
                return
            monitor.sweep()
            outbox.sweep()
            if time.monotonic() > ends:
                raise StuckError("a call never ends")
            time.sleep(0.005)

    def _lose(self) -> None:
        self._claim("a worker that never beats")
        monitor.sweep()

    def _overdue(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tools_app_toolcall SET deadline_at = now() - interval '1 minute' WHERE status <> 'ended'"
            )
        monitor.sweep()

    def _drain(self) -> None:
        self._claim("a worker that stops")
        for queue in calls.hand_back("a worker that stops"):
            outbox.announce(queue)

    def _twice(self) -> None:
        for call in self._claim():
            self._run([call, call])

    def _late(self) -> None:
        claimed = self._claim()
        monitor.sweep()
        self._run(claimed)

    # --- the operator --------------------------------------------------------------------------------------------

    def _suspend(self) -> None:
        system.suspend(self.session, command_id="suspend")

    def _resume(self) -> None:
        system.resume(self.session, command_id="resume")

    def _restart(self) -> None:
        system.restart(self.session, command_id="restart")

    def _replace(self) -> None:
        system.replace_state(self.session, "c", command_id="replace")

    # --- other processes -----------------------------------------------------------------------------------------

    def _cast(self, command: str) -> str:
        calling.cast(self.session, events.UserMessage(text="say:cast"), command_id=command)
        return "ok"

    def _ask(self, command: str) -> str:
        return str(calling.call(self.session, events.UserMessage(text="reply"), command_id=command))

    # --- the observers -------------------------------------------------------------------------------------------

    def _observe(self) -> None:
        # Only this session: others wait for looks that they shall not have here. Whoever had taken it is dead.
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tools_app_observedsession SET leased_until = NULL,"
                " due_at = CASE WHEN session_id = %s THEN clock_timestamp() END",
                [self.session],
            )
        self._looker.look_at_due()

    # --- the timer service ---------------------------------------------------------------------------------------

    def _fire(self) -> None:
        left_s = timers.next_due_s()
        if left_s is not None and left_s < 1:
            time.sleep(max(0.0, left_s) + 0.003)
        timers.sweep()
