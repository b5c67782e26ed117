"""Tokens for clients that have no login cookie."""

from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


def digest(token: str) -> str:
    """What is stored of a token: a database dump gives nobody access."""
    return hashlib.sha256(token.encode()).hexdigest()


class AccessToken(models.Model):
    """A bearer token, or a one-time ticket, of one user. Only its digest is kept."""

    class Purpose(models.TextChoices):
        TOKEN = "token"  # noqa: S105 — the name of a kind, not a secret
        TICKET = "ticket"

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.TOKEN)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.purpose} of {self.user_id}"

    @staticmethod
    def new_secret() -> str:
        """A secret with 256 bits of randomness, safe in a header."""
        return secrets.token_urlsafe(32)
