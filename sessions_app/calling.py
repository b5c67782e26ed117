"""``call`` and ``cast``, as in gen_statem: from any process to any session.

Each carries an id that is decided under the session's lock: one that is delivered again, because its COMMIT broke or
because its sender asks again with the same ``command_id``, is handled once. A caller holds no connection and no
transaction while it waits. The reply is a row; a hint wakes the caller (``reply_hints``), in whichever process it
waits, and a lost hint costs one look.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from typing import Any

import msgspec
from django.db import connection

from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import CallTimeout, CommandError, InsideTransaction, NoSession, SessionExited
from sessions_app.exceptions import UnknownSession as _UnknownSession
from sessions_app.group_commit import group_commit
from sessions_app.models import Call
from sessions_app.reply_hints import reply_hints
from tutor import events
from tutor.events import EventContent
from tutor.statem import EventType

#: How long a call waits unless told otherwise, in seconds (OTP's default).
CALL_TIMEOUT_S = 5.0
#: A caller looks by itself this often, in seconds: a lost hint costs this much.
LOOK_S = 1.0

_sorted = msgspec.json.Encoder(order="sorted")


def cast(session: uuid.UUID, content: EventContent, *, command_id: str | None = None) -> None:
    """Deliver an event and return once it is committed (S43: a durable append or an error).

    Raises ``NoSession``; ``CommandError`` where ``command_id`` was used for something else (``id_reused``) or the
    session is suspended and too much waits in it (``queue_full``).
    """
    _deliver(Delivery(session, content, by="operator", type=EventType.CAST, once=_id("cast", command_id, content)))


def call(
    session: uuid.UUID, content: EventContent, timeout_s: float = CALL_TIMEOUT_S, *, command_id: str | None = None
) -> Any:
    """Deliver an event and wait for the machine's reply.

    The same ``command_id`` again, from whichever process, is not handled again: it gets the same reply, or waits for
    it. Raises ``NoSession`` (none, or closed: OTP's noproc), ``SessionExited`` with the reason where the session ends
    or crashes instead of replying, ``CallTimeout`` (the session is not told; its late reply stays in the log), and
    ``CommandError`` as ``cast`` does.
    """
    if connection.in_atomic_block:
        raise InsideTransaction("call outside of transactions: the reply could not be seen within this one")
    until = time.monotonic() + timeout_s
    caller = reply_hints.new_caller()
    once = _id("call", command_id, content)
    reply_hints.expect(caller)
    try:
        delivered = _deliver(Delivery(session, content, by="operator", type=EventType.CALL, caller=caller, once=once))
        opened = delivered.reply["caller"]
        if opened == caller:
            return _wait(caller, until, reply_hints.expect(caller))
    finally:
        reply_hints.forget(caller)
    # It came before: its reply goes to the slot that was opened then, and its hint to whoever waited then.
    return _wait(opened, until, threading.Event())


def _id(name: str, command_id: str | None, content: EventContent) -> CommandId:
    digest = hashlib.sha256(name.encode() + _sorted.encode(events.encode(content))).digest()
    return CommandId(command_id or f"{name}-{secrets.token_hex(16)}", name, digest)


def _deliver(delivery: Delivery) -> Delivered:
    try:
        return group_commit.submit(delivery).result()
    except _UnknownSession as error:
        raise NoSession(str(error)) from None
    except CommandError as error:
        if error.code == "invalid_transition":  # it is closed; a machine's own refusal does not reach a caller
            raise NoSession(error.message) from None
        raise


def _wait(caller: str, until: float, woken: threading.Event) -> Any:
    listening = False
    while True:
        status, value, reason = Call.objects.values_list("status", "value", "reason").get(pk=caller)
        if status == Call.Status.ANSWERED:
            return value
        if status == Call.Status.EXITED:
            raise SessionExited(reason)
        if status != Call.Status.WAITING:
            raise CallTimeout("this call has timed out before; ask again with another command_id")
        left = until - time.monotonic()
        if left <= 0:
            break
        connection.close()  # given back while we wait
        if listening:
            if woken.wait(min(LOOK_S, left)):
                woken.clear()
        else:
            # Whoever replied before this process listened told nobody: so look again after it does.
            reply_hints.listen(min(LOOK_S, left))
            listening = True
    # The waiting slot is closed by compare-and-set: a reply that was committed meanwhile still counts.
    closed = Call.objects.filter(pk=caller, status=Call.Status.WAITING).update(status=Call.Status.TIMED_OUT)
    if closed:
        raise CallTimeout("the session did not reply in time; it was not told, and its late reply stays in the log")
    return _wait(caller, time.monotonic() + LOOK_S, woken)
