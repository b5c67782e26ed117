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
    #: Without an index of its own: where that is used in place of ``one_call_per_ref``, a call costs more the more its
    #: session has made.
    session = models.ForeignKey(
        Session, on_delete=models.PROTECT, related_name="tool_calls", db_constraint=False, db_index=False
    )
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
    #: The session's course: workers give every course that waits the same share.
    course = models.CharField(max_length=100, db_default="")
    #: Its place among the course's calls: when it was asked for, later by ``conf.SPACING_S`` for every call that its
    #: session was already waiting for.
    order_at = models.DateTimeField(db_default=Now())
    background = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    #: Attempts begun; rises with every claim and never falls: it fences.
    attempt = models.SmallIntegerField(default=0)
    #: Attempts of its turn's text before its own: what attempt n of the call streams is attempt ``output_from + n`` of
    #: the turn. Rises where text starts anew within one attempt.
    output_from = models.SmallIntegerField(db_default=0)
    #: Attempts that a draining worker gave back: they are not charged.
    handed_back = models.SmallIntegerField(db_default=0)
    #: How often each strategy was applied to it: ``{"repair": 1}``.
    used = models.JSONField(db_default={})
    #: What was wrong with the last attempt's output, for the next one.
    repair = models.TextField(db_default="", blank=True)
    #: The next attempt runs beside no other call of its process: the one before may have taken that down.
    alone = models.BooleanField(db_default=False)
    #: Tokens set aside for what this attempt asks of models, until it is settled (``tools_app.budget``).
    reserved = models.IntegerField(db_default=0)
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
            models.Index(
                fields=["queue", "course", "order_at", "id"], condition=models.Q(status="queued"), name="calls_in_order"
            ),
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
    #: An operator asked it to drain; it learns so with its next beat.
    drain_asked_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-beat_at"]

    def __str__(self) -> str:
        return self.owner


class SessionUsage(models.Model):
    """Tokens that a session's calls have used at models: what its budget is compared with."""

    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, related_name="usage", db_constraint=False, primary_key=True
    )
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    requests = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.input_tokens + self.output_tokens} tokens"


class ObservedSession(models.Model):
    """When the observers of a session look at it next (``tools_app.observing``).

    A commit that is worth a look moves ``due_at`` and ``head`` (``tools_app.watching``); whoever looks takes the lease.
    """

    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, related_name="observed", db_constraint=False, primary_key=True
    )
    #: The session's newest seq that was worth a look.
    head = models.BigIntegerField()
    #: None: not before something happens.
    due_at = models.DateTimeField(null=True, db_index=True)
    #: Somebody looks; taken away when it is over, or has run out.
    leased_until = models.DateTimeField(null=True)
    #: Rises with every lease: it fences.
    lease = models.BigIntegerField(db_default=0)

    def __str__(self) -> str:
        return f"{self.session_id} from {self.due_at}"


class ObserverView(models.Model):
    """What one observer knows of one session: a view folded from the log, kept so that a look reads what is new only.

    Never the truth: without it, or with another version, it is folded anew. ``seen`` is what makes a remark come once.
    """

    pk = models.CompositePrimaryKey("session_id", "observer")
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="observer_views", db_constraint=False)
    observer = models.CharField(max_length=50)
    #: Of the observer that folded it; 0: nobody has.
    version = models.IntegerField(db_default=0)
    #: Up to which seq its remarks were made.
    seen = models.BigIntegerField()
    view = models.JSONField(null=True)
    #: When it wants to be looked at although nothing happens.
    wake_at = models.DateTimeField(null=True)
    #: Counts looks: the compare-and-set of everything that a look writes.
    looks = models.BigIntegerField(db_default=0)
    #: Looks that failed in a row, why, and before when there is no other.
    failures = models.SmallIntegerField(db_default=0)
    error = models.TextField(db_default="", blank=True)
    rests_until = models.DateTimeField(null=True)
    #: It failed too often here: left alone until there is another version of it.
    given_up = models.BooleanField(db_default=False)

    def __str__(self) -> str:
        return f"{self.observer} of {self.session_id}"


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
                fields=["tool", "reason"],
                condition=models.Q(settled_at=None),
                name="one_open_operator_notice",
            )
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.reason}"
