"""A session: what is a process in Erlang is a row here, stepped under its lock by whichever process has an event."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django_fsm import FSMField


def new_log_id() -> str:
    """Which log this is: changes when a backup is restored, so that no client's cursor is taken for another log's."""
    return uuid.uuid4().hex


class Session(models.Model):
    """One session. Machine-agnostic: which machine decides is a name; which arrows exist is the proxy's business."""

    class Status(models.TextChoices):
        RUNNING = "running"
        SUSPENDED = "suspended"

    class OnBusy(models.TextChoices):
        REJECT = "reject"
        QUEUE = "queue"
        INTERRUPT = "interrupt"
        MERGE = "merge"
        ROLLBACK = "rollback"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    #: In the registry; unique among live sessions. By default learner : course.
    name = models.CharField(max_length=200)
    live = models.BooleanField(default=True)
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tutoring_sessions")
    course = models.CharField(max_length=100)
    machine = models.CharField(max_length=50)
    #: What the machine is made from: course and version, for example.
    machine_args = models.JSONField(default=dict)
    state = FSMField(max_length=50, default="created", protected=True)
    #: Rises when the state really changes; number of the last handled event (``tutor.statem.Snapshot``).
    state_no = models.BigIntegerField(default=0)
    event_no = models.BigIntegerField(default=0)
    #: The machine's own data, opaque to the kernel.
    data = models.JSONField(default=dict)
    #: The kernel's part: turn, pending calls, postponed events, timers (``sessions_app.row``).
    kernel = models.JSONField(default=dict)
    #: Which ``Timer`` rows stand, and when they look: ``{"state_timeout:": ms}``. Housekeeping, not part of the fold.
    armed = models.JSONField(default=dict)
    #: What supervision remembers: restarts, checkpoints (``supervisor.Record``). Not part of the fold either.
    supervision = models.JSONField(default=dict)
    #: ``seq`` and hash of the newest interaction; what a learner and a teacher can see of it.
    head = models.BigIntegerField(default=0)
    head_hash = models.BinaryField(default=bytes)
    learner_head = models.BigIntegerField(default=0)
    teacher_head = models.BigIntegerField(default=0)
    log_id = models.CharField(max_length=32, default=new_log_id)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    on_busy = models.CharField(max_length=10, choices=OnBusy.choices, default=OnBusy.REJECT)
    previous = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="successors")
    #: A fork shares its parent's log up to ``fork_seq``: its own begins after it, and the parent's has to stay.
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="forks")
    fork_seq = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    changed_at = models.DateTimeField(db_default=Now())
    state_since = models.DateTimeField(db_default=Now())
    #: When its text was erased; what is left is the proof that nothing was inserted, dropped or reordered.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "tutoring session"
        ordering = ["-changed_at"]
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=models.Q(live=True), name="one_live_session_per_name"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True, fork_seq__isnull=True)
                | models.Q(parent__isnull=False, fork_seq__gte=1),
                name="a_fork_has_a_parent_and_a_seq",
            ),
        ]
        # No index on a column that an event changes: the row's update then stays on its page (HOT).
        indexes = [
            models.Index(fields=["learner", "-created_at"], name="sessions_of_a_learner"),
            # A start looks for the session that had the name before.
            models.Index(fields=["name", "-created_at"], name="sessions_of_a_name"),
            models.Index(fields=["-created_at"], name="sessions_newest_first"),
            models.Index(
                fields=["course", "created_at"], condition=models.Q(erased_at__isnull=True), name="sessions_with_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"

    def refresh_from_db(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refused: with a protected state field it is not safe under threads. Get the row again instead."""
        raise NotImplementedError("get the session again; refresh_from_db is not safe with a protected state field")

    @property
    def user_id(self) -> int:
        """The learner's user id, under the reference architecture's name."""
        return self.learner_id
