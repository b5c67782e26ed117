"""That a learner asked to be forgotten, and how far that has come."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Erasure(models.Model):
    """One erasure of one learner. Whoever carries it out may die: the timer service goes on with it."""

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    #: Who asked for it in the learner's name: an operator.
    asked_by = models.CharField(max_length=200)
    #: The account stays; only what the learner did is erased.
    keeps_account = models.BooleanField(default=False)
    asked_at = models.DateTimeField(db_default=Now())
    #: Sessions that there were, and how many of them are erased.
    sessions = models.IntegerField(default=0)
    erased = models.IntegerField(default=0)
    #: Why it does not go on, in words; empty: it does.
    error = models.TextField(default="", blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-asked_at"]
        permissions = [("export_learner", "Can export all that is kept of a learner")]
        constraints = [
            models.UniqueConstraint(
                fields=["learner"], condition=models.Q(finished_at=None), name="one_open_erasure_per_learner"
            )
        ]

    def __str__(self) -> str:
        return f"Erasure {self.pk}"
