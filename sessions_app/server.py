"""The receive loop of all sessions: lock, step in memory, write, commit, hint.

``deliver(batch)`` is the one way an event reaches a session. A batch holds events of different sessions; a batch of one
is the common case. What it promises (DESIGN rules 1-3):

1. one event, one transaction; accepted means committed;
2. a command that comes twice gets its first reply; an event that comes late is logged as discarded;
3. hints (channel layer, broker) leave after the commit and may be lost;
4. where one of a batch fails, the others are unaffected: it is tried again alone.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import psycopg
import redis
from django.core.exceptions import SynchronousOnlyOperation
from django.db import close_old_connections, connection

from sessions_app import alongside, breaker, commit, conf, crash_points, hints, recovery
from sessions_app.delivery import CommandId, Delivered, Delivery, Fenced, Write
from sessions_app.exceptions import (
    CommandError,
    FenceFirst,
    InsideTransaction,
    MoreToRead,
    SessionError,
    StaleWrite,
    UnknownSession,
)
from sessions_app.log import Folded
from sessions_app.output import buffer
from sessions_app.played import Played
from sessions_app.row import SessionRow
from sessions_app.step import play
from sessions_app.wire import Dialogue

logger = logging.getLogger(__name__)

Answer = Delivered | BaseException

#: Errors after which the same decision on a fresh read can succeed: deadlock, serialisation, lock time-out, a row that
#: somebody else inserted first.
_AGAIN = (StaleWrite, psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
_BACKOFF_S = 0.02


def deliver(delivery: Delivery) -> Delivered:
    """Deliver one event. Raises ``CommandError``, ``UnknownSession`` or the database's error."""
    answer = deliver_batch([delivery])[0]
    if isinstance(answer, BaseException):
        raise answer
    return answer


def deliver_batch(deliveries: Sequence[Delivery]) -> list[Answer]:
    """Deliver events of *different* sessions in one transaction. One answer each, in order."""
    if len({delivery.session for delivery in deliveries}) != len(deliveries):
        raise ValueError("a batch holds at most one event of each session; deliver the others after it")
    if len(deliveries) == 1:
        return [_alone(deliveries[0])]
    try:
        answers = commit.hold(attempt(deliveries, skip_locked=True))
    except InsideTransaction:
        raise
    except Exception:
        logger.info("action=batch.split size=%d", len(deliveries), exc_info=True)
        answers = [None] * len(deliveries)
    return [
        _alone(delivery) if answer is None or isinstance(answer, FenceFirst) else answer
        for delivery, answer in zip(deliveries, answers, strict=True)
    ]


def _alone(delivery: Delivery) -> Answer:
    for tried in range(1, conf.DELIVERY_TRIES + 1):
        try:
            answer = commit.hold(attempt([delivery], skip_locked=False))[0]
        except _AGAIN as error:
            # A stale write of the sender's own (a call that another attempt owns now) stays stale, unless the sender
            # looks again under the lock: a hand-back may have come between its look and the write.
            if delivery.writes and isinstance(error, StaleWrite) and delivery.under_lock is None:
                return error
            if tried == conf.DELIVERY_TRIES:
                return error
            time.sleep(_BACKOFF_S * tried)
        except psycopg.OperationalError as error:
            # The connection is gone; whether the commit went through is unknown. A command, call or cast is decided by
            # its id on the next read, an ending by whether its call is still pending: trying again is safe for all.
            connection.close()
            if tried == conf.DELIVERY_TRIES:
                return error
            time.sleep(_BACKOFF_S * tried)
        except Exception as error:
            return error
        else:
            if isinstance(answer, FenceFirst) and tried < conf.DELIVERY_TRIES:
                delivery = replace(delivery, fenced=_fence(delivery.session, answer.turn))
                continue
            return answer if answer is not None else UnknownSession(f"there is no session {delivery.session}")
    raise AssertionError("unreachable: the last attempt returns")


def _fence(session: uuid.UUID, turn: str) -> Fenced:
    """Close a turn's text, without any lock. Without Redis nobody can tell what was shown: nothing is kept of it.

    Should the turn not be cut short after all (it finished meanwhile, this process dies), nothing is lost: its call's
    result carries the whole text.
    """
    try:
        shown = buffer.fence(session, turn)
    except redis.RedisError:
        logger.warning("action=fence.failed session=%s turn=%s", session, turn, exc_info=True)
        return Fenced(turn)
    return Fenced(turn) if shown is None else Fenced(turn, shown.text, shown.attempt)


def attempt(
    deliveries: Sequence[Delivery], *, skip_locked: bool, may_read: bool = True
) -> Dialogue[list[Answer | None]]:
    """One transaction. None for a session that was not there or is locked by somebody else.

    ``may_read`` False: on an event loop, where nothing may be read from the database but what the dialogue asks for;
    None also for a session of which more has to be known.
    """
    commands = [(d.session, d.known_by.id) for d in deliveries if d.known_by is not None]
    look_ups: dict[str, list[tuple[uuid.UUID, str]]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.look_up is not None:
            look_ups[delivery.look_up.sql].append((delivery.session, delivery.look_up.key))
    answers: list[Answer | None] = [None] * len(deliveries)
    played: list[tuple[int, Played]] = []
    writes: list[Write] = []
    crash_points.reach("deliver.before_begin")
    locked = yield from commit.lock([d.session for d in deliveries], commands, look_ups, skip_locked=skip_locked)
    crash_points.reach("deliver.locked")
    for index, delivery in enumerate(deliveries):
        if index and index % conf.BREATH_SESSIONS == 0:
            yield ()  # nothing is asked: a loop looks after its other tasks
        columns = locked.sessions.get(delivery.session)
        if columns is None:
            continue
        known_by = delivery.known_by
        before = locked.commands.get((delivery.session, known_by.id)) if known_by else None
        try:
            if before is not None and known_by is not None:
                answers[index] = _duplicate(delivery, known_by, before)
                continue
            if delivery.under_lock is not None:
                look_up = delivery.look_up
                seen = look_up and locked.looked_up.get((look_up.sql, delivery.session, look_up.key))
                delivery = delivery.under_lock(seen)  # noqa: PLW2901 — what is played is what was decided
            breaker.check(columns[5], delivery, may_read=may_read)
            machine = conf.machine(columns[5], msgspec.json.decode(columns[6]), may_read=may_read)
            row = commit.row_of(columns, machine)
            history = recovery.history_of(row.id) if may_read else _not_here
            one = play(row, delivery, machine, history)
            writes += _writes(row, one, delivery)
            played.append((index, one))
        except (MoreToRead, SynchronousOnlyOperation):
            continue
        except Exception as error:
            # Nothing of this session is written; the others of the batch are.
            answers[index] = error
    crash_points.reach("deliver.before_write")
    yield from commit.write(writes)
    crash_points.reach("deliver.committed")
    for index, one in played:
        answers[index] = one.delivered()
    hints.after_commit([one for _, one in played])
    crash_points.reach("deliver.hinted")
    return answers


def _not_here(seq: int) -> Folded:
    raise MoreToRead(f"the state at seq {seq}")


def _duplicate(delivery: Delivery, known_by: CommandId, before: tuple[bytes, str]) -> Delivered:
    digest, reply = before
    if bytes(digest) != known_by.digest:
        raise CommandError("id_reused", "This id was used for another command; choose a new one.")
    stored: dict[str, Any] = msgspec.json.decode(reply)
    return Delivered(
        delivery.session, stored["seq"], stored["disposition"], stored.get("turn"), duplicate=True, reply=stored
    )


def _writes(row: SessionRow, played: Played, delivery: Delivery) -> list[Write]:
    writes = list(played.writes)
    if delivery.look:
        writes += commit.relook(row)
    known_by = delivery.known_by
    if known_by is not None:
        result = played.delivered()
        reply = {"seq": result.seq, "disposition": result.disposition, "turn": result.turn, **result.reply}
        writes.append(
            Write(
                commit.INSERT_COMMAND,
                {
                    "session_id": row.id,
                    "command_id": known_by.id,
                    "digest": commit.hexed(known_by.digest),
                    "reply": {key: value for key, value in reply.items() if value is not None},
                },
            )
        )
    if row.written or writes or row.new:
        writes += commit.session_writes(row, played.data, played.kernel)
    if row.written:
        writes += alongside.writes(row)
    return writes


def create(row: SessionRow, start: Delivery) -> Delivered:
    """Write a new session and its first event in one transaction.

    Raises ``psycopg.errors.UniqueViolation`` where a live session of that name exists: the caller finds that one.
    """
    close_old_connections()
    return commit.hold(_create(row, start, conf.machine(row.machine_name, row.machine_args)))


def _create(row: SessionRow, start: Delivery, machine: Any) -> Dialogue[Delivered]:
    crash_points.reach("create.before_begin")
    row.now_us = yield from commit.begin()
    played = play(row, start, machine, recovery.history_of(row.id))
    crash_points.reach("create.before_write")
    yield from commit.write(_writes(row, played, start))
    crash_points.reach("create.committed")
    hints.after_commit([played])
    crash_points.reach("create.hinted")
    return played.delivered()


__all__ = ["Answer", "SessionError", "create", "deliver", "deliver_batch"]
