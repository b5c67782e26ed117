"""A learner's seat in a session of the real kernel: rows, log, worker and all."""

from __future__ import annotations

import time
import uuid

from sessions_app import log
from sessions_app.delivery import CommandId, Delivery
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from tutor import events
from tutor.evals.lessons.transcript import Turn
from tutor.interactions import ToolRequested
from tutor.machine import TutoringMachine
from tutor.machine.data import TutoringData

#: For a tool's result, in seconds; a runner of this process answers within milliseconds.
_PATIENCE_S = 20.0


class RealSession:
    """A ``Seat`` over a live session."""

    def __init__(self, session: uuid.UUID, machine: TutoringMachine) -> None:
        self.session = session
        self.machine = machine

    @property
    def state(self) -> str:
        return str(self._row.state)

    @property
    def data(self) -> TutoringData:
        return self.machine.load(self._row.data)

    @property
    def _row(self) -> Session:
        return Session.objects.get(pk=self.session)

    def do(self, content: events.EventContent, *, meant_right: bool | None = None) -> Turn:
        """Deliver a command as a socket does, and wait until no conversation call is running."""
        before = self._row
        command = CommandId(uuid.uuid4().hex, type(content).__name__, b"")
        group_commit.submit(Delivery(self.session, content, by="learner", command=command)).result()
        until = time.monotonic() + _PATIENCE_S
        while self.state == "awaiting_tool_result":
            assert time.monotonic() < until, "the tool does not answer"
            time.sleep(0.01)
        after = self._row
        facts = [entry.fact for entry in log.read(self.session) if entry.seq > before.head]
        return Turn(
            event=content,
            facts=facts,
            state_before=before.state,
            state_after=after.state,
            before=self.machine.load(before.data),
            after=self.machine.load(after.data),
            meant_right=meant_right,
            tools=[fact.name for fact in facts if isinstance(fact, ToolRequested)],
        )

    def rest(self) -> None:
        """Real time passes by itself."""
