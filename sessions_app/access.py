"""Who is behind a token, and how tokens and guests come into being."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from sessions_app import conf
from sessions_app.models import AccessToken
from sessions_app.models.access import digest


def _issue(user: Any, purpose: AccessToken.Purpose, lifetime: timedelta) -> str:
    secret = AccessToken.new_secret()
    AccessToken.objects.create(digest=digest(secret), user=user, purpose=purpose, expires_at=timezone.now() + lifetime)
    return secret


def issue_token(user: Any) -> str:
    """A new bearer token. It is shown once; only its digest is kept."""
    return _issue(user, AccessToken.Purpose.TOKEN, timedelta(days=conf.TOKEN_DAYS))


def issue_ticket(user: Any) -> str:
    """A ticket for one WebSocket, for clients that cannot set a header."""
    return _issue(user, AccessToken.Purpose.TICKET, timedelta(seconds=conf.TICKET_S))


def user_of_token(secret: str) -> Any | None:
    """The active user of a valid token."""
    found = (
        AccessToken.objects.select_related("user")
        .filter(digest=digest(secret), purpose=AccessToken.Purpose.TOKEN, expires_at__gt=timezone.now())
        .first()
    )
    return found.user if found is not None and found.user.is_active else None


def redeem_ticket(secret: str) -> Any | None:
    """The user of a ticket, which is then used up: of two sockets that show it only one gets in."""
    with transaction.atomic():
        found = (
            AccessToken.objects.select_for_update(of=("self",), no_key=True)
            .select_related("user")
            .filter(digest=digest(secret), purpose=AccessToken.Purpose.TICKET, expires_at__gt=timezone.now())
            .first()
        )
        if found is None:
            return None
        user = found.user
        found.delete()
    return user if user.is_active else None


def new_guest() -> Any:
    """A learner without a name, for demo mode."""
    user = get_user_model()(username=f"guest-{secrets.token_hex(6)}")
    user.set_unusable_password()
    user.save()
    return user
