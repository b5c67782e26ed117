"""Drafts in the admin: upload a course, edit its text, see what is wrong by line, try its questions, publish."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from tutor import drafts, publication
from tutor.admin.course import outline
from tutor.admin.question_page import question_page
from tutor.admin.read_only import ReadOnly
from tutor.course_files import located
from tutor.course_format import CourseFormatError, CourseSource, Finding
from tutor.course_upload import MAX_ZIP, Upload, UploadError, unpacked
from tutor.models import CourseDraft, CourseFile
from tutor.pictures import picture_response

#: Findings shown at once; an author corrects the first and looks again.
_SHOWN = 100


class UploadForm(forms.Form):
    """A course folder as a zip file, or its ``course.yaml``."""

    file = forms.FileField(
        label="Course", widget=forms.ClearableFileInput(attrs={"accept": ".zip,.yaml,.yml"}), max_length=200
    )

    def clean_file(self) -> Upload:
        file = self.cleaned_data["file"]
        if file.size > MAX_ZIP:
            raise forms.ValidationError(f"A zip file has at most {MAX_ZIP:,} bytes.")
        try:
            return unpacked(file, file.name)
        except UploadError as error:
            raise forms.ValidationError(str(error)) from None


@admin.register(CourseDraft)
class CourseDraftAdmin(ReadOnly):
    list_display = ("__str__", "note", "author", "based_on", "changed_at")
    list_select_related = ("author",)
    change_list_template = "admin/tutor/drafts.html"

    # --- who may ---------------------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, "tutor.delete_coursedraft")

    @staticmethod
    def _may(request: HttpRequest, permission: str) -> bool:
        return request.user.has_perm(permission)

    def _demand(self, request: HttpRequest, permission: str) -> None:
        if not (self.has_view_permission(request) and self._may(request, permission)):
            raise PermissionDenied

    # --- pages -----------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("upload/", view(self.upload_view), name="tutor_coursedraft_upload"),
            path("<int:pk>/change/", view(self.draft_view), name="tutor_coursedraft_change"),
            path("<int:pk>/publish/", view(self.publish_view), name="tutor_coursedraft_publish"),
            path("<int:pk>/questions/<str:question>/", view(self.question_view), name="tutor_coursedraft_question"),
            path("<int:pk>/files/<path:name>", view(self.file_view), name="tutor_coursedraft_file"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = UploadForm() if self._may(request, "tutor.add_coursedraft") else None
        return super().changelist_view(request, {"title": "Drafts", "upload": form, **(extra_context or {})})

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """POST: begin a draft with what was uploaded."""
        self._demand(request, "tutor.add_coursedraft")
        form = UploadForm(request.POST, request.FILES)
        if request.method == "POST" and form.is_valid():
            upload: Upload = form.cleaned_data["file"]
            draft = drafts.begin(upload.text, request.user, note="Uploaded", files=upload.files)
            return redirect("admin:tutor_coursedraft_change", draft.pk)
        for error in form.errors.get("file", []) if request.method == "POST" else []:
            messages.error(request, str(error))
        return redirect("admin:tutor_coursedraft_changelist")

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows the draft with its findings; POST saves its text."""
        self._demand(request, "tutor.view_coursedraft")
        draft = get_object_or_404(CourseDraft.objects.select_related("author"), pk=pk)
        text = draft.text
        if request.method == "POST":
            self._demand(request, "tutor.change_coursedraft")
            text = request.POST.get("text", "")
            try:
                drafts.save(draft, _revision(request), text)
                messages.success(request, "Saved.")
                return redirect("admin:tutor_coursedraft_change", pk)
            except drafts.DraftChanged as error:
                # What was typed stays on the page: the author decides what becomes of it.
                messages.error(request, f"{error} Your text is below and is not saved.")
        return TemplateResponse(request, "admin/tutor/draft.html", self._context(request, draft, text))

    def _context(self, request: HttpRequest, draft: CourseDraft, text: str) -> dict[str, Any]:
        source, found = _read(draft)
        planned = None
        if source is not None and not found:
            planned = publication.plan(source.course, draft.files)
        return self.page(
            request,
            str(draft),
            draft=draft,
            text=text,
            lines=max(20, min(60, text.count("\n") + 2)),
            findings=found[:_SHOWN],
            more=max(0, len(found) - _SHOWN),
            planned=planned,
            outline=outline(
                source.course, lambda key: reverse("admin:tutor_coursedraft_question", args=[draft.pk, key])
            )
            if source is not None
            else [],
            may_change=self._may(request, "tutor.change_coursedraft"),
            may_publish=self._may(request, "tutor.add_courseversion"),
            may_delete=self._may(request, "tutor.delete_coursedraft"),
        )

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: make it the newest version of its course."""
        self._demand(request, "tutor.add_courseversion")
        draft = get_object_or_404(CourseDraft, pk=pk)
        if request.method != "POST":
            return redirect("admin:tutor_coursedraft_change", pk)
        try:
            stored = drafts.publish(draft, _revision(request))
        except (drafts.DraftChanged, drafts.DraftHasFindings, CourseFormatError) as error:
            messages.error(request, str(error))
            return redirect("admin:tutor_coursedraft_change", pk)
        self.log_change(request, draft, f"Published as version {stored.version} of {stored.slug}")
        messages.success(
            request,
            f"Version {stored.version} of {stored.slug} is published. New sessions take it, running ones keep theirs.",
        )
        return redirect("admin:tutor_course_changelist")

    def question_view(self, request: HttpRequest, pk: int, question: str) -> HttpResponse:
        """One question of the draft as a learner would see it."""
        self._demand(request, "tutor.view_coursedraft")
        draft = get_object_or_404(CourseDraft, pk=pk)
        back = reverse("admin:tutor_coursedraft_change", args=[pk])
        try:
            course = drafts.source(draft).course
        except CourseFormatError as error:
            messages.error(request, str(error))
            return redirect(back)
        addresses = {name: reverse("admin:tutor_coursedraft_file", args=[pk, name]) for name in draft.files}
        return question_page(request, self, located(course, addresses), question, back, str(draft))

    def file_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """A picture of the draft."""
        self._demand(request, "tutor.view_coursedraft")
        draft = get_object_or_404(CourseDraft, pk=pk)
        if name not in draft.files:
            raise Http404(f"the draft has no picture {name!r}")
        return picture_response(get_object_or_404(CourseFile, pk=draft.files[name]))


def _read(draft: CourseDraft) -> tuple[CourseSource | None, list[Finding]]:
    try:
        source = drafts.source(draft)
    except CourseFormatError as error:
        return None, error.findings
    return source, drafts.findings(draft)


def _revision(request: HttpRequest) -> int:
    text = request.POST.get("revision", "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0
