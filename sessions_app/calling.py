"""``call`` and ``cast``, as in gen_statem: from any process to any session.

A caller holds no connection and no transaction while it waits. The reply is a row; a caller in the process that
commits it is woken at once, others look, first often, then less (a lost wake-up costs a look, never the reply).
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from typing import Any

from django.db import connection

from sessions_app import hints
from sessions_app.delivery import Delivery
from sessions_app.exceptions import CallTimeout, CommandError, InsideTransaction, NoSession, SessionExited
from sessions_app.exceptions import UnknownSession as _UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Call
from tutor.events import EventContent
from tutor.statem import EventType

#: How long a call waits unless told otherwise, in seconds (OTP's default).
CALL_TIMEOUT_S = 5.0
#: First and longest pause between two looks, in seconds.
LOOK_S = 0.01
LOOK_MOST_S = 0.2


def cast(session: uuid.UUID, content: EventContent) -> None:
    """Deliver an event and return once it is committed (S43: a durable append or an error). Raises ``NoSession``."""
    _deliver(Delivery(session, content, by="operator", type=EventType.CAST))


def call(session: uuid.UUID, content: EventContent, timeout_s: float = CALL_TIMEOUT_S) -> Any:
    """Deliver an event and wait for the machine's reply.

    Raises ``NoSession`` (none, or closed: OTP's noproc), ``SessionExited`` with the reason where the session ends or
    crashes instead of replying, ``CallTimeout`` (the session is not told; its late reply stays in the log).
    """
    if connection.in_atomic_block:
        raise InsideTransaction("call outside of transactions: the reply could not be seen within this one")
    caller = secrets.token_hex(16)
    until = time.monotonic() + timeout_s
    woken = hints.expect_reply(caller)
    try:
        _deliver(Delivery(session, content, by="operator", type=EventType.CALL, caller=caller))
        return _wait(caller, until, woken)
    finally:
        hints.forget_reply(caller)


def _deliver(delivery: Delivery) -> None:
    try:
        group_commit.submit(delivery).result()
    except _UnknownSession as error:
        raise NoSession(str(error)) from None
    except CommandError as error:
        raise NoSession(error.message) from None


def _wait(caller: str, until: float, woken: threading.Event) -> Any:
    pause = LOOK_S
    while True:
        status, value, reason = Call.objects.values_list("status", "value", "reason").get(pk=caller)
        if status == Call.Status.ANSWERED:
            return value
        if status == Call.Status.EXITED:
            raise SessionExited(reason)
        left = until - time.monotonic()
        if left <= 0:
            break
        connection.close()  # given back while we wait
        woken.wait(min(pause, left))
        pause = min(pause * 2, LOOK_MOST_S)
    # The waiting slot is closed by compare-and-set: a reply that was committed meanwhile still counts.
    closed = Call.objects.filter(pk=caller, status=Call.Status.WAITING).update(status=Call.Status.TIMED_OUT)
    if closed:
        raise CallTimeout("the session did not reply in time; it was not told, and its late reply stays in the log")
    return _wait(caller, time.monotonic() + 1, woken)
