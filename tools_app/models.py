"""Tool calls and the worker processes that run them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from sessions_app.models import Session


class ToolCall(models.Model):
    """One durable piece of slow work: a ref, numbered attempts, exactly one ending.

    Claim and settle are compare-and-set on (id, attempt, status). The broker's message says only that there is work.
    """

    class Status(models.TextChoices):
        #: A member of a group that has no place yet (``Parallel.max_concurrency``).
        WAITING = "waiting"
        QUEUED = "queued"
        RUNNING = "running"
        #: In doubt: it may have run and may not be repeated; a person decides (``tools_app.doubt``).
        PARKED = "parked"
        ENDED = "ended"

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="tool_calls", db_constraint=False)
    #: Chosen by the machine, unique in its session.
    ref = models.CharField(max_length=32)
    turn = models.CharField(max_length=32, null=True)  # noqa: DJ001 — a background call belongs to no turn
    tool = models.CharField(max_length=50)
    args = models.JSONField()
    #: Who acts, for whom, with which roles, for which course, session and command (``tools_app.scope``).
    scope = models.JSONField()
    #: Who acts where it is not the session's learner: the user's key.
    actor = models.BigIntegerField(null=True)
    #: The group it is a member of (``tutor.effects.Parallel``).
    group = models.CharField(max_length=32, null=True)  # noqa: DJ001
    queue = models.CharField(max_length=20, default="tools")
    background = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    #: Attempts begun; rises with every claim.
    attempt = models.SmallIntegerField(default=0)
    #: How often each strategy was applied to it: ``{"repair": 1}``.
    used = models.JSONField(db_default={})
    #: What was wrong with the last attempt's output, for the next one.
    repair = models.TextField(db_default="", blank=True)
    #: The next attempt runs beside no other call of its process: the one before may have taken that down.
    alone = models.BooleanField(db_default=False)
    #: Since when it is in doubt.
    parked_at = models.DateTimeField(null=True)
    #: The process boot that runs it (``Worker.owner``).
    owner = models.CharField(max_length=64, null=True)  # noqa: DJ001
    #: Not before: the pause between two attempts.
    run_after = models.DateTimeField(db_default=Now())
    #: For all attempts and the fallback together.
    deadline_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    #: finished, failed, timed_out, cancelled; and why.
    ending = models.CharField(max_length=20, null=True)  # noqa: DJ001
    error = models.TextField(default="", blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["session", "ref"], name="one_call_per_ref")]
        indexes = [
            models.Index(fields=["queue", "run_after", "id"], condition=models.Q(status="queued"), name="calls_queued"),
            models.Index(fields=["owner"], condition=models.Q(status="running"), name="calls_running"),
            models.Index(fields=["deadline_at"], condition=~models.Q(status="ended"), name="calls_by_deadline"),
            models.Index(fields=["parked_at"], condition=models.Q(status="parked"), name="calls_in_doubt"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.ref} ({self.status})"


class Worker(models.Model):
    """One boot of a worker process. Its beat is the lease on every call it runs."""

    #: Unique per boot, never a host name: a process that comes back is another owner.
    owner = models.CharField(max_length=64, primary_key=True)
    host = models.CharField(max_length=200)
    process = models.IntegerField()
    queues = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())
    beat_at = models.DateTimeField(db_default=Now())
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.owner


class OperatorNotice(models.Model):
    """Something that an operator must put right; told once for each tool and reason, until somebody settles it."""

    tool = models.CharField(max_length=50)
    reason = models.CharField(max_length=40)
    error = models.TextField()
    at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tool", "reason"], condition=models.Q(settled_at=None), name="one_open_notice_per_tool_and_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.reason}"
