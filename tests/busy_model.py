"""What messages, cancels and removals do to a session of the echo machine: a page of Python that explains its log."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions_app import log
from sessions_app.conf import QUEUE_MESSAGES


@dataclass
class Model:
    """One session of the echo machine."""

    running: str | None = None
    queue: list[list[str]] = field(default_factory=list)  # each: the command, then those that joined it
    #: (command that caused the turn, its end)
    turns: list[tuple[str, str]] = field(default_factory=list)
    #: How each command that waited has ended.
    ends: dict[str, str] = field(default_factory=dict)

    def message(self, command: str, policy: str) -> str:
        if self.running is None:
            self.running = command
            return "started"
        if policy == "reject":
            return "busy"
        if policy in {"interrupt", "rollback"}:
            self.turns.append((self.running, "interrupted" if policy == "interrupt" else "rolled_back"))
            self.running = command
            return "started"
        if policy == "merge" and self.queue:
            self.queue[-1].append(command)
            return "merged"
        if len(self.queue) >= QUEUE_MESSAGES:
            return "queue_full"
        self.queue.append([command])
        return "queued"

    def finish(self, outcome: str) -> None:
        """The running turn ends, and the next message's time has come."""
        if self.running is None:
            return
        self.turns.append((self.running, outcome))
        self.running = None
        if self.queue:
            self.running = self.queue.pop(0)[0]
            self.ends[self.running] = "started"

    def remove(self, command: str) -> str:
        for index, waiting in enumerate(self.queue):
            if waiting[0] == command:
                del self.queue[index]
                self.ends[command] = "removed"
                return "removed"
        return "too_late"


def explained(session: uuid.UUID, policies: Mapping[str, str], answers: Mapping[str, str]) -> Model:
    """The log in its order, command by command, on the model; every answer is compared on the way.

    ``policies``: what each command was: a busy policy, or ``cancel``.
    """
    model = Model()
    done: set[str] = set()
    for entry in log.read(session):
        fact: Any = entry.fact
        if entry.kind == "tool.finished":
            model.finish("completed")
        elif entry.kind == "tool.cancelled" and policies.get(entry.cause or "") == "cancel":
            assert answers[str(entry.cause)] == "cancelled"
            model.finish("cancelled")
        elif entry.kind == "message.accepted" and entry.cause not in done:
            command = str(entry.cause)
            done.add(command)
            assert answers[command] == model.message(command, policies[command]), command
        elif entry.kind == "message.removed":
            assert answers[str(entry.cause)] == model.remove(fact.command)
    return model
