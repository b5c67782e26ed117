"""Gives back a section, or a page, of a file that the learner uploaded."""

from __future__ import annotations

from typing import Any

import msgspec

from sessions_app.files import reading
from sessions_app.models import FileSection
from tools_app.exceptions import BadArguments
from tools_app.registry import tool
from tools_app.scope import Scope

#: Sections of one page that are given back.
MOST = 8


@tool(timeout_s=10)
def read_file(
    scope: Scope, file: str, section: int | None = None, page: int | None = None
) -> dict[str, list[dict[str, Any]]]:
    """``{"parts": [section, …]}``: one section by its number, or those of a page, each as a ``file_text.FilePart``."""
    if (section is None) == (page is None):
        raise BadArguments("read_file takes either a section or a page")
    rows = reading.ready(scope.session, [file])
    if not rows:
        raise BadArguments(f"this session has no file {file!r} that can be read")
    wanted = {"number": section} if page is None else {"page": page}
    found = FileSection.objects.filter(file=rows[0], **wanted).order_by("number")[:MOST]
    return {"parts": [msgspec.to_builtins(reading.part(rows[0], one)) for one in found]}
