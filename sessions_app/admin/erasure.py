"""What is kept of a learner: to be taken away, or erased. An erasure's page shows how far it has come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin import moment
from sessions_app.admin.badge import badge
from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.exceptions import NotErasable
from sessions_app.models import Erasure
from sessions_app.personal_data import erasing, exporting
from sessions_app.pool import in_database

#: Lines of an export that are read at once.
_LINES_AT_ONCE = 500
#: A page that shows progress is loaded again after so many seconds.
_LOOK_AGAIN_S = 2


class ErasureForm(forms.Form):
    """Whoever erases types whose it is: there is no way back."""

    username = forms.CharField(label="User name of the learner, to make sure", strip=False)
    keep_account = forms.BooleanField(
        label="Keep the account: the learner may go on, without a past", required=False, initial=False
    )

    def __init__(self, learner: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.learner = learner

    def clean_username(self) -> str:
        """Only the very name will do."""
        typed: str = self.cleaned_data["username"]
        if typed != self.learner.get_username():
            raise forms.ValidationError("This is not the user name of this learner. Nothing was erased.")
        return typed


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "learner", "progress", "asked_by", "asked")
    list_select_related = ("learner",)
    ordering = ("-asked_at",)
    fields = ("learner", "progress", "asked_by", "keeps_account", "asked_at", "finished_at", "error")
    readonly_fields = fields

    @admin.display(description="Progress")
    def progress(self, erasure: Erasure) -> SafeString:
        """A bar while it goes on, then what came of it."""
        told = f"{erasure.erased} of {erasure.sessions} sessions"
        if erasure.finished_at is not None:
            return badge(f"Erased, {told}", "good")
        bar = format_html(
            '<progress max="{}" value="{}"></progress> {}', max(erasure.sessions, 1), erasure.erased, told
        )
        return format_html("{} {}", bar, badge("Is tried again", "bad", erasure.error)) if erasure.error else bar

    @admin.display(description="Asked", ordering="asked_at")
    def asked(self, erasure: Erasure) -> SafeString:
        return moment.ago(erasure.asked_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        if Erasure.objects.filter(pk=object_id, finished_at=None).exists():
            response["Refresh"] = str(_LOOK_AGAIN_S)
        return response

    # --- one learner -----------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("learner/<int:pk>/", view(self.learner_view), name="sessions_app_erasure_learner"),
            path("learner/<int:pk>/export/", view(self.export_view), name="sessions_app_erasure_export"),
            *super().get_urls(),
        ]

    def learner_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET tells what is kept of a learner; POST erases it."""
        may_erase, may_export = may(request)
        if not (may_erase or may_export):
            raise PermissionDenied
        learner = _learner(pk)
        form = ErasureForm(learner, request.POST or None)
        if request.method == "POST" and may_erase and form.is_valid():
            return self._erase(request, learner, keeps_account=form.cleaned_data["keep_account"])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"What is kept of {learner.get_username()}",
            "learner": learner,
            "places": erasing.planned(pk),
            "form": form if may_erase else None,
            "may_export": may_export,
            "lines": exporting.size_of(pk),
        }
        return TemplateResponse(request, "admin/sessions_app/erasure/learner.html", context)

    def _erase(self, request: HttpRequest, learner: Any, *, keeps_account: bool) -> HttpResponseRedirect:
        actor = request.user.get_username()
        try:
            erasure = erasing.begin(learner.pk, asked_by=actor, keeps_account=keeps_account)
        except NotErasable as refused:
            messages.error(request, f"Nothing was erased: {refused}")
            return HttpResponseRedirect(reverse("admin:sessions_app_erasure_learner", args=[learner.pk]))
        self.log_addition(request, erasure, "Asked for")
        return HttpResponseRedirect(reverse("admin:sessions_app_erasure_change", args=[erasure.pk]))

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, while it is read from the database."""
        if not may(request)[1]:
            raise PermissionDenied
        learner = _learner(pk)
        self.log_change(request, learner, "Exported all that is kept of the learner")
        response = StreamingHttpResponse(_pages(exporting.lines(learner)), content_type="application/jsonl")
        response["Content-Disposition"] = f'attachment; filename="learner-{pk}.jsonl"'
        return response


def may(request: HttpRequest) -> tuple[bool, bool]:
    """Whether the user may erase learners, and export what is kept of them."""
    user = request.user
    return user.has_perm("sessions_app.add_erasure"), user.has_perm("sessions_app.export_learner")


def _learner(pk: int) -> Any:
    try:
        return erasing.learner_of(str(pk), by_name=False)
    except erasing.UnknownLearner as unknown:
        raise Http404(str(unknown)) from None


async def _pages(lines: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    """Page by page, each read by whichever thread is free: no thread and no connection waits for a slow browser."""
    while page := await in_database(_page, lines):
        yield page


def _page(lines: Iterator[dict[str, Any]]) -> bytes:
    return b"".join(exporting.encoded(line) for line in islice(lines, _LINES_AT_ONCE))
