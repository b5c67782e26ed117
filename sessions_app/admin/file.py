"""Files that learners uploaded: what became of each. Their text is not shown here."""

from __future__ import annotations

from django.contrib import admin

from sessions_app.admin.read_only import ReadOnlyAdmin
from sessions_app.files.room import in_words
from sessions_app.models import UploadedFile


@admin.register(UploadedFile)
class UploadedFileAdmin(ReadOnlyAdmin):
    """To find out why a file could not be read, and which lesson it belongs to."""

    list_display = ("name", "session", "media_type", "length", "status", "sections", "reason", "created_at")
    list_filter = ("status", "reason")
    list_select_related = ("session",)
    search_fields = ("name", "=id", "=session__id")
    ordering = ("-created_at",)
    fields = (
        "id", "session", "name", "media_type", "length", "sha256", "status", "sections", "pages", "reason", "message",
        "created_at", "ended_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="size", ordering="size")
    def length(self, file: UploadedFile) -> str:
        """In units that people use."""
        return in_words(file.size)
