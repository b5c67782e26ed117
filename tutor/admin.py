"""Courses and their versions, to look at. They are changed by ``manage.py course load`` only."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tutor.models import Course, CourseVersion


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CourseVersionInline(_ReadOnly, admin.TabularInline):  # type: ignore[type-arg]
    model = CourseVersion
    fields = ("version", "topics", "questions", "created_at", "digest")
    extra = 0
    show_change_link = True


@admin.register(Course)
class CourseAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "slug", "lang", "created_at")
    search_fields = ("title", "slug")
    fields = ("title", "slug", "lang", "summary", "created_at")
    inlines = (CourseVersionInline,)


@admin.register(CourseVersion)
class CourseVersionAdmin(_ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("course", "version", "topics", "questions", "created_at")
    list_filter = ("course",)
    list_select_related = ("course",)
    fields = ("course", "version", "topics", "questions", "created_at", "digest", "readable_content")

    @admin.display(description="Content")
    def readable_content(self, version: CourseVersion) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(json.loads(version.content), indent=2, ensure_ascii=False))
