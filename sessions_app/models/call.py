"""Callers that wait for a machine's reply."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from sessions_app.models.session import Session


class Call(models.Model):
    """One ``call``: the caller's token is what a machine replies to, once, from whatever callback and process."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        ANSWERED = "answered"
        #: The caller gave up; a reply that comes later is logged, and never reaches it (S45).
        TIMED_OUT = "timed_out"
        LATE = "late"
        #: The session ended, or the event crashed: ``reason`` says why (S17).
        EXITED = "exited"

    caller = models.CharField(max_length=32, primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="calls", db_constraint=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    value = models.JSONField(null=True)
    reason = models.TextField(default="", blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["session"], condition=models.Q(status="waiting"), name="calls_waiting")]

    def __str__(self) -> str:
        return f"{self.caller} ({self.status})"
