"""Why does this session not go on? Waiting for what, since when, until when, held by whom, what next.

Everything is read from the database, at one moment, without taking the session's lock: asking never disturbs a session,
and a session that somebody else holds can be asked about, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from django.db import connection

from sessions_app import call_report, row_lock
from sessions_app.call_report import CallReport
from sessions_app.exceptions import UnknownSession
from sessions_app.models import Interaction, Session
from sessions_app.row import parse_timer_key

Kind = Literal[
    "learner",
    "tool_running",
    "tool_queued",
    "tool_between_attempts",
    "tool_owner_lost",
    "tool_without_worker",
    "tool_overdue",
    "tool_waiting",
    "tool_in_doubt",
    "tool_vanished",
    "suspended",
    "resting",
    "closed",
    "timeout_overdue",
    "timeout_lost",
    "locked",
]

#: A time-out is handled, a lost call taken over and an overdue one ended within a second; later than this, in seconds,
#: nobody is doing it.
_OVERDUE_S = 3.0
#: A worker takes a queued call within a second; after this many seconds it does not.
_QUEUED_LONG_S = 10.0
#: Locks come and go within milliseconds; one that is older than this is worth a word, and older than that a worry.
_LOCK_S, _LOCK_LONG_S = 0.5, 10.0


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a session waits for."""

    kind: Kind
    #: What: ``the learner``, ``the tool check_answer (call c1)``.
    what: str
    since: datetime | None
    #: When something else happens at the latest; None: never by itself.
    until: datetime | None
    #: What happens next, in a sentence.
    next: str
    #: Who has it in hand, for operators: a worker, a database backend, an operator.
    holder: str = ""
    #: Something is wrong: it will not go on as it should unless somebody acts.
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """What a session waits for. A live session always waits for something."""

    session: uuid.UUID
    name: str
    state: str
    live: bool
    status: str
    #: The database's clock when this was true.
    at: datetime
    waits: tuple[Wait, ...]

    @property
    def stuck(self) -> bool:
        """Whether somebody has to act."""
        return any(wait.trouble for wait in self.waits)

    @property
    def summary(self) -> str:
        """One line for everybody, learners included: no names of processes."""
        return f"Waiting for {' and '.join(wait.what for wait in self.waits)}."

    @property
    def words(self) -> str:
        """The whole answer for operators, a paragraph for each thing."""
        return "\n".join(self.sentence(wait) for wait in self.waits)

    def sentence(self, wait: Wait) -> str:
        """One of the waits in words."""
        since = f", for {_span(self.at - wait.since)} (since {_clock(wait.since)})" if wait.since else ""
        held = f" Held by {wait.holder}." if wait.holder else ""
        return f"Waiting for {wait.what}{since}.{held} {wait.next}"

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        waits = [{key: _json(value) for key, value in asdict(wait).items()} for wait in self.waits]
        return {
            "session": str(self.session),
            "name": self.name,
            "state": self.state,
            "live": self.live,
            "status": self.status,
            "at": self.at.isoformat(),
            "stuck": self.stuck,
            "words": self.words,
            "waits": waits,
        }


def why(session_id: uuid.UUID, *, locks: bool = True) -> Why:
    """What a session waits for. ``locks``: look for whoever holds its row, too. Raises ``UnknownSession``."""
    session = Session.objects.filter(pk=session_id).first()
    if session is None:
        raise UnknownSession(f"there is no session {session_id}")
    now = _now()
    waits = [*_of_row(session, now), *(_of_lock(session, now) if locks else ())]
    return Why(session.pk, session.name, session.state, session.live, session.status, now, tuple(waits))


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone() or (datetime.now(UTC),)
    found: datetime = now
    return found


def _of_row(session: Session, now: datetime) -> Iterator[Wait]:
    if not session.live:
        ended = "Nothing happens any more. The learner's next visit to the course starts a new session."
        yield Wait("closed", "nothing: the session is closed", session.changed_at, None, ended)
        return
    if session.status == Session.Status.SUSPENDED:
        yield _suspended(session)
        return
    yield from _resting(session, now)
    calls = session.kernel.get("calls", {})
    yield from _of_calls(session, calls, now)
    if all(call["background"] for call in calls.values()):
        yield _learner(session)
    yield from _of_timeouts(session, now)


# --- people ------------------------------------------------------------------------------------------------------


def _learner(session: Session) -> Wait:
    due = _first_due(session)
    if due is None:
        following = "No time-out is running: it waits for as long as it takes."
    else:
        following = f"If nothing comes, the time-out {due[0]} is handled at {_clock(due[1])}."
    asleep = session.kernel.get("hibernated")
    if asleep:
        following += f" It hibernates since {_clock(_moment(asleep))}: its machine expects to wait for long."
    waiting = len(session.kernel.get("postponed", ()))
    if waiting:
        following += f" {waiting} postponed event(s) are handled when the state changes."
    return Wait("learner", "the learner", session.changed_at, due[1] if due else None, following)


def _suspended(session: Session) -> Wait:
    fact = Interaction.objects.filter(session_id=session.pk, kind="session.suspended").order_by("-seq").first()
    waiting = len(session.kernel.get("suspended", ()))
    following = (
        f"Nothing happens by itself: {waiting} event(s) wait in it, and time-outs that fall due wait, too. "
        f"To go on: manage.py session resume {session.pk}"
    )
    actor = "" if fact is None or fact.payload is None else f"operator {msgspec.json.decode(fact.payload)['actor']}"
    since = session.changed_at if fact is None else fact.at
    return Wait("suspended", "an operator: it is suspended", since, None, following, actor)


def _resting(session: Session, now: datetime) -> Iterator[Wait]:
    until_ms = session.supervision.get("rests_until", 0)
    until = _moment(until_ms)
    if until > now:
        following = f"From {_clock(until)} on it takes the learner's commands again; they are told to try again."
        yield Wait("resting", "the end of its rest: it was put back to a state that worked", None, until, following)


# --- tools -------------------------------------------------------------------------------------------------------


def _of_calls(session: Session, calls: dict[str, Any], now: datetime) -> Iterator[Wait]:
    if not calls:
        return
    reports = {report.ref: report for report in call_report.reports(session.pk)}
    for ref, call in calls.items():
        what = f"the tool {call['tool']} (call {ref})"
        report = reports.get(ref)
        if report is None:
            following = f"There is no such call any more, so no result will come. {_repair(session)}"
            yield Wait("tool_vanished", what, session.changed_at, None, following, trouble=True)
        else:
            yield _of_call(session.pk, what, report, now)


def _of_call(session: uuid.UUID, what: str, call: CallReport, now: datetime) -> Wait:
    deadline = call.deadline_at
    attempt = f"attempt {call.attempt} of {call.attempts}"
    times_out = f"It ends as timed out at {_clock(deadline)} at the latest."
    lease = call.lease_ends_at
    seen = f", last seen {_span(now - call.beat_at)} ago" if call.beat_at else ", never heard of"
    holder = f"worker {call.owner}{seen}" if call.owner else ""
    if call.status == "parked":
        following = (
            "It may have run, and must not run twice; its worker does not answer any more. Somebody has to decide: "
            f"manage.py session resolve {session} {call.ref} retry (or skip)"
        )
        return Wait("tool_in_doubt", what, call.parked_at, None, following, trouble=True)
    if _late(deadline, now):
        following = f"Its deadline was {_clock(deadline)}, and nobody ends it. {_NO_SWEEP}"
        return Wait("tool_overdue", what, call.created_at, deadline, following, holder, trouble=True)
    if call.status == "running" and lease is not None and lease < now:
        then = (
            "gets another attempt" if call.attempt < call.attempts else "ends as lost contact: it was its last attempt"
        )
        following = f"Its worker does not answer any more; the sweep notices within a second and the call {then}."
        if trouble := _late(lease, now):
            following = f"Its worker does not answer any more, and nobody takes the call over. {_NO_SWEEP}"
        return Wait("tool_owner_lost", what, call.started_at, deadline, following, holder, trouble=trouble)
    if call.status == "running":
        following = f"It runs ({attempt}); its result, or its error, is the next event. {times_out}"
        return Wait("tool_running", what, call.started_at, deadline, following, holder)
    if call.status == "waiting":
        following = f"Its group runs as many calls at once as it may; the next that ends makes room. {times_out}"
        return Wait("tool_waiting", what, call.created_at, deadline, following)
    if not call.workers:
        following = (
            f"No worker is alive that serves the queue {call.queue!r}. Start one: celery -A config worker -P threads "
            f"-Q {call.queue}. {times_out}"
        )
        return Wait("tool_without_worker", what, call.created_at, deadline, following, trouble=True)
    if call.run_after > now:
        following = (
            f"After {attempt} ({call.error or 'handed back'}) it pauses; the next one begins at "
            f"{_clock(call.run_after)}. {times_out}"
        )
        return Wait("tool_between_attempts", what, call.created_at, deadline, following)
    since = max(call.created_at, call.run_after)
    trouble = now - since > timedelta(seconds=_QUEUED_LONG_S)
    slow = " It has waited for long: the workers are full, or do not take work." if trouble else ""
    following = (
        f"One of {call.workers} worker(s) of the queue {call.queue!r} takes it, usually at once.{slow} {times_out}"
    )
    return Wait("tool_queued", what, since, deadline, following, trouble=trouble)


def _repair(session: Session) -> str:
    return f"To put it right from the log: manage.py verify_sessions --repair --session {session.pk}"


_NO_SWEEP = "No timer service seems to run. Start one: manage.py timer_service"


# --- time-outs and locks ------------------------------------------------------------------------------------------


def _timeouts(session: Session) -> list[tuple[str, str, datetime]]:
    """``(key, words, due)``, the next one first."""
    found = []
    for key, timer in session.kernel.get("timers", {}).items():
        kind, name = parse_timer_key(key)
        found.append((key, name or kind.value, _moment(timer["due"])))
    return sorted(found, key=lambda one: one[2])


def _first_due(session: Session) -> tuple[str, datetime] | None:
    return next(((words, due) for _, words, due in _timeouts(session)), None)


def _of_timeouts(session: Session, now: datetime) -> Iterator[Wait]:
    running = _timeouts(session)
    if not running:
        return
    looks = {f"{timer.type}:{timer.name}": timer.due_at for timer in session.timers.all()}
    for key, words, due in running:
        what = f"the time-out {words}"
        if key not in looks or looks[key] > due + timedelta(milliseconds=1):
            following = f"Nobody will look for it: its timer is missing. {_repair(session)}"
            yield Wait("timeout_lost", what, due if due < now else None, None, following, trouble=True)
        elif _late(due, now):
            yield Wait("timeout_overdue", what, due, None, f"It is overdue. {_NO_SWEEP}", trouble=True)


def _of_lock(session: Session, now: datetime) -> Iterator[Wait]:
    found = row_lock.holder(session.pk)
    if found is None or now - found.since < timedelta(seconds=_LOCK_S):
        return
    application = f" ({found.application})" if found.application else ""
    holder = f"database backend {found.pid}{application}, {found.state}: {found.query}"
    following = (
        "Every event of this session waits for that transaction. Postgres ends a transaction of ours that idles after "
        f"15 s; to end this one: SELECT pg_terminate_backend({found.pid})"
    )
    trouble = now - found.since > timedelta(seconds=_LOCK_LONG_S)
    yield Wait("locked", "the lock on its row", found.since, None, following, holder, trouble)


def _late(moment: datetime, now: datetime) -> bool:
    return now - moment > timedelta(seconds=_OVERDUE_S)


# --- words -------------------------------------------------------------------------------------------------------


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def _clock(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(span: timedelta) -> str:
    """``0.3 s``, ``42 s``, ``3 min``, ``5 h``, ``12 days``."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    for size, unit, least in ((86_400, "days", 172_800), (3_600, "h", 7_200), (60, "min", 120)):
        if seconds >= least:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
