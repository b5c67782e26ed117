"""Courses and their versions: an overview by topics, from which every question can be tried."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tutor import catalogue, drafts
from tutor import course as content
from tutor.admin.question_page import question_page
from tutor.admin.read_only import ReadOnly
from tutor.models import Course, CourseVersion


class CourseVersionInline(admin.TabularInline):  # type: ignore[type-arg]
    model = CourseVersion
    fields = readonly_fields = ("look", "topics", "questions", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Version")
    def look(self, version: CourseVersion) -> SafeString:
        address = reverse("admin:tutor_courseversion_change", args=[version.pk])
        return format_html('<a href="{}">{}</a>', address, version.version)


@admin.register(Course)
class CourseAdmin(ReadOnly):
    list_display = ("title", "slug", "newest", "lang", "licence", "created_at")
    search_fields = ("title", "slug")
    readonly_fields = ("title", "slug", "lang", "summary", "licence", "source", "created_at")
    fields = (*readonly_fields, "retention_days")
    inlines = (CourseVersionInline,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """How long learners' words are kept is the one thing about a course that its files do not say."""
        return request.user.has_perm("tutor.change_course")

    @admin.display(description="Newest version")
    def newest(self, course: Course) -> SafeString | str:
        version = course.versions.order_by("-version").first()
        if version is None:
            return "none"
        address = reverse("admin:tutor_courseversion_change", args=[version.pk])
        return format_html('<a href="{}">{} ({} questions)</a>', address, version.version, version.questions)


@admin.register(CourseVersion)
class CourseVersionAdmin(ReadOnly):
    list_display = ("course", "version", "topics", "questions", "created_at")
    list_filter = ("course",)
    list_select_related = ("course",)
    fields = ("course", "version", "topics", "questions", "created_at", "digest")
    change_form_template = "admin/tutor/version.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/questions/<str:question>/", view(self.question_view), name="tutor_courseversion_question"),
            path("<int:pk>/draft/", view(self.draft_view), name="tutor_courseversion_draft"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:  # fmt: skip
        if obj is not None:
            course = catalogue.written_course(obj)
            context.update(
                title=f"{course.course.title}, version {obj.version}",
                subtitle=None,
                course=course,
                outline=outline(course, lambda key: reverse("admin:tutor_courseversion_question", args=[obj.pk, key])),
                may_draft=request.user.has_perm("tutor.add_coursedraft"),
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def question_view(self, request: HttpRequest, pk: int, question: str) -> HttpResponse:
        """One question as a learner sees it, and what the checker says of an answer."""
        version = self._version(request, pk)
        course = catalogue.course(version.course.slug, version.version)
        back = reverse("admin:tutor_courseversion_change", args=[version.pk])
        return question_page(
            request, self, course, question, back, f"{version.course.title}, version {version.version}"
        )

    def draft_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: begin a draft from this version."""
        version = self._version(request, pk)
        if not request.user.has_perm("tutor.add_coursedraft"):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:tutor_courseversion_change", version.pk)
        draft = drafts.of_version(version, request.user, f"Begun from version {version.version}")
        messages.success(request, "A draft was begun. Learners see nothing of it before you publish it.")
        return redirect("admin:tutor_coursedraft_change", draft.pk)

    def _version(self, request: HttpRequest, pk: int) -> CourseVersion:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(CourseVersion.objects.select_related("course"), pk=pk)


def outline(course: content.Course, address: Any) -> list[dict[str, Any]]:
    """Topics with their questions and known errors, for the overview. ``address(question id)`` leads to its page."""
    names = {skill.id: skill.name for skill in course.skills}
    return [
        {
            "title": topic.title,
            "skills": [names.get(skill, skill) for skill in topic.skills],
            "materials": topic.materials,
            "known_errors": topic.known_errors,
            "questions": [
                {
                    "id": question.id,
                    "address": address(question.id),
                    "format": question.format.type.replace("_", " "),
                    "difficulty": round(100 * question.difficulty),
                    "prompt": question.prompt,
                    "hints": len(question.hints),
                    "tests": len(question.tests),
                    "varies": bool(question.params),
                }
                for question in topic.questions
            ],
        }
        for topic in course.topics
    ]
