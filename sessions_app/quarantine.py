"""Events in quarantine: how they get there, and what an operator can do about them."""

from __future__ import annotations

import secrets

from sessions_app import server
from sessions_app.delivery import CommandId, Delivered, Delivery
from sessions_app.exceptions import SessionError
from sessions_app.models import Quarantine
from sessions_app.row import load_event


class NotHeld(SessionError):
    """This event is not in quarantine any more: somebody has retried or dropped it."""


def _take(quarantined: int, status: Quarantine.Status) -> Quarantine:
    """Of two operators who decide at once only one does."""
    changed = Quarantine.objects.filter(pk=quarantined, status=Quarantine.Status.HELD).update(status=status)
    if not changed:
        raise NotHeld(f"event {quarantined} is not held in quarantine")
    return Quarantine.objects.get(pk=quarantined)


def retry(quarantined: int) -> Delivered:
    """Deliver the event again, as an operator's. Raises ``NotHeld``, ``CommandError``."""
    held = _take(quarantined, Quarantine.Status.RETRIED)
    event = load_event(held.event)
    command = CommandId(f"retry-{secrets.token_hex(8)}", "quarantine.retry", b"retry")
    return server.deliver(Delivery(held.session_id, event.content, by="operator", type=event.type, command=command))


def drop(quarantined: int) -> None:
    """Give the event up. Raises ``NotHeld``."""
    _take(quarantined, Quarantine.Status.DROPPED)
