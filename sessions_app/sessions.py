"""The Python API of sessions, by the reference architecture's names."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from sessions_app import conf, inspection, opening
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Session
from tutor import events


def start(user: Any, course: str) -> uuid.UUID:
    """Start the learner's session of a course, or find the live one. Raises ``CommandError(not_found)``."""
    return opening.start_course(user, course)[0]


def _command(name: str, command_id: str | None) -> CommandId:
    return CommandId(command_id or f"api-{secrets.token_hex(8)}", name, name.encode())


def handle_user_message(session: uuid.UUID, text: str, *, command_id: str | None = None) -> Delivered:
    """Deliver a learner's message and return once it is committed; the reply comes as events.

    The same ``command_id`` again returns the first result. Raises ``CommandError``, ``UnknownSession``.
    """
    if len(text) > conf.TEXT_CHARS:
        raise ValueError(f"a message has at most {conf.TEXT_CHARS} characters")
    command = CommandId(command_id or f"api-{secrets.token_hex(8)}", "message.send", text.encode())
    delivery = Delivery(
        session, events.UserMessage(text=text), by="learner", command=command, text=text, default_policy=True
    )
    return group_commit.submit(delivery).result()


def get_full_state(session: uuid.UUID) -> dict[str, Any]:
    """Everything that defines a session: user, pedagogical state, history, contexts, question, pending tool calls.

    Raises ``UnknownSession``.
    """
    row = Session.objects.filter(pk=session).first()
    if row is None:
        raise UnknownSession(f"there is no session {session}")
    return inspection.full_state(row)


def force_remediation(session: uuid.UUID, known_error: str, *, actor: str, command_id: str | None = None) -> Delivered:
    """Have a known error treated now; while a tool is at work, after its result. Raises ``CommandError``."""
    return group_commit.submit(
        Delivery(
            session,
            events.RemediationForced(known_error=known_error, actor=actor),
            by="teacher",
            command=_command("session.force_remediation", command_id),
        )
    ).result()


def clear_safety(session: uuid.UUID, *, actor: str, command_id: str | None = None) -> Delivered:
    """End a safety hold: a teacher has looked after the learner. Raises ``CommandError`` where there is none."""
    return group_commit.submit(
        Delivery(
            session,
            events.SafetyCleared(actor=actor),
            by="teacher",
            command=_command("session.clear_safety", command_id),
        )
    ).result()


def shutdown(session: uuid.UUID, *, command_id: str | None = None) -> Delivered:
    """End a session with its report. Raises ``CommandError`` where it is closed already."""
    return group_commit.submit(
        Delivery(session, events.EndRequested(), by="operator", command=_command("session.close", command_id))
    ).result()
