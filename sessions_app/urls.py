"""HTTP paths: the API and the pages."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from sessions_app import http_api, http_files, pages, teaching_pages

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("learn/<slug:course>/", pages.lesson, name="lesson"),
    path("sessions/<uuid:session>/", pages.session, name="session"),
    path("teach/", teaching_pages.live_sessions, name="live_sessions"),
    path("teach/sessions", teaching_pages.live_sessions_now, name="live_sessions_now"),
    path("teach/<uuid:session>/", teaching_pages.watch, name="watch"),
    path("language", set_language, name="set_language"),
    path("words.js", pages.words, name="words"),
    path("courses/<slug:course>/<int:version>/<path:name>", pages.picture, name="course_picture"),
    path("api/guests", http_api.guests),
    path("api/tickets", http_api.tickets),
    path("api/courses", http_api.courses),
    path("api/sessions", http_api.sessions),
    path("api/sessions/<str:session_id>", http_api.session),
    path("api/sessions/<str:session_id>/commands", http_api.session_commands),
    path("api/sessions/<str:session_id>/events", http_api.session_events),
    path("api/sessions/<str:session_id>/files", http_files.session_files),
    path("api/asyncapi.json", http_api.asyncapi),
    path("api/openapi.json", http_api.openapi),
    path("metrics", http_api.prometheus),
    path("api/healthz", http_api.healthz),
    path("api/readyz", http_api.readyz),
]
