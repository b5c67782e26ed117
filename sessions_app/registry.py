"""Name -> session: exactly one live session of a name, under any race, because the database says so."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from sessions_app import conf, names, server, succession
from sessions_app.delivery import Delivered, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from sessions_app.models.session import new_log_id
from sessions_app.row import SessionRow
from tutor import events
from tutor.interactions import Interaction, PolicyChanged, SessionStarted
from tutor.statem import EventType, Snapshot


def whereis(session_name: str) -> uuid.UUID | None:
    """The live session of that name."""
    found: uuid.UUID | None = Session.objects.filter(name=session_name, live=True).values_list("id", flat=True).first()
    return found


def start_or_find(
    learner_id: int,
    course: str,
    machine_name: str,
    machine_args: dict[str, Any],
    *,
    context: dict[str, Any] | None = None,
) -> tuple[uuid.UUID, bool]:
    """The learner's live session of a course, started if there is none. Returns (id, whether it is new).

    A new one begins with what the one before it has handed on (``succession``), and with ``context`` over that.

    Raises ``CommandError(unavailable)`` at ``settings.TUTOR_LIVE_SESSIONS``.
    """
    session_name = names.name(learner_id, course)
    while True:
        found = whereis(session_name)
        if found is not None:
            return found, False
        most = settings.TUTOR_LIVE_SESSIONS
        if most and Session.objects.filter(live=True).count() >= most:
            # Nothing is started (S63). Races may exceed the limit by as many as start at the same moment.
            raise CommandError("unavailable", "No more sessions can be started right now; please try again later.")
        previous = (
            Session.objects.filter(name=session_name).order_by("-created_at").values_list("id", flat=True).first()
        )
        try:
            known = {} if previous is None else succession.of_session(previous)
            whole = {**known, **(context or {})}
            started = _start(session_name, learner_id, course, machine_name, machine_args, previous, whole)
        except psycopg.errors.UniqueViolation:
            continue  # another socket of the same learner was faster: theirs is the one
        return started.session, True


def _start(
    session_name: str,
    learner_id: int,
    course: str,
    machine_name: str,
    machine_args: dict[str, Any],
    previous: uuid.UUID | None,
    context: dict[str, Any],
) -> Delivered:
    machine = conf.machine(machine_name, machine_args)
    session = uuid.uuid4()
    state, data = machine.initial(session.int % 2**31, context)
    row = SessionRow(
        id=session,
        name=session_name,
        learner_id=learner_id,
        course=course,
        machine_name=machine_name,
        machine_args=machine_args,
        snapshot=Snapshot(state, data),
        log_id=new_log_id(),
        previous=previous,
        new=True,
    )
    connection.close_if_unusable_or_obsolete()
    started = SessionStarted(
        course=course,
        course_version=machine_args.get("version", 0),
        machine=machine_name,
        previous=str(previous) if previous else None,
    )
    facts: list[Interaction] = [started]
    on_busy = getattr(machine, "on_busy", "reject")
    if on_busy != "reject":
        facts.append(PolicyChanged(on_busy=on_busy))  # the course's own
    return server.create(row, Delivery(session, events.Start(), by="start", type=EventType.CAST, facts=facts))
