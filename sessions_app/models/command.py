"""Client commands that were accepted: the memory that makes sending one twice harmless."""

from __future__ import annotations

from django.db import models

from sessions_app.models.session import Session


class Command(models.Model):
    """One accepted command id of a session, with a digest of its body and the reply it got."""

    pk = models.CompositePrimaryKey("session_id", "command_id")
    # The key begins with it: no index of its own.
    session = models.ForeignKey(
        Session, on_delete=models.DO_NOTHING, related_name="commands", db_constraint=False, db_index=False
    )
    command_id = models.CharField(max_length=64)
    #: sha256 of type and body: the same id with another body is refused.
    digest = models.BinaryField()
    reply = models.JSONField()

    def __str__(self) -> str:
        return self.command_id
