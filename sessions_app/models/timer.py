"""When to look at a session again."""

from __future__ import annotations

from django.db import models

from sessions_app.models.session import Session


class Timer(models.Model):
    """A row per running time-out, due by the database's clock.

    The truth about a time-out (its expiry, content and guard) stands in the session row, so that handling an event
    reads one row. This row says when to look; it may be early or stale, never late: pushing a time-out further away
    does not rewrite it, and a look that finds nothing due moves or removes it.
    """

    pk = models.CompositePrimaryKey("session_id", "type", "name")
    # The key begins with it: no index of its own.
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="timers", db_index=False)
    type = models.CharField(max_length=20)
    #: Empty for the state and the event time-out.
    name = models.CharField(max_length=50)
    due_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.type} {self.name}".strip()
