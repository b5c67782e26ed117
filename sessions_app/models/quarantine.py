"""Events that a session could not handle, kept for an operator: inspect, retry or drop."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from sessions_app.models.session import Session


class Quarantine(models.Model):
    """One offending event with its reason. The log says the same in ``event.quarantined``; this row can be acted on."""

    class Status(models.TextChoices):
        HELD = "held"
        RETRIED = "retried"
        DROPPED = "dropped"

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="quarantined", db_constraint=False)
    machine = models.CharField(max_length=50)
    #: seq of its ``event.quarantined``.
    seq = models.BigIntegerField()
    #: As in a step: type, content, mark (``sessions_app.row.dump_event``).
    event = models.JSONField()
    reason = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.HELD)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["session", "seq"], name="one_quarantine_per_fact")]
        indexes = [models.Index(fields=["machine", "at"], name="quarantine_by_machine")]

    def __str__(self) -> str:
        return f"{self.event.get('content', {}).get('kind', 'event')} ({self.status})"
