"""What a file is called: its sender's name without what a name has no use for."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from sessions_app import conf

#: For a name of which nothing is left.
NAMELESS = "file"


def clean(name: str) -> str:
    """One line of at most ``conf.FILE_NAME_CHARS`` characters, without folders, control or invisible characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    # Cc, Cf: what hides, or turns the direction of what follows, would let a name pretend to be another.
    shown = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in last)
    shown = re.sub(r"\s+", " ", unicodedata.normalize("NFC", shown)).strip(" .")
    if len(shown) <= conf.FILE_NAME_CHARS:
        return shown or NAMELESS
    stem, dot, ending = shown.rpartition(".")
    if not dot or len(ending) > 10:
        return shown[: conf.FILE_NAME_CHARS]
    return stem[: conf.FILE_NAME_CHARS - len(ending) - 2] + "…." + ending
