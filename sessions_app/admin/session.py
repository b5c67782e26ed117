"""Sessions in the admin: the list, a session's page with its timeline, and the two actions."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin import erasure, moment, steering, syllabus, timeline, words
from sessions_app.admin.badge import badge
from sessions_app.admin.filters import CourseFilter, MachineFilter, StateFilter
from sessions_app.admin.pretty import pretty
from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.admin.search import find
from sessions_app.admin.situation import situation, waiting_for
from sessions_app.admin.steering import RemediationForm, SteeringForm
from sessions_app.models import Session
from tutor.interactions import Visibility

_LARGEST_SEQ = 2**63 - 1


class SessionChangeList(ChangeList):
    """The list leaves the machines' data in the database: it is the widest column and not shown."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        return super().get_queryset(request, exclude_parameters).defer("data", "head_hash")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("who", "course", "state_in_words", "life", "since", "waiting_for", "started")
    list_display_links = ("who",)
    list_filter = (StateFilter, "live", "status", CourseFilter, MachineFilter)
    list_select_related = ("learner",)
    sortable_by = ("started",)
    ordering = ("-created_at",)
    search_fields = ("name",)  # shows the search box; what it finds is in ``search``
    search_help_text = "A learner's name, the name of a session (3:linear-equations), or the beginning of its id."
    actions = ("treat_known_error", "end_with_report", "what_is_kept")
    fieldsets = (
        (
            "Facts",
            {
                "classes": ["collapse"],
                "fields": (
                    *("id", "name", "learner", "course", "machine", "status", "on_busy", "previous"),
                    *("created_at", "changed_at", "state_since", "head"),
                ),
            },
        ),
    )
    operator_fieldset = (
        "For operators",
        {
            "classes": ["collapse"],
            "fields": ("state", "state_no", "event_no", "log_id", "machine_args", "kernel_in_full", "data_in_full"),
        },
    )

    # --- who may ---------------------------------------------------------------------------------------------

    def has_steer_permission(self, request: HttpRequest) -> bool:
        """Whether the user may use the actions. (The change permission; it changes no row by hand.)"""
        return request.user.has_perm("sessions_app.change_session")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @staticmethod
    def visibility(request: HttpRequest) -> Visibility:
        """Which interactions the user may see: operators all, teachers what teachers may see."""
        return Visibility.OPERATOR if getattr(request.user, "is_superuser", False) else Visibility.TEACHER

    # --- the list --------------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SessionChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return find(queryset, search_term), False

    @admin.display(description="Learner")
    def who(self, session: Session) -> str:
        learner: Any = session.learner
        return str(learner.get_full_name() or learner.get_username())

    @admin.display(description="State")
    def state_in_words(self, session: Session) -> SafeString:
        return badge(*words.state(session.state), explanation=session.state)

    @admin.display(description="Live")
    def life(self, session: Session) -> SafeString:
        return badge(*words.life(session))

    @admin.display(description="Since")
    def since(self, session: Session) -> SafeString:
        return moment.ago(session.state_since)

    @admin.display(description="Waiting for")
    def waiting_for(self, session: Session) -> str:
        return waiting_for(session)

    @admin.display(description="Started", ordering="created_at")
    def started(self, session: Session) -> SafeString:
        return moment.ago(session.created_at)

    # --- a session's page ------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        operator = self.visibility(request) >= Visibility.OPERATOR
        return (*self.fieldsets, self.operator_fieldset) if operator else self.fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]]

    @admin.display(description="Kernel")
    def kernel_in_full(self, session: Session) -> SafeString:
        return pretty(session.kernel)

    @admin.display(description="Machine's data")
    def data_in_full(self, session: Session) -> SafeString:
        return pretty(session.data)

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        if obj is not None:
            context.update(self._page(request, obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _page(self, request: HttpRequest, session: Session) -> dict[str, Any]:
        visibility = self.visibility(request)
        choices = timeline.choices(visibility)
        show = request.GET.get("show", timeline.EVERYTHING)
        if show not in dict(choices):
            show = timeline.EVERYTHING
        steers = self.has_steer_permission(request) and session.live
        return {
            "title": f"{self.who(session)}: {syllabus.title(session)}",
            "subtitle": None,
            "situation": situation(session),
            "log": timeline.page(
                session.pk,
                visibility,
                show=show,
                before=_seq(request.GET.get("before")),
                after=_seq(request.GET.get("after")),
            ),
            "show": show,
            "shows": choices,
            "remediation_form": self._remediation_form([session]) if steers else None,
            "may_end": steers,
        }

    # --- steering one session --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:session_id>/treat/", view(self.treat_view), name="sessions_app_session_treat"),
            path("<uuid:session_id>/end/", view(self.end_view), name="sessions_app_session_end"),
            *super().get_urls(),
        ]

    def treat_view(self, request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
        """POST: have the chosen known error treated, then back to the session's page."""
        session = self._steerable(request, session_id)
        if session is None or request.method != "POST":
            return self._to_page(session_id)
        form = RemediationForm(steering.versions_of([session]), request.POST)
        if form.is_valid():
            self._treat(request, [session], form)
        else:
            for errors in form.errors.values():
                for error in errors:
                    messages.error(request, str(error))
        return self._to_page(session_id)

    def end_view(self, request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
        """GET asks, POST ends the session with its report."""
        session = self._steerable(request, session_id)
        if session is None:
            return self._to_page(session_id)
        form = SteeringForm(request.POST or None)
        if form.is_bound and form.is_valid():
            self._end(request, [session], form)
            return self._to_page(session_id)
        return self._asking(request, [session], form, action="", back=self._page_url(session_id))

    def _steerable(self, request: HttpRequest, session_id: uuid.UUID) -> Session | None:
        if not (self.has_view_permission(request) and self.has_steer_permission(request)):
            raise PermissionDenied
        return Session.objects.select_related("learner").filter(pk=session_id).first()

    @staticmethod
    def _page_url(session_id: uuid.UUID) -> str:
        return reverse("admin:sessions_app_session_change", args=[session_id])

    def _to_page(self, session_id: uuid.UUID) -> HttpResponseRedirect:
        return HttpResponseRedirect(self._page_url(session_id))

    # --- steering several sessions ---------------------------------------------------------------------------

    @admin.action(description="Have a known error treated…", permissions=["steer"])
    def treat_known_error(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        rows = self._few(request, queryset)
        if not rows:
            return None
        versions = steering.versions_of(rows)
        if not versions:
            messages.error(request, "None of these sessions follows a course, so there are no known errors to treat.")
            return None
        form = RemediationForm(versions, request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._treat(request, rows, form)
            return None
        return self._asking(request, rows, form, action="treat_known_error")

    @admin.action(description="End with a report…", permissions=["steer"])
    def end_with_report(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        rows = self._few(request, queryset)
        if not rows:
            return None
        form = SteeringForm(request.POST if "confirmed" in request.POST else None)
        if form.is_bound and form.is_valid():
            self._end(request, rows, form)
            return None
        return self._asking(request, rows, form, action="end_with_report")

    def has_personal_data_permission(self, request: HttpRequest) -> bool:
        """Whether the user may take away or erase what is kept of learners."""
        return any(erasure.may(request))

    @admin.action(description="What is kept of the learner: export, erase…", permissions=["personal_data"])
    def what_is_kept(self, request: HttpRequest, queryset: QuerySet[Session]) -> HttpResponse | None:
        learners = set(queryset.values_list("learner_id", flat=True)[:2])
        if len(learners) != 1:
            messages.error(request, "Choose sessions of one learner. Nothing was done.")
            return None
        return HttpResponseRedirect(reverse("admin:sessions_app_erasure_learner", args=[learners.pop()]))

    def _few(self, request: HttpRequest, queryset: QuerySet[Session]) -> list[Session]:
        rows = list(queryset[: steering.SESSIONS_AT_ONCE + 1])
        if len(rows) > steering.SESSIONS_AT_ONCE:
            most = steering.SESSIONS_AT_ONCE
            messages.error(request, f"At most {most} sessions at once; choose fewer. Nothing was done.")
            return []
        return rows

    def _asking(
        self, request: HttpRequest, rows: list[Session], form: SteeringForm, *, action: str, back: str = ""
    ) -> HttpResponse:
        """The page between choosing and doing."""
        treating = isinstance(form, RemediationForm)
        title = "Have a known error treated" if treating else "End with a report"
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": title,
            "treating": treating,
            "form": form,
            "action": action,
            "rows": [(row, self.who(row), self.state_in_words(row)) for row in rows],
            "back": back or reverse("admin:sessions_app_session_changelist"),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/sessions_app/session/steer.html", context)

    @staticmethod
    def _remediation_form(rows: list[Session]) -> RemediationForm | None:
        versions = steering.versions_of(rows)
        return RemediationForm(versions) if versions else None

    def _treat(self, request: HttpRequest, rows: list[Session], form: RemediationForm) -> None:
        actor, request_id = request.user.get_username(), form.cleaned_data["request_id"]
        for row in rows:
            self._tell(request, steering.treat(row, form.chosen(), actor=actor, request_id=request_id))

    def _end(self, request: HttpRequest, rows: list[Session], form: SteeringForm) -> None:
        for row in rows:
            self._tell(request, steering.end(row, request_id=form.cleaned_data["request_id"]))

    def _tell(self, request: HttpRequest, outcome: steering.Outcome) -> None:
        session = outcome.session
        link = format_html('<a href="{}">{}, {}</a>', self._page_url(session.pk), self.who(session), session.course)
        messages.add_message(request, outcome.level, format_html("{}: {}", link, outcome.words))
        if outcome.done:
            # Who pressed the button: the session's own log knows a teacher by name only where it treats an error.
            self.log_change(request, session, outcome.words)


def _seq(text: str | None) -> int | None:
    """A seq from the address; None where there is none or it is not a number."""
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:19]) <= _LARGEST_SEQ else None
