"""Rows that people look at and processes write: what every admin of such rows has in common."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.text import capfirst

#: A list is counted up to this many rows; counting millions would take longer than anybody waits. One can narrow it.
COUNTED_ROWS = 10_000
ROWS_PER_PAGE = 50


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than ``COUNTED_ROWS``."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[:COUNTED_ROWS].count())


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at, with the model's ``view`` permission; nobody adds, changes or deletes, whatever their rights."""

    paginator = CappedPaginator
    list_per_page = ROWS_PER_PAGE
    list_max_show_all = ROWS_PER_PAGE
    show_full_result_count = False
    # Counts beside the filters would read every row.
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ["sessions_app/admin.css"]}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = capfirst(self.opts.verbose_name_plural)
        response = super().changelist_view(request, {"title": title, **(extra_context or {})})
        context = getattr(response, "context_data", None) or {}
        if "cl" in context and context["cl"].result_count >= COUNTED_ROWS:
            context["subtitle"] = f"More than the {COUNTED_ROWS} that are counted; search or filter to see the others."
        return response

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
