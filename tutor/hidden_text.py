"""What a text says in an encoding.

For detectors only: nothing that is decoded here is ever said, run or stored.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{8,}={0,2}(?![A-Za-z0-9+/=])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{2}){4,}(?![0-9A-Za-z])", re.IGNORECASE)


def decoded(text: str) -> Iterator[tuple[str, str]]:
    """Each encoded part of ``text``, decoded, with the name of its encoding; rot13 last, of the whole text."""
    for found in _BASE64.finditer(text):
        plain = _printable(_unpadded(found[0]))
        if plain is not None:
            yield "base64", plain
    for found in _HEX.finditer(text):
        plain = _printable(bytes.fromhex(found[0]))
        if plain is not None:
            yield "hexadecimal", plain
    yield "rot13", codecs.encode(text, "rot13")


def _unpadded(encoded: str) -> bytes:
    bare = encoded.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        return b""


def _printable(raw: bytes) -> str | None:
    try:
        plain = raw.decode()
    except UnicodeDecodeError:
        return None
    return plain if plain and plain.isprintable() else None
