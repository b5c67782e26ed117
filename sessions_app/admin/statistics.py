"""How the questions of a course do, and wrong answers nobody explained yet: one click makes one known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app import question_statistics
from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.models import CourseStatistics
from sessions_app.question_statistics import MAX_SESSIONS, MIN_LEARNERS, QuestionStatistics
from tutor import catalogue, drafts
from tutor import course as content
from tutor.models import CourseVersion
from tutor.new_known_error import with_known_error
from tutor.questions import UnknownQuestion, find
from tutor.wrong_answers import Pattern


@dataclass(frozen=True)
class Row:
    """One question in the table."""

    id: str
    address: str
    asked: int
    learners: int
    percent: int | None
    attempts: str
    hints: int
    unexplained: int
    known_errors: list[tuple[str, int]]


@admin.register(CourseStatistics)
class CourseStatisticsAdmin(ReadOnlyAdmin):
    list_display = ("title", "slug", "look")
    list_display_links = None

    @admin.display(description="Questions")
    def look(self, course: CourseStatistics) -> SafeString:
        return format_html('<a href="{}">How they do</a>', reverse(f"{_NAME}_change", args=[course.pk]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/change/", view(self.course_view), name="sessions_app_coursestatistics_change"),
            path("<int:pk>/make-known/", view(self.make_known_view), name="sessions_app_coursestatistics_known"),
            *super().get_urls(),
        ]

    def course_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The wrong answers that several learners gave and no known error explains; then all questions in a table."""
        version = self._version(request, pk)
        course = catalogue.written_course(version)
        found = question_statistics.of_course(version.course.slug)
        least = _least(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"{version.course.title}: how its questions do",
            "version": version,
            "rows": [
                _row(version, q, found.get(q.id, QuestionStatistics())) for t in course.topics for q in t.questions
            ],
            "slips": _slips(course, found, least),
            "least": least,
            "sessions": MAX_SESSIONS,
            "may_draft": request.user.has_perm("tutor.add_coursedraft"),
        }
        return TemplateResponse(request, "admin/sessions_app/statistics.html", context)

    def make_known_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """POST: a draft of the course in which this wrong answer is a known error."""
        version = self._version(request, pk)
        if not request.user.has_perm("tutor.add_coursedraft"):
            raise PermissionDenied
        back = redirect(f"{_NAME}_change", pk)
        if request.method != "POST":
            return back
        question, match = request.POST.get("question", ""), request.POST.get("match", "")
        try:
            changed = with_known_error(
                catalogue.written_course(version), question, match, request.POST.get("ref") or None
            )
        except (UnknownQuestion, ValueError) as error:
            messages.error(request, str(error))
            return back
        draft = drafts.of_course(changed, request.user, f"{match} as a known error of {question}", version)
        messages.success(request, "A draft was begun. Complete what it still needs, and publish it.")
        return redirect("admin:tutor_coursedraft_change", draft.pk)

    def _version(self, request: HttpRequest, pk: int) -> CourseVersion:
        if not self.has_view_permission(request):
            raise PermissionDenied
        course = get_object_or_404(CourseStatistics, pk=pk)
        try:
            return catalogue.latest(course.slug)
        except catalogue.UnknownCourse as error:
            raise Http404(str(error)) from None


_NAME = "admin:sessions_app_coursestatistics"


def _row(version: CourseVersion, question: content.Question, found: QuestionStatistics) -> Row:
    each = found.attempts_each
    return Row(
        id=question.id,
        address=reverse("admin:tutor_courseversion_question", args=[version.pk, question.id]),
        asked=found.asked,
        learners=len(found.learners),
        percent=None if found.p_value is None else round(100 * found.p_value),
        attempts="" if each is None else f"{each:.1f}",
        hints=found.hints,
        unexplained=len(found.unexplained),
        known_errors=found.known_errors.most_common(3),
    )


def _slips(course: content.Course, found: dict[str, QuestionStatistics], least: int) -> list[dict[str, Any]]:
    """Patterns of at least so many learners, the one of most learners first."""
    slips: list[tuple[Pattern, str, list[content.KnownError]]] = []
    for key, statistics in found.items():
        if len({answer.learner for answer in statistics.unexplained}) < least:
            continue
        try:
            topic, _ = find(course, key)
            patterns = question_statistics.slips(course, key, statistics)
        except UnknownQuestion:
            continue  # a question of an older version
        slips += [(pattern, key, topic.known_errors) for pattern in patterns if pattern.learners >= least]
    slips.sort(key=lambda slip: (-slip[0].learners, slip[1]))
    return [{"pattern": pattern, "question": key, "library": library} for pattern, key, library in slips]


def _least(request: HttpRequest) -> int:
    text = request.GET.get("learners", "")
    return max(1, min(1_000, int(text))) if text.isdecimal() and len(text) < 6 else MIN_LEARNERS
