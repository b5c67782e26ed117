"""The two things a person may do to a session: have a known error treated, and end it with a report.

Both go through ``sessions_app.sessions``, like a client's command: a row is never written from here. They must not be
called inside a transaction, or the message would say "done" before anything is committed.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages

from sessions_app import sessions
from sessions_app.admin import syllabus, words
from sessions_app.admin.syllabus import CourseVersionKey
from sessions_app.delivery import Delivered
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tutor.machine.state import State

logger = logging.getLogger(__name__)

#: Sessions that one action may steer.
SESSIONS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it for one session."""

    session: Session
    #: A level of ``django.contrib.messages``.
    level: int
    words: str

    @property
    def done(self) -> bool:
        return self.level == messages.SUCCESS


def _new_request_id() -> str:
    """Identifies one form as shown: submitting it twice does its work once."""
    return secrets.token_hex(8)


class SteeringForm(forms.Form):
    """A form that can be submitted twice without harm."""

    request_id = forms.RegexField(r"^[0-9a-f]{16}$", widget=forms.HiddenInput, initial=_new_request_id)


class RemediationForm(SteeringForm):
    """One choice of a known error for each course version among the sessions."""

    def __init__(self, versions: list[CourseVersionKey], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.versions = versions
        for version in versions:
            course = syllabus.content(version)
            title = course.course.title if course is not None else version.slug
            self.fields[self._name(version)] = forms.ChoiceField(
                label=f"Known error in {title}, version {version.version}",
                choices=[("", "Choose a known error"), *syllabus.known_errors(version)],
                error_messages={
                    "required": "Choose the known error that should be treated.",
                    "invalid_choice": "This course version has no such known error; choose another one.",
                },
            )

    @staticmethod
    def _name(version: CourseVersionKey) -> str:
        return f"{version.slug}:{version.version}"

    def chosen(self) -> dict[CourseVersionKey, str]:
        """The choice for each course version. Only after ``is_valid``."""
        return {version: self.cleaned_data[self._name(version)] for version in self.versions}


def versions_of(rows: list[Session]) -> list[CourseVersionKey]:
    """The course versions among some sessions."""
    return sorted({version for row in rows if (version := syllabus.key(row)) is not None})


def treat(session: Session, chosen: dict[CourseVersionKey, str], *, actor: str, request_id: str) -> Outcome:
    """Have the known error chosen for its course version treated. Never raises."""
    version = syllabus.key(session)
    if version is None or version not in chosen:
        return Outcome(session, messages.ERROR, "This session follows no course, so it has no known errors.")
    known_error = chosen[version]
    digest = hashlib.sha256(known_error.encode()).hexdigest()[:16]
    name = syllabus.name_of(version, known_error)

    def told(delivered: Delivered) -> str:
        if delivered.state == State.REMEDIATING:
            return f"“{name}” is being treated."
        return f"“{name}” will be treated as soon as what is running is over."

    return _steer(
        session,
        lambda: sessions.force_remediation(
            session.pk, known_error, actor=actor, command_id=f"admin-{request_id}-{digest}"
        ),
        told,
    )


def end(session: Session, *, request_id: str) -> Outcome:
    """End a session with its report. Never raises."""

    def told(delivered: Delivered) -> str:
        if delivered.disposition == "noop":
            return "This session had already ended."
        return "The session has ended with its report."

    return _steer(session, lambda: sessions.shutdown(session.pk, command_id=f"admin-{request_id}-end"), told)


def _steer(session: Session, act: Callable[[], Delivered], told: Callable[[Delivered], str]) -> Outcome:
    try:
        delivered = act()
    except CommandError as refusal:
        state = refusal.detail.get("state")
        where = f" in the state “{words.state(state)[0]}”" if state else ""
        return Outcome(session, messages.WARNING, f"Refused{where}. The learner would read: {refusal.message}")
    except Exception as error:
        # Whatever is wrong with this session, the others of the same action go on.
        logger.exception("action=admin.steering_failed session=%s", session.pk)
        return Outcome(session, messages.ERROR, f"It could not be carried out ({error}). Look again before you retry.")
    if delivered.duplicate:
        return Outcome(session, messages.INFO, "This form came twice; its work was done once.")
    return Outcome(session, messages.SUCCESS, told(delivered))
