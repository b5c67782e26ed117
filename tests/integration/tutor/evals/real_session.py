"""A learner's seat in a session of the real kernel: rows, log, worker and all."""

from __future__ import annotations

import time
import uuid

from django.core.files.base import ContentFile

from sessions_app import log
from sessions_app.delivery import CommandId, Delivery
from sessions_app.files.uploading import TOOL as READING
from sessions_app.files.uploading import Upload, receive
from sessions_app.group_commit import group_commit
from sessions_app.models import Session, UploadedFile
from sessions_app.server import deliver
from sessions_app.view import open_view
from tests.integration.tools_app.file_lesson import read
from tools_app import calls, registry
from tutor import events
from tutor.evals.lessons.shelf import LearnersFile
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
        return self._turn(content, before, after, meant_right)

    def hand_in(self, file: LearnersFile) -> Turn:
        """Upload a file as the API does, and be the worker that reads it, or cannot."""
        before = self._row
        view, _ = open_view(before.learner, self.session)
        taken = receive(view, Upload(ContentFile(file.text.encode()), file.name, uuid.uuid4().hex))
        # Here, and not in a child: a child knows nothing of a test's database.
        (call,) = calls.claim("a reader of files", [registry.QUEUES["children"]], 1)
        deliver(calls.succeeded(call, read(call), fallback=False, facts=[]))
        row = UploadedFile.objects.get(pk=taken.file)
        heard: events.EventContent = (
            events.FileReady(file=taken.file, name=row.name, sections=row.sections or 0)
            if row.status == "ready"
            else events.FileFailed(file=taken.file, name=row.name, message=row.message)
        )
        return self._turn(heard, before, self._row, None)

    def _turn(self, content: events.EventContent, before: Session, after: Session, meant_right: bool | None) -> Turn:
        facts = [entry.fact for entry in log.read(self.session) if entry.seq > before.head]
        return Turn(
            event=content,
            facts=facts,
            state_before=before.state,
            state_after=after.state,
            before=self.machine.load(before.data),
            after=self.machine.load(after.data),
            meant_right=meant_right,
            # The machine's calls: a file is read on behalf of the kernel.
            tools=[fact.name for fact in facts if isinstance(fact, ToolRequested) and fact.name != READING],
        )

    def rest(self) -> None:
        """Real time passes by itself."""
