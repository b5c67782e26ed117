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
from sessions_app.admin import syllabus
from sessions_app.admin.syllabus import CourseVersionKey
from sessions_app.delivery import Delivered
from sessions_app.exceptions import CommandError
from sessions_app.models import Session

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
    done = f"“{syllabus.name_of(version, known_error)}” is being treated."
    later = f"“{syllabus.name_of(version, known_error)}” will be treated as soon as the running step is over."
    return _steer(
        session,
        lambda: sessions.force_remediation(
            session.pk, known_error, actor=actor, command_id=f"admin-{request_id}-{digest}"
        ),
        {"queued": later},
        done,
    )


def end(session: Session, *, request_id: str) -> Outcome:
    """End a session with its report. Never raises."""
    return _steer(
        session,
        lambda: sessions.shutdown(session.pk, command_id=f"admin-{request_id}-end"),
        {"noop": "This session had already ended."},
        "The session has ended with its report.",
    )


def _steer(session: Session, act: Callable[[], Delivered], special: dict[str, str], done: str) -> Outcome:
    try:
        delivered = act()
    except CommandError as refusal:
        return Outcome(session, messages.WARNING, refusal.message)
    except Exception as error:
        # Whatever is wrong with this session, the others of the same action go on.
        logger.exception("action=admin.steering_failed session=%s", session.pk)
        return Outcome(
            session, messages.ERROR, f"It could not be carried out ({error}). Nothing was changed; try again."
        )
    return Outcome(session, messages.SUCCESS, special.get(delivered.disposition, done))
