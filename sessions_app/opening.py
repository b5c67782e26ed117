"""Opening a view: which session a hello means, and what of its log comes first."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from sessions_app import conf, inspection, log, names, registry, server, succession
from sessions_app.commands import session_id
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import CommandError
from sessions_app.frames import Active, Hello, OutputCursor
from sessions_app.log import Line
from sessions_app.models import Session
from sessions_app.view import View, open_view
from tutor import catalogue, events
from tutor.interactions import Visibility


@dataclass(frozen=True, slots=True)
class Opened:
    """A view as it is opened."""

    view: View
    session: Session
    #: Visible rows after the cursor, or the newest ones.
    lines: list[Line]
    #: Newest and oldest visible seq of this opening; where the client's reading begins.
    head: int
    first: int
    after: int
    #: seq up to which ``lines`` is complete.
    read_upto: int
    #: The client's cursor does not fit this log.
    resync: bool
    #: The running turn, as ``welcome`` tells it.
    active: Active | None = None
    #: What the client has of the text that is being written.
    out: OutputCursor | None = None


def session_for(user: Any, hello: Hello) -> uuid.UUID:
    """The session a hello asks for, started where a course has none yet. Raises ``CommandError``."""
    if hello.session is not None:
        return open_view(user, session_id(hello.session))[0].session
    if hello.machine is not None:
        if hello.machine == "echo" and settings.BENCH:
            return registry.start_or_find(user.pk, "echo", "echo", {})[0]
        raise CommandError("bad_request", "A hello names a course or a session.")
    if hello.course is None:
        raise CommandError("bad_request", "A hello names a course or a session.")
    return start_course(user, hello.course)[0]


def start_review(user: Any, slug: str, command: CommandId | None = None) -> tuple[uuid.UUID, bool]:
    """A session that reviews what the learner's last one of the course has taught (row 43); (id, whether it is new).

    One that was asked for before is found again. The wish stands in the log of the session that it ends, so that
    whoever starts the next one, after a crash even, starts a review. Raises ``CommandError``: ``not_found`` where
    nothing was learned yet, ``invalid_transition`` while a lesson goes on.
    """
    last = succession.newest(names.name(user.pk, slug))
    if last is None:
        raise CommandError("not_found", "There is nothing to review yet: take the course first.")
    if last.live:
        data = conf.machine(last.machine, last.machine_args).load(last.data)
        if getattr(data, "revision", None) is not None:
            return last.pk, False
        asked = Delivery(last.pk, events.ReviewRequested(), by="learner", command=command)
        server.deliver(asked)
    return _start(user, slug, {"review": True})


def start_course(user: Any, slug: str) -> tuple[uuid.UUID, bool]:
    """The learner's live session of a course; (id, whether it is new). Raises ``CommandError(not_found)``."""
    if "\x00" in slug:
        raise CommandError("not_found", "There is no course of that name.")  # no database could be asked for it
    found = registry.whereis(names.name(user.pk, slug))
    if found is not None and not _completed(found):
        return found, False
    return _start(user, slug, {})


def _start(user: Any, slug: str, context: dict[str, Any]) -> tuple[uuid.UUID, bool]:
    try:
        version = catalogue.latest(slug)
    except catalogue.UnknownCourse as error:
        raise CommandError("not_found", str(error)) from None
    args = {"course": slug, "version": version.version}
    return registry.start_or_find(user.pk, slug, "tutoring", args, context=context)


def _completed(session: uuid.UUID) -> bool:
    """Whether the course was taken to its end: that session is closed, and the next one is linked to it (row 43)."""
    if Session.objects.values_list("state", flat=True).get(pk=session) != "completed":
        return False
    # Two sockets may both find it completed; whoever comes second finds it closed, which is as good.
    with contextlib.suppress(CommandError):
        server.deliver(Delivery(session, events.EndRequested(), by="learner"))
    return True


def visible_head(session: Session, visibility: Visibility) -> int:
    """The newest seq that a view may see."""
    if visibility is Visibility.LEARNER:
        return session.learner_head
    return session.teacher_head if visibility is Visibility.TEACHER else session.head


def open_session(user: Any, session: uuid.UUID, hello: Hello) -> Opened:
    """Read what an opening shows. The caller has subscribed before: what comes later arrives as a hint."""
    view, row = open_view(user, session)
    view.read_only, resume = hello.read_only, hello.resume
    head = visible_head(row, view.visibility)
    active = inspection.active(row)
    fits = resume is not None and resume.log_id == row.log_id and 0 <= resume.seq <= head
    if resume is not None and fits:
        lines = log.lines(session, view.visibility, after=resume.seq, before=row.head + 1, limit=conf.PAGE_EVENTS)
        complete = len(lines) < conf.PAGE_EVENTS
        upto = row.head if complete else lines[-1].seq
        first = lines[0].seq if lines else head
        return Opened(view, row, lines, head, first, resume.seq, upto, resync=False, active=active, out=resume.out)
    lines = log.lines(session, view.visibility, before=row.head + 1, limit=conf.REPLAY_EVENTS, newest=True)
    first = lines[0].seq if lines else 0
    return Opened(view, row, lines, head, first, 0, row.head, resync=resume is not None, active=active)


def catch_up(view: View, after: int) -> tuple[list[Line], int]:
    """Visible rows after a seq, one page, and the head they reach."""
    head = Session.objects.values_list("head", flat=True).get(pk=view.session)
    if head <= after:
        return [], head
    return log.lines(view.session, view.visibility, after=after, before=head + 1, limit=conf.PAGE_EVENTS), head
