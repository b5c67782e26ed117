"""A course's picture on its way to a browser."""

from __future__ import annotations

from django.http import HttpResponse

from tutor.models import CourseFile


def picture_response(file: CourseFile) -> HttpResponse:
    """The picture. A browser may show it and nothing more: an SVG can contain scripts."""
    response = HttpResponse(bytes(file.data), content_type=file.media_type)
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response
