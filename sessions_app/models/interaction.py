"""The append-only log: one row per fact, numbered per session without gaps, chained by hashes."""

from __future__ import annotations

from django.db import models

from sessions_app.models.session import Session


class Interaction(models.Model):
    """One fact. The database refuses UPDATE, DELETE and TRUNCATE, but for one: erasure sets payload and salt to NULL.

    ``commitment = sha256(salt ‖ payload)`` and the chain covers commitments, so a log whose text was erased still
    proves its order and completeness.
    """

    pk = models.CompositePrimaryKey("session_id", "seq")
    # No constraint in the database: the row was locked by the transaction that appends, and sessions are never deleted.
    # And no index of its own: the key begins with it, and the planner must not find another way to a page of a log.
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, related_name="interactions", db_constraint=False, db_index=False
    )
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=50)
    version = models.SmallIntegerField()
    at = models.DateTimeField()
    #: 0 learner, 1 teacher, 2 operator (``tutor.interactions.Visibility``).
    visibility = models.SmallIntegerField()
    turn = models.CharField(max_length=32, null=True)  # noqa: DJ001 — no turn is not an empty turn
    #: The client command that set this off.
    cause = models.CharField(max_length=64, null=True)  # noqa: DJ001
    prev_hash = models.BinaryField()
    hash = models.BinaryField()
    commitment = models.BinaryField()
    #: Canonical JSON, hashed as stored. NULL once erased.
    payload = models.TextField(null=True)  # noqa: DJ001
    salt = models.BinaryField(null=True)

    class Meta:
        ordering = ["session_id", "seq"]
        # Few rows, looked for in logs of any length: where views begin, what a rewind took back, the last crash.
        indexes = [
            models.Index(
                fields=["session", "-seq"],
                condition=models.Q(kind__in=["compaction.completed", "session.rewound", "event.crashed"]),
                name="interaction_landmarks",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
