"""Going on from an earlier point of a log: a rewind in the same session, a fork in a new one.

Nothing is deleted and nothing mutable is shared. A rewind appends ``session.rewound``; what it takes back stays in the
log and leaves the projections. A fork is a session of its own whose log begins after the one that it shares, which can
not change any more; its name in the registry is its own, so that it is never taken for the learner's session.

The point is the end of the commit in which a seq stands: a commit is one, and a state in the middle of it never was.
Time-outs and pending calls do not come along: ``step`` ends the calls as cancelled, the machine sets time-outs anew.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from django.conf import settings
from django.db import connection

from sessions_app import conf, groups, lineage, log, names, refs, server
from sessions_app.controls import Fork, Rewind
from sessions_app.delivery import Actor, CommandId, Delivered, Delivery
from sessions_app.exceptions import CommandError, UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Command, Session
from sessions_app.models.session import new_log_id
from sessions_app.row import PendingCall, SessionRow, Turn, snapshot_of
from tutor import events
from tutor.interactions import Visibility

_END_OF_COMMIT = """
SELECT max(same.seq) FROM sessions_app_interaction one
  JOIN sessions_app_interaction same ON same.session_id = one.session_id AND same.seq BETWEEN one.seq AND %s
   AND same.at = one.at
 WHERE one.session_id = %s AND one.seq = %s
"""
_HASH = "SELECT hash FROM sessions_app_interaction WHERE session_id = %s AND seq = %s"
_NEWEST_VISIBLE = """
SELECT seq FROM sessions_app_interaction WHERE session_id = %s AND seq > %s AND seq <= %s AND visibility <= %s
 ORDER BY seq DESC LIMIT 1
"""
_POLICY = """
SELECT payload FROM sessions_app_interaction
 WHERE session_id = %s AND seq > %s AND seq <= %s AND kind = 'policy.changed' AND payload IS NOT NULL
 ORDER BY seq DESC LIMIT 1
"""
#: Interactions of one commit that are looked at for its end; no event writes more.
_LONGEST_COMMIT = 10_000


@dataclass(frozen=True, slots=True)
class Point:
    """Where a branch begins: a seq that ends a commit, and what the log told there."""

    seq: int
    state: str
    data: dict[str, Any]
    kernel: dict[str, Any]
    state_no: int
    event_no: int

    @property
    def calls(self) -> dict[str, PendingCall]:
        """The calls that the session waited for."""
        return {ref: PendingCall(**call) for ref, call in self.kernel.get("calls", {}).items()}

    def endings(self) -> tuple[events.EventContent, ...]:
        """What the machine waited for, as over: its calls and groups by its own names, those of the turn first."""
        calls, era = self.calls, self.kernel.get("era", 0)
        cancelled = {
            ref: events.ToolFailed(ref=refs.of_machine(ref, era), tool=call.tool, reason="cancelled")
            for ref, call in calls.items()
            if not call.recorded
        }
        ended: list[tuple[bool, events.EventContent]] = [
            (calls[ref].background, ending) for ref, ending in cancelled.items() if calls[ref].group is None
        ]
        for name, group in groups.load(self.kernel.get("groups", {})).items():
            # A member that is not pending has its result in the group.
            results = [
                {**(group.results.get(ref) or events.encode(cancelled[ref])), "ref": refs.of_machine(ref, era)}
                for ref in group.members
            ]
            background = any(calls[ref].background for ref in group.members if ref in calls)
            ended.append((background, events.decode_tools_ended(refs.of_machine(name, era), results)))
        return tuple(ending for _, ending in sorted(ended, key=lambda one: one[0]))


def point(session: Session, seq: int) -> Point:
    """The point of a log at a seq. Raises ``CommandError(bad_request)`` where there is none."""
    if not 1 <= seq <= session.head:
        raise CommandError(
            "bad_request", f"There is no seq {seq} in this session; its newest is {session.head}.", detail={"seq": seq}
        )
    part = next(one for one in lineage.lineage(session.pk) if one.after < seq <= one.upto)
    with connection.cursor() as cursor:
        cursor.execute(_END_OF_COMMIT, [min(part.upto, seq + _LONGEST_COMMIT), part.session, seq])
        (end,) = cursor.fetchone()
    folded = log.state_at(session.pk, end)
    if folded.state is None:
        raise CommandError("bad_request", f"What this session was at seq {seq} was erased.", detail={"seq": seq})
    return Point(
        end, folded.state, folded.data or {}, folded.kernel or {}, state_no=folded.state_no, event_no=folded.event_no
    )


def rewind(
    session: uuid.UUID,
    seq: int,
    *,
    actor: str,
    by: Actor,
    command: CommandId | None = None,
    expect: int | None = None,
) -> Delivered:
    """Go on from what the session was at a seq. What ran until now ends; what came after it is taken back.

    Raises ``UnknownSession``, ``CommandError`` or a ``ControlRefused``.
    """
    # What a log told at a seq never changes: it can be read before the lock is taken.
    at = point(_row(session), seq)
    control = Rewind(actor, at.seq, at.state, at.data, at.endings())
    command = command or CommandId(f"api-{secrets.token_hex(8)}", "session.rewind", str(seq).encode())
    delivery = Delivery(session, None, by=by, command=command, expect=expect, control=control)
    return group_commit.submit(delivery).result()


def fork(
    parent: uuid.UUID,
    seq: int,
    *,
    actor: str,
    by: Actor,
    command: CommandId | None = None,
    expect: int | None = None,
) -> Delivered:
    """A new session that goes on from what its parent was at a seq; ``Delivered.session`` is the new one's id.

    The same command again finds the fork it made. Raises ``UnknownSession`` or ``CommandError``.
    """
    command = command or CommandId(f"api-{secrets.token_hex(8)}", "session.fork", str(seq).encode())
    # The fork's id is made from the command's: whoever sends it twice, at the same moment even, gets one fork.
    child = uuid.uuid5(parent, command.id)
    before = _made_before(child, command)
    if before is not None:
        return before
    row = _row(parent)
    if Command.objects.filter(session_id=parent, command_id=command.id).exists():
        raise CommandError("id_reused", "This id was used for another command; choose a new one.")
    if expect is not None and expect != row.learner_head:
        raise CommandError("stale", "The session has moved on since; look again.", detail={"head": row.learner_head})
    _check_room(row)
    at = point(row, seq)
    try:
        return server.create(
            _fork_row(child, row, at),
            Delivery(child, None, by=by, command=command, control=Fork(actor, parent, at.seq, at.endings())),
        )
    except psycopg.errors.UniqueViolation:
        made = _made_before(child, command)
        if made is None:
            raise
        return made


def _row(session: uuid.UUID) -> Session:
    row = Session.objects.filter(pk=session).first()
    if row is None:
        raise UnknownSession(f"there is no session {session}")
    return row


def _made_before(child: uuid.UUID, command: CommandId) -> Delivered | None:
    known = Command.objects.filter(session_id=child, command_id=command.id).values_list("digest", "reply").first()
    if known is None:
        return None
    digest, reply = known
    if bytes(digest) != command.digest:
        raise CommandError("id_reused", "This id was used for another command; choose a new one.")
    return Delivered(child, reply["seq"], reply["disposition"], reply.get("turn"), duplicate=True, reply=reply)


def _check_room(parent: Session) -> None:
    if parent.forks.filter(live=True).count() >= conf.LIVE_FORKS:
        raise CommandError(
            "over_budget",
            f"A session has at most {conf.LIVE_FORKS} live forks; close one first.",
            detail={"limit": conf.LIVE_FORKS},
        )
    most = settings.TUTOR_LIVE_SESSIONS
    if most and Session.objects.filter(live=True).count() >= most:
        raise CommandError("unavailable", "No more sessions can be started right now; please try again later.")


def _fork_row(child: uuid.UUID, parent: Session, at: Point) -> SessionRow:
    """The fork before its first event: its parent's state, the turn and the calls that it has to end, nothing else."""
    machine = conf.machine(parent.machine, parent.machine_args)
    carried = {"timer_no": at.kernel.get("timer_no", 0)}
    with connection.cursor() as cursor:
        cursor.execute(_HASH, [lineage.owner(parent.pk, at.seq), at.seq])
        (head_hash,) = cursor.fetchone()
    policy = _newest(parent.pk, at.seq, _POLICY)
    turn = at.kernel.get("turn")
    return SessionRow(
        id=child,
        name=names.fork_name(parent.learner_id, parent.course, child),
        learner_id=parent.learner_id,
        course=parent.course,
        machine_name=parent.machine,
        machine_args=parent.machine_args,
        snapshot=snapshot_of(at.state, at.state_no, at.event_no, machine.load(at.data), carried),
        turn=None if turn is None else Turn(**turn),
        calls=at.calls,
        head_read=at.seq,
        head=at.seq,
        head_hash=bytes(head_hash),
        learner_head=_newest(parent.pk, at.seq, _NEWEST_VISIBLE, int(Visibility.LEARNER)) or 0,
        teacher_head=_newest(parent.pk, at.seq, _NEWEST_VISIBLE, int(Visibility.TEACHER)) or 0,
        log_id=new_log_id(),
        on_busy="reject" if policy is None else msgspec.json.decode(policy)["on_busy"],
        era=at.kernel.get("era", 0),
        new=True,
        parent=parent.pk,
        shared=(at.data, at.kernel),
    )


def _newest(session: uuid.UUID, upto: int, sql: str, *more: int) -> Any:
    """The one value of the newest row that a query finds in a log up to a seq; None where there is none."""
    with connection.cursor() as cursor:
        for part in reversed(list(lineage.within(session, 0, upto + 1))):
            cursor.execute(sql, [*part, *more])
            found = cursor.fetchone()
            if found is not None:
                return found[0]
    return None
