"""Uploading to a session over HTTP, in this process."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app import access, server
from sessions_app.models import Session
from tools_app import calls

#: Uploads a file: content, name, further form fields -> status and the answer's JSON.
Uploader = Callable[..., tuple[int, dict[str, Any]]]


def uploader(session: uuid.UUID, user: Any = None) -> Uploader:
    """Uploads to a session as its learner, or as somebody else."""
    client = Client()
    token = access.issue_token(user or Session.objects.get(pk=session).learner)

    def upload(content: bytes, name: str = "notes.txt", **fields: str) -> tuple[int, dict[str, Any]]:
        answer = client.post(
            f"/api/sessions/{session}/files",
            {"file": SimpleUploadedFile(name, content), **fields},
            headers={"Authorization": f"Bearer {token}"},
        )
        return answer.status_code, answer.json()

    return upload


def conclude(result: dict[str, Any]) -> None:
    """What a worker does: end the one call that waits with this result."""
    (call,) = calls.claim("a worker", ["cpu", "tools", "threads"], 10)
    server.deliver(calls.succeeded(call, result, fallback=False, facts=[]))
