"""Tool calls and workers in the admin, to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app.admin import moment
from sessions_app.admin.badge import Tone, badge
from sessions_app.admin.pretty import pretty
from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.admin.search import find
from sessions_app.exceptions import CommandError
from sessions_app.models import Session
from tools_app import conf, doubt, registry
from tools_app.models import OperatorNotice, ToolCall, Worker
from tools_app.registry import Role

_STATUSES: dict[str, tuple[str, Tone]] = {
    ToolCall.Status.WAITING: ("Waits for its group", "waiting"),
    ToolCall.Status.QUEUED: ("Queued", "waiting"),
    ToolCall.Status.RUNNING: ("Running", "active"),
    ToolCall.Status.PARKED: ("In doubt", "bad"),
}
_ENDINGS: dict[str, tuple[str, Tone]] = {
    "finished": ("Finished", "good"),
    "failed": ("Failed", "bad"),
    "timed_out": ("Timed out", "bad"),
    "in_doubt": ("In doubt", "bad"),
    "cancelled": ("Cancelled", "quiet"),
}


class ToolFilter(admin.SimpleListFilter):
    """By the registered tools; asking the calls which tools there are would read all of them."""

    title = "tool"
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in registry.names()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(tool=self.value()) if self.value() else queryset


class EndingFilter(admin.SimpleListFilter):
    title = "ending"
    parameter_name = "ending"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, words) for name, (words, _) in _ENDINGS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(ending=self.value()) if self.value() else queryset


class ToolCallChangeList(ChangeList):
    """The list leaves the wide columns in the database: arguments, scope, and the sessions' data."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        calls = super().get_queryset(request, exclude_parameters)
        wide = ("data", "kernel", "armed", "machine_args", "head_hash")
        return calls.defer("args", "scope", *(f"session__{column}" for column in wide))


@admin.register(ToolCall)
class ToolCallAdmin(ReadOnlyAdmin):
    list_display = ("call", "session_link", "outcome", "attempt", "owner_short", "lasted", "created")
    list_filter = ("status", EndingFilter, ToolFilter, "background")
    list_select_related = ("session__learner",)
    sortable_by = ()
    ordering = ("-id",)
    search_fields = ("ref",)  # shows the search box; what it finds is in ``get_search_results``
    search_help_text = "A learner's name, the name of a session, or the beginning of a session's id."
    fields = ("tool", "session_link", "ref", "turn", "outcome", "error", "attempt", "owner", "times", "lasted")
    actions = ("run_again", "give_up")
    fields_for_operators = ("queue", "background", "args_in_full", "scope_in_full")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Deciding needs more than looking."""
        return bool(request.user.has_perm("tools_app.change_toolcall"))

    @admin.action(description="In doubt: run it again", permissions=["decide"])
    def run_again(self, request: HttpRequest, queryset: QuerySet[ToolCall]) -> None:
        """Decide so about each of them; each says what became of it."""
        self._decide(request, queryset, "retry", "runs again")

    @admin.action(description="In doubt: give it up", permissions=["decide"])
    def give_up(self, request: HttpRequest, queryset: QuerySet[ToolCall]) -> None:
        """Decide so about each of them."""
        self._decide(request, queryset, "skip", "was given up")

    def _decide(self, request: HttpRequest, chosen: QuerySet[ToolCall], decision: doubt.Decision, done: str) -> None:
        role: Role = "operator" if getattr(request.user, "is_superuser", False) else "teacher"
        for call in chosen:
            what = f"{call.tool} {call.ref} of {call.session_id}"
            try:
                doubt.resolve(call.session_id, call.ref, decision, actor=request.user.get_username(), role=role)
            except CommandError as error:
                self.message_user(request, f"{what}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{what} {done}.", messages.SUCCESS)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ToolCallChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(session__in=find(Session.objects.order_by(), search_term)), False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Arguments and scope are for operators: they can hold the answer to the open question."""
        for_operators = self.fields_for_operators if getattr(request.user, "is_superuser", False) else ()
        return (*self.fields, *for_operators)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj)

    @admin.display(description="Call")
    def call(self, call: ToolCall) -> str:
        return f"{call.tool} {call.ref}"

    @admin.display(description="Session")
    def session_link(self, call: ToolCall) -> SafeString:
        learner: Any = call.session.learner
        address = reverse("admin:sessions_app_session_change", args=[call.session_id])
        who = learner.get_full_name() or learner.get_username()
        return format_html('<a href="{}">{}, {}</a>', address, who, call.session.course)

    @admin.display(description="Status")
    def outcome(self, call: ToolCall) -> SafeString:
        """Queued, running, or how it ended: a call that has ended has exactly one ending."""
        if call.ending is None:
            return badge(*_STATUSES[call.status])
        words, tone = _ENDINGS.get(call.ending, (call.ending, "quiet"))
        return badge(words, tone, explanation=call.error)

    @admin.display(description="Owner", empty_value="nobody yet")
    def owner_short(self, call: ToolCall) -> SafeString | None:
        if call.owner is None:
            return None
        return format_html('<span title="{}">{}</span>', call.owner, _shortened(call.owner))

    @admin.display(description="Lasted", empty_value="not begun")
    def lasted(self, call: ToolCall) -> str | None:
        """From the start of the last attempt."""
        if call.started_at is None:
            return None
        if call.ended_at is None:
            return f"{moment.span((timezone.now() - call.started_at).total_seconds())} so far"
        return moment.span((call.ended_at - call.started_at).total_seconds())

    @admin.display(description="Asked for")
    def created(self, call: ToolCall) -> SafeString:
        return moment.ago(call.created_at)

    @admin.display(description="Times (UTC)")
    def times(self, call: ToolCall) -> SafeString:
        """To the millisecond: Django's own format ends at the minute."""
        told = (
            ("asked for", call.created_at),
            ("not before", call.run_after),
            ("last attempt began", call.started_at),
            ("ended", call.ended_at),
            ("deadline", call.deadline_at),
        )
        lines = ((f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}", what) for what, at in told if at is not None)
        return format_html('<ul class="plain">{}</ul>', format_html_join("", "<li>{} {}</li>", lines))

    @admin.display(description="Arguments")
    def args_in_full(self, call: ToolCall) -> SafeString:
        return pretty(call.args)

    @admin.display(description="Scope")
    def scope_in_full(self, call: ToolCall) -> SafeString:
        return pretty(call.scope)


@admin.register(OperatorNotice)
class OperatorNoticeAdmin(ReadOnlyAdmin):
    """What somebody has to put right. Settled, it is told again should it happen again."""

    list_display = ("tool", "reason", "error", "since", "settled_at")
    list_filter = ("reason",)
    ordering = ("-at",)
    fields = ("tool", "reason", "error", "at", "settled_at")
    readonly_fields = fields
    actions = ("settle",)

    @admin.display(description="Since")
    def since(self, notice: OperatorNotice) -> SafeString:
        return moment.ago(notice.at)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Settling needs more than looking."""
        return bool(request.user.has_perm("tools_app.change_operatornotice"))

    @admin.action(description="Settled: it was put right", permissions=["settle"])
    def settle(self, request: HttpRequest, queryset: QuerySet[OperatorNotice]) -> None:
        """Close the notices; what still fails is told again."""
        settled = queryset.filter(settled_at=None).update(settled_at=Now())
        self.message_user(request, f"{settled} settled.", messages.SUCCESS)


class LifeFilter(admin.SimpleListFilter):
    title = "life"
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("alive", "Alive"), ("gone", "Gone"), ("stopped", "Stopped")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lease = Now() - timedelta(seconds=conf.LEASE_S)
        match self.value():
            case "alive":
                return queryset.filter(stopped_at=None, beat_at__gt=lease)
            case "gone":
                return queryset.filter(stopped_at=None, beat_at__lte=lease)
            case "stopped":
                return queryset.filter(stopped_at__isnull=False)
            case _:
                return queryset


@admin.register(Worker)
class WorkerAdmin(ReadOnlyAdmin):
    list_display = ("owner", "life", "last_beat", "host", "process", "queues", "up_since")
    list_filter = (LifeFilter,)
    sortable_by = ()
    ordering = ("-beat_at",)
    fields = ("owner", "life", "host", "process", "queues", "started_at", "beat_at", "drain_asked_at", "stopped_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # By the database's clock, as the monitor judges it.
        workers: Any = super().get_queryset(request)
        found: QuerySet[Any] = workers.annotate(silent_for=Now() - F("beat_at"))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    @admin.display(description="Life")
    def life(self, worker: Any) -> SafeString:
        if worker.stopped_at is not None:
            return badge("Stopped", "quiet", "It ended in an orderly way.")
        if worker.silent_for > timedelta(seconds=conf.LEASE_S):
            return badge("Gone", "bad", "It does not answer any more; its calls were taken over.")
        if worker.drain_asked_at is not None:
            return badge("Draining", "waiting", "It takes no new calls, finishes what it runs, and stops.")
        return badge("Alive", "good")

    @admin.display(description="Last beat")
    def last_beat(self, worker: Worker) -> SafeString:
        return moment.ago(worker.beat_at)

    @admin.display(description="Started")
    def up_since(self, worker: Worker) -> SafeString:
        return moment.ago(worker.started_at)


def _shortened(owner: str) -> str:
    """The end of it: the random part, which differs between two boots of one host."""
    return owner if len(owner) <= 9 else f"…{owner[-8:]}"
