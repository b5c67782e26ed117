"""Reading any file within its limits: whatever is in it, the answer is a document or a reason in plain words."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils.module_loading import import_string

from sessions_app.files import sniffing
from tools_app.extraction.document import Document, Unreadable
from tools_app.extraction.limits import CPU_S

logger = logging.getLogger(__name__)

Read = Callable[[bytes], Document]

_HERE = "tools_app.extraction"
_PICTURE = f"{_HERE}.picture.read"
#: Media type -> what reads it; imported when one comes, for few processes ever read a file.
READERS: dict[str, str] = {
    sniffing.PDF: f"{_HERE}.pdf.read",
    sniffing.DOCX: f"{_HERE}.word.read",
    sniffing.HTML: f"{_HERE}.marked_up.read",
    sniffing.MARKDOWN: f"{_HERE}.text.read_markdown",
    sniffing.TEXT: f"{_HERE}.text.read_plain",
    "image/png": _PICTURE,
    "image/jpeg": _PICTURE,
    "image/gif": _PICTURE,
    "image/webp": _PICTURE,
    "image/bmp": _PICTURE,
    "image/tiff": _PICTURE,
}
#: What some formats that cannot be read are called by people.
_CALLED = {
    sniffing.ZIP: "an archive, or a file of another office program",
    "application/x-ole-storage": "a file of an old office program",
    "application/rtf": "an RTF file",
    "application/gzip": "an archive",
    "application/x-7z-compressed": "an archive",
    "application/vnd.rar": "an archive",
    "application/x-executable": "a program",
}
_READ = "I can read PDF, Word (.docx), HTML, Markdown and plain text, and I can take pictures along."
_SIGNAL_AGAIN_S = 0.5


class _TooSlow(BaseException):
    """The time is over. No ``Exception``: the libraries catch those and go on."""


def read(content: bytes) -> Document:
    """The text of a file. Raises ``Unreadable``; whatever else is wrong with a file is one, too.

    Bounded by ``limits`` where it runs on the main thread of a process; memory is the process's own limit.
    """
    if not content.strip():
        raise Unreadable("empty", "There is nothing in it. Please check the file and upload it again.")
    kind = sniffing.media_type(content[: sniffing.HEAD_BYTES], content[-sniffing.TAIL_BYTES :])
    if kind not in READERS:
        raise Unreadable("unsupported", f"It is {_CALLED.get(kind, 'of a kind that I do not know')}. {_READ}")
    reader: Read = import_string(READERS[kind])
    try:
        with _in_time():
            return reader(content)
    except Unreadable:
        raise
    except _TooSlow:
        raise Unreadable("too_slow", "Reading it took too long. Please upload only the pages that matter.") from None
    except MemoryError:
        raise Unreadable(
            "too_big_inside", "It needs more memory than there is to be read. Please upload a smaller part of it."
        ) from None
    except Exception:
        # A file that is broken, or made to break its reader: both are the file's fault, and none is worth a retry.
        logger.info("action=extraction.broken media_type=%s", kind, exc_info=True)
        raise Unreadable("broken", "It seems to be damaged. Please save or export it again, then upload it.") from None


@contextmanager
def _in_time() -> Iterator[None]:
    """Raises ``_TooSlow`` in the middle of whatever has run for ``CPU_S``, again and again until it gets through.

    CPU time: on a busy machine a file is not to blame for the time it waits.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach main threads only
        return

    def late(_number: int, _frame: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, CPU_S, _SIGNAL_AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
