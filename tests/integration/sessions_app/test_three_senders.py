"""Three senders at once against one session: whatever the interleaving, a page of Python explains the log.

The senders are threads. Which came first is decided by the row's lock, and told by the log's ``seq``; the model takes
the commands in that order, and every reply, every turn's end and every queued message must be as it says.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app import log, registry, server
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tests.busy_model import explained
from tools_app import calls
from tutor import events

pytestmark = pytest.mark.usefixtures("redis_url")

POLICIES: tuple[events.OnBusy, ...] = ("reject", "queue", "interrupt", "merge", "rollback")
#: What a sender does next: a message with a policy, a cancel, a removal of its own newest message, or a worker's turn.
ACTS = st.one_of(st.sampled_from(POLICIES), st.sampled_from(["cancel", "remove", "work"]))


class Senders:
    """Three threads that act as they were told, and what they were answered."""

    def __init__(self, session: uuid.UUID, scripts: list[list[str]]) -> None:
        self.session, self.scripts = session, scripts
        self.answers: dict[str, str] = {}
        self._begin = threading.Barrier(len(scripts))

    def run(self) -> None:
        threads = [threading.Thread(target=self._act, args=[number]) for number in range(len(self.scripts))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _act(self, sender: int) -> None:
        try:
            self._begin.wait()
            mine: list[str] = []
            for number, act in enumerate(self.scripts[sender]):
                command = f"{sender}-{number}"
                match act:
                    case "work":
                        self._work()
                    case "cancel":
                        self._send(command, act, events.CancelRequested(), cancels="", opens_turn=False)
                    case "remove":
                        if mine:
                            self._send(command, f"remove {mine[-1]}", None, removes=mine[-1], opens_turn=False)
                    case _:
                        mine.append(command)
                        content = events.UserMessage(text=command, on_busy=act)  # type: ignore[arg-type]
                        self._send(command, act, content, text=command)
        finally:
            connection.close()

    def _send(self, command: str, digest: str, content: Any, **more: Any) -> None:
        known = CommandId(command, "test", digest.encode())
        try:
            delivered = server.deliver(Delivery(self.session, content, by="learner", command=known, **more))
        except CommandError as refused:
            self.answers[command] = refused.code
        else:
            self.answers[command] = delivered.reply.get("result") or delivered.disposition

    def _work(self) -> None:
        for call in calls.claim(f"worker {threading.get_ident()}", ["tools"], 1):
            server.deliver(calls.succeeded(call, {"text": "done"}, fallback=False, facts=[]))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts=st.lists(st.lists(ACTS, min_size=1, max_size=6), min_size=3, max_size=3))
def test_three_senders(learner: Any, folds: Callable[[uuid.UUID], None], scripts: list[list[str]]) -> None:
    name = f"echo-{uuid.uuid4()}"
    session, _ = registry.start_or_find(learner.pk, name, "echo", {})
    senders = Senders(session, scripts)
    senders.run()
    while Session.objects.get(pk=session).kernel.get("calls"):
        senders._work()

    policies = {f"{sender}-{n}": act for sender, script in enumerate(scripts) for n, act in enumerate(script)}
    model = explained(session, policies, senders.answers)
    entries = list(log.read(session))
    outcomes = {entry.turn: entry.fact.outcome for entry in entries if entry.kind == "turn.finished"}  # type: ignore[attr-defined]
    turns = [(e.cause, outcomes[e.turn]) for e in entries if e.kind == "turn.started" and e.cause is not None]
    assert turns == model.turns
    assert sum(entry.kind == "turn.finished" for entry in entries) == len(outcomes)
    waited = [command for command, answer in senders.answers.items() if answer == "queued"]
    assert set(waited) == model.ends.keys()
    assert not model.queue
    folds(session)
