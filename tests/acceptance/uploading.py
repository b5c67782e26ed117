"""Uploading as any HTTP client does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from sessions_app.stream_grammar import Frame
from tests.acceptance.protocol_client import PATIENCE_S, ProtocolClient
from tests.published_document import check_answer

#: Reading a file may take its whole time and be tried again; the machine may be busy.
READ_S = 90.0


def upload(url: str, token: str, session: str, content: bytes, name: str, **fields: str) -> tuple[int, dict[str, Any]]:
    """Status and JSON of an upload."""
    answer = httpx.post(
        f"{url}/api/sessions/{session}/files",
        files={"file": (name, content)},
        data=fields,
        headers={"Authorization": f"Bearer {token}"},
        timeout=PATIENCE_S,
    )
    check_answer(answer)
    return answer.status_code, answer.json()


async def ended(client: ProtocolClient, file: str) -> Frame:
    """The ``file.ready`` or ``file.failed`` of a file; waits for it."""
    return await client.event(
        lambda event: event["t"] in {"file.ready", "file.failed"} and event["d"]["file"] == file, limit_s=READ_S
    )


def form_of(megabytes: int) -> tuple[bytes, Iterator[bytes], int]:
    """A form with a file of so many zeros, made while it is sent: content type, body, length."""
    head = (
        b'--line\r\nContent-Disposition: form-data; name="file"; filename="huge.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n"
    )
    tail = b"\r\n--line--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(megabytes):
            yield bytes(2**20)
        yield tail

    return b"multipart/form-data; boundary=line", body(), len(head) + megabytes * 2**20 + len(tail)
