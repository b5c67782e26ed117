"""What a file is, from its bytes: what its name or its sender says is not believed."""

from __future__ import annotations

import re

#: Bytes at the beginning, and at the end, that are looked at.
HEAD_BYTES = 4 * 1024
TAIL_BYTES = 64 * 1024

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ZIP = "application/zip"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
UNKNOWN = "application/octet-stream"
#: What becomes Markdown when it is read; of the others every sign means itself.
MARKED_UP = frozenset({DOCX, HTML, MARKDOWN})

#: How a format begins. A PDF may have some bytes before.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"{\\rtf", "application/rtf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-executable"),
)
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_MARKDOWN = re.compile(
    r"^(?:#{1,6} \S|```|\s{0,3}[-*+] \S|\s{0,3}\d+\. \S|> \S)|\*\*\S.*?\S\*\*|\[[^\]\n]+\]\([^)\n]+\)", re.MULTILINE
)
_BOMS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
#: Control characters that texts have.
_IN_TEXTS = frozenset("\t\n\r\f\v\x1b\b")


def media_type(head: bytes, tail: bytes = b"") -> str:
    """The media type of a file that begins with ``head`` and ends with ``tail``; ``UNKNOWN`` where nothing fits."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        # The list of what is in an archive stands at its end.
        return DOCX if b"word/document.xml" in head or b"word/document.xml" in tail else ZIP
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    text = decoded(head, cut=True)
    if head.lstrip().startswith(b"%PDF-") or (text is None and b"%PDF-" in head[:1024]):
        return PDF
    if text is None:
        return UNKNOWN
    if _HTML.match(head.lstrip(b"\xef\xbb\xbf")):
        return HTML
    return MARKDOWN if _MARKDOWN.search(text) else TEXT


def decoded(content: bytes, *, cut: bool = False) -> str | None:
    """A text's characters; None where these bytes are no text. ``cut``: the last character may be there in part."""
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    for tried in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = content.decode(tried)
        except UnicodeDecodeError as error:
            if not cut or error.start < len(content) - 4:
                continue
            text = content[: error.start].decode(tried)
        if _is_text(text):
            return text
    return None


def _is_text(text: str) -> bool:
    control = sum(each < " " and each not in _IN_TEXTS for each in text)
    return "\x00" not in text and control * 100 <= len(text)
