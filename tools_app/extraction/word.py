"""Word files (.docx): an archive of XML. What is packed is looked at before anything of it is unpacked."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.sax.handler import ContentHandler

import mammoth
from defusedxml import sax
from defusedxml.common import DefusedXmlException

from tools_app.extraction import division, marked_up
from tools_app.extraction.document import Document, Unreadable
from tools_app.extraction.limits import PACKED_PARTS, UNPACKED_BYTES, XML_BYTES

_BOMB = "It unpacks to far more than a text would. Please save it again with your word processor, or as a PDF."


def read(content: bytes) -> Document:
    """A Word file by its headings; pictures are left out."""
    _check(content)
    # Pictures are not even opened: what shows one is replaced by nothing.
    converted = mammoth.convert_to_html(io.BytesIO(content), convert_image=_no_picture)
    return Document(division.by_headings(marked_up.markdown(converted.value)))


@mammoth.images.img_element  # type: ignore[untyped-decorator]
def _no_picture(_image: Any) -> dict[str, str]:
    return {"src": ""}


def _check(content: bytes) -> None:
    """Raises ``Unreadable`` for bombs, by what the archive says of itself: no more than that is ever unpacked of it."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        if any(part.flag_bits & 1 for part in parts):
            raise Unreadable("encrypted", "It is protected by a password. Please upload it without one.")
        if len(parts) > PACKED_PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
            raise Unreadable("too_big_inside", _BOMB)
        for part in parts:
            if not part.filename.endswith((".xml", ".rels")):
                continue
            if part.file_size > XML_BYTES:
                raise Unreadable("too_big_inside", _BOMB)
            with archive.open(part) as opened:
                try:
                    # Neither a DTD nor entities: a few lines of those expand to gigabytes.
                    sax.parse(opened, ContentHandler(), forbid_dtd=True)
                except DefusedXmlException:
                    raise Unreadable("too_big_inside", _BOMB) from None
