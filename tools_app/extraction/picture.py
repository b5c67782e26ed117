"""Pictures: what their first bytes say. Not a pixel is unpacked."""

from __future__ import annotations

import io

from PIL import Image

from tools_app.extraction.document import Document, Section

#: Formats whose libraries are asked at all.
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")


def read(content: bytes) -> Document:
    """A picture's format and size, as a text of one section."""
    # Only the header is read, so the number of pixels that it claims costs nothing.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
        width, height = picture.size
        kind = picture.format
    text = f"A picture ({kind}, {width:,} × {height:,} pixels). What it shows cannot be read."
    return Document((Section(text, "Picture"),))
