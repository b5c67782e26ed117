"""Events in quarantine: look at them, retry them, drop them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sessions_app import quarantine
from sessions_app.admin.pretty import pretty
from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.exceptions import CommandError, SessionError
from sessions_app.models import Quarantine


@admin.register(Quarantine)
class QuarantineAdmin(ReadOnlyAdmin):
    """What sessions could not handle. Retrying delivers the event again; dropping gives it up."""

    list_display = ("event_kind", "session", "machine", "reason", "status", "at")
    list_filter = ("status",)
    list_select_related = ("session",)
    ordering = ("-id",)
    fields = ("session", "machine", "seq", "event_in_full", "reason", "status", "at")
    readonly_fields = fields
    actions = ("retry", "drop")

    @admin.display(description="event")
    def event_kind(self, held: Quarantine) -> str:
        """What the event was, in one word."""
        return str(held.event.get("content", {}).get("kind", held.event.get("type", "event")))

    @admin.display(description="event")
    def event_in_full(self, held: Quarantine) -> SafeString | str:
        """The event as it was delivered."""
        return pretty(held.event)

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Acting needs more than looking."""
        return bool(request.user.has_perm("sessions_app.change_quarantine"))

    @admin.action(description="Retry: deliver the event again", permissions=["steer"])
    def retry(self, request: HttpRequest, held: QuerySet[Quarantine]) -> None:
        """Deliver each of them again; each says what became of it."""
        for one in held:
            self._say(request, one, quarantine.retry, "delivered again")

    @admin.action(description="Drop: give the event up", permissions=["steer"])
    def drop(self, request: HttpRequest, held: QuerySet[Quarantine]) -> None:
        """Give each of them up."""
        for one in held:
            self._say(request, one, quarantine.drop, "dropped")

    def _say(self, request: HttpRequest, held: Quarantine, act: Any, done: str) -> None:
        what = f"{self.event_kind(held)} of {held.session}"
        try:
            act(held.pk)
        except CommandError as error:
            self.message_user(request, f"{what}: {error.message}", messages.ERROR)
        except SessionError as error:
            self.message_user(request, f"{what}: {error}", messages.ERROR)
        else:
            self.message_user(request, f"{what}: {done}.", messages.SUCCESS)
