"""A teacher sees what became of an uploaded file, and nothing of what stands in it."""

from __future__ import annotations

import uuid

from django.urls import reverse

from tests.integration.admin_visitors import LOOK, staff, words
from tests.integration.sessions_app.uploads import conclude, uploader

LIST = "admin:sessions_app_uploadedfile_changelist"


def test_status_and_reason_are_shown_and_nothing_can_be_changed(echo_session: uuid.UUID) -> None:
    _, d = uploader(echo_session)(b"My secret diary.", "diary.txt")
    conclude({"reason": "too_long", "message": "It is a very long text."})
    teacher = staff("eve", *LOOK, "sessions_app.view_uploadedfile")

    listed = words(teacher.get(reverse(LIST)))
    page = teacher.get(reverse("admin:sessions_app_uploadedfile_change", args=[d["file"]]))

    assert all(text in listed for text in ("diary.txt", "text/plain", "16 bytes", "Failed", "too_long"))
    assert "It is a very long text." in words(page)
    assert "secret diary" not in words(page)
    assert teacher.post(reverse("admin:sessions_app_uploadedfile_add"), {}).status_code == 403


def test_without_the_permission_there_is_no_list(echo_session: uuid.UUID) -> None:
    assert staff("mallory", *LOOK).get(reverse(LIST)).status_code == 403
