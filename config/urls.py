"""All HTTP paths."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "Tutor"
admin.site.site_title = "Tutor"
#: With a link to the teachers' page.
admin.site.index_template = "sessions_app/admin_index.html"

urlpatterns = [path("admin/", admin.site.urls), path("", include("sessions_app.urls"))]
