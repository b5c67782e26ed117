"""Filters of the list of sessions. Their choices are known without reading the sessions: with a million of them, asking
the database which values there are would cost more than the list itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sessions_app.admin import words
from tutor import catalogue


class _EqualityFilter(admin.SimpleListFilter):
    """One column equals the chosen value."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value is None else queryset.filter(**{str(self.parameter_name): value})


class StateFilter(_EqualityFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(str(name), label) for name, (label, _) in words.STATES.items()]


class CourseFilter(_EqualityFilter):
    title = "course"
    parameter_name = "course"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(course["slug"], course["title"]) for course in catalogue.courses()]


class MachineFilter(_EqualityFilter):
    title = "machine"
    parameter_name = "machine"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, name) for name in settings.TUTOR_MACHINES]
