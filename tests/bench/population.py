"""Fills a database with sessions that were really played: what ``verify_sessions`` is tested and measured on."""

from __future__ import annotations

import contextlib
import random
import secrets
import uuid
from collections.abc import Iterator
from typing import Any

import msgspec
import psycopg
from django.db import connection

from sessions_app import conf, log, registry, server, system, timers
from sessions_app.delivery import CommandId, Delivery
from sessions_app.exceptions import SessionError
from sessions_app.row import SessionRow
from sessions_app.wire import Dialogue
from tutor import events
from tutor.interactions import ToolFinished
from tutor.statem import EventType

_COPY = """
COPY sessions_app_interaction (session_id, seq, kind, version, at, visibility, turn, cause, prev_hash, hash, commitment,
     payload, salt) FROM STDIN
"""

_WORDS = (
    "say:hello", "say:one", "go:a", "go:b", "go:c", "call", "timer:60000", "timer:1", "named:tea:60000", "named:tea:1",
    "named:egg:90000", "cancel:tea", "cancel:egg", "postpone", "next:say:two", "next:go:b_say:three", "next:postpone",
)  # fmt: skip
_RARE = ("crash", "spin", "stop", "refuse")


def script(random_: random.Random) -> str:
    """A message for ``tests.scripted_machine``: any words, now and then one that fails or ends the session."""
    if random_.random() < 0.01:
        return random_.choice(_RARE)
    return " ".join(random_.choices(_WORDS, k=random_.randint(1, 4)))


def start(count: int, machine: str = "scripted") -> list[uuid.UUID]:
    """Start that many sessions, each of a learner of its own."""
    from django.contrib.auth import get_user_model

    learners = get_user_model()._default_manager
    run = secrets.token_hex(4)
    learners.bulk_create(learners.model(username=f"{run}-{number}") for number in range(count))
    keys = learners.filter(username__startswith=f"{run}-").order_by("pk").values_list("pk", flat=True)
    return [registry.start_or_find(key, machine, machine, {})[0] for key in keys]


def play(sessions: list[uuid.UUID], random_: random.Random, rounds: int) -> None:
    """Each round: every session gets a message or a cancel; some tools run, some results come twice or not at all."""
    from tools_app import calls, monitor

    for _ in range(rounds):
        random_.shuffle(sessions)
        for start_ in range(0, len(sessions), conf.BATCH_SESSIONS):
            server.deliver_batch([_event(one, random_) for one in sessions[start_ : start_ + conf.BATCH_SESSIONS]])
        taken = calls.claim(secrets.token_hex(4), ["tools"], len(sessions))
        for one in random_.sample(sessions, len(sessions) // 50):
            with contextlib.suppress(SessionError):
                random_.choice((system.suspend, system.resume, system.resume))(one)
        for call in taken:
            if random_.random() < 0.1:
                continue  # its worker dies
            ended = (
                calls.failed(call, "error", "as the dice say")
                if random_.random() < 0.2
                else calls.succeeded(call, {"text": "x"}, fallback=False, facts=[])
            )
            for _again in range(1 + (random_.random() < 0.05)):
                server.deliver_batch([ended])
        timers.sweep()
        monitor.sweep()


def _event(session: uuid.UUID, random_: random.Random) -> Delivery:
    command = CommandId(secrets.token_hex(8), "message.send", b"1")
    if random_.random() < 0.05:
        return Delivery(session, events.CancelRequested(), by="learner", command=command, opens_turn=False)
    text = script(random_)
    return Delivery(session, events.UserMessage(text=text), by="learner", command=command, text=text)


def talk(session: uuid.UUID, messages: int) -> None:
    """One learner of the echo machine, who never waits for its one call: a long log, and data that does not grow."""
    for _ in range(messages):
        content = events.UserMessage(text="hello", on_busy="reject")
        command = CommandId(secrets.token_hex(8), "message.send", b"1")
        server.deliver(Delivery(session, content, by="learner", command=command, text=content.text))


def lengthen(session: uuid.UUID, length: int) -> None:
    """Turns of the echo machine until a log has that length: played by the kernel in memory, written at once.

    What comes of it is what ``server.deliver`` would have written, one millisecond after the other, until now.
    """
    from sessions_app import commit

    commit.hold(_lengthened(session, length))


def _lengthened(session: uuid.UUID, length: int) -> Dialogue[None]:
    from sessions_app import commit, recovery, step

    locked = yield from commit.lock([session], [], {}, skip_locked=False)
    columns = locked.sessions[session]
    machine = conf.machine(columns[5], msgspec.json.decode(columns[6]))
    row, written = commit.row_of(columns, machine), list[log.Entry]()
    row.now_us -= 1_000 * (length - row.head)
    while row.head < length:
        for delivery in _turn(row):
            played = step.play(row, delivery, machine, recovery.history_of(session))
            written += row.written
            row.written.clear()
            row.now_us += 1_000
    pg: psycopg.Connection[Any] = connection.connection
    with pg.cursor() as cursor, cursor.copy(_COPY) as copy:
        for one in written:
            at, chain = log.iso(one.at_us), (one.prev_hash, one.hash, one.commitment)
            place = (one.session, one.seq, one.kind, one.version, at, one.visibility, one.turn, one.cause)
            copy.write_row((*place, *chain, one.payload, one.salt))
    yield from commit.write(commit.session_writes(row, played.data, played.kernel))


def _turn(row: SessionRow) -> Iterator[Delivery]:
    command = CommandId(secrets.token_hex(8), "message.send", b"1")
    yield Delivery(row.id, events.UserMessage(text="hello"), by="learner", command=command, text="hello")
    ref = next(iter(row.calls))
    yield Delivery(
        row.id,
        events.ToolSucceeded(ref=ref, tool="echo", result={"text": "hello"}),
        by="tool",
        type=EventType.INFO,
        ends_call=ref,
        facts=[ToolFinished(call=ref, name="echo", attempts=1)],
        opens_turn=False,
    )
