"""What becomes of reading a file: ``file.ready`` or ``file.failed``, and the file's row in the same commit."""

from __future__ import annotations

from typing import Any

import msgspec

from sessions_app.delivery import Statement, Write
from sessions_app.files.uploading import TOOL
from sessions_app.recording import Ended, Recorded, concludes
from tutor import events
from tutor.interactions import FileFailed, FileReady

_CONCLUDE = Statement(
    "conclude_file",
    """
UPDATE sessions_app_uploadedfile f
   SET status = r.status, sections = r.sections, pages = r.pages, reason = r.reason, message = r.message,
       ended_at = clock_timestamp()
  FROM json_to_recordset(%s) AS r(id uuid, status text, sections int, pages int, reason text, message text)
 WHERE f.id = r.id AND f.status IN ('pending', 'processing')
RETURNING 1""",
    exact=False,  # a file that was erased meanwhile has no row
)


class Extracted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What ``extract_file`` returns: either sections, or why there are none."""

    sections: int = 0
    pages: int | None = None
    #: Of the whole text, in code points.
    chars: int = 0
    reason: str = ""
    message: str = ""


#: Where nothing was said by the tool: it ended in another way.
ENDINGS: dict[str, tuple[str, str]] = {
    "timeout": ("too_slow", "Reading it took too long. Please upload only the pages that matter."),
    "killed": ("too_big_inside", "It needs more memory than there is to be read. Please upload a smaller part of it."),
    "cancelled": (
        "cancelled",
        "The lesson went back or ended before it was read. Please upload it again if you need it.",
    ),
    "refused": ("refused", "It may not be read any more."),
}
_BROKEN = ("internal", "Something went wrong on our side while it was read. Please try to upload it again.")


@concludes(TOOL)
def _conclusion(ended: Ended, about: dict[str, str]) -> Recorded:
    file, name = about["file"], about["name"]
    found = _found(ended)
    row: dict[str, Any] = {
        "id": file,
        "sections": None,
        "pages": None,
        "reason": found.reason,
        "message": found.message,
    }
    if found.reason:
        fact = FileFailed(file=file, name=name, reason=found.reason, message=found.message)
        failed = events.FileFailed(file=file, name=name, message=found.message)
        return Recorded([fact], [Write(_CONCLUDE, {**row, "status": "failed"})], failed)
    ready = FileReady(file=file, name=name, sections=found.sections, pages=found.pages, len=found.chars)
    heard = events.FileReady(file=file, name=name, sections=found.sections, pages=found.pages)
    row |= {"status": "ready", "sections": found.sections, "pages": found.pages}
    return Recorded([ready], [Write(_CONCLUDE, row)], heard)


def _found(ended: Ended) -> Extracted:
    if isinstance(ended, events.ToolFailed):
        reason, message = ENDINGS.get(ended.reason, _BROKEN)
        return Extracted(reason=reason, message=message)
    try:
        return msgspec.convert(ended.result, Extracted)
    except msgspec.ValidationError:
        return Extracted(reason=_BROKEN[0], message=_BROKEN[1])
