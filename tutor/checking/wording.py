"""How two texts are compared: without case, accents, punctuation and an article at the front."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz.distance import OSA

from tutor.checking.normalisation import CLOSE, OPEN, mathematics

_DROPPED = re.compile(r"[^\w\s+*/=<>^.%-]|_")
_ARTICLE = re.compile(r"^(?:the|an|a)\s+(?=\S)")
#: One slip of the keyboard is forgiven for so many letters.
LETTERS_PER_SLIP = 5


@lru_cache(maxsize=1_024)  # a question's answers and prompt are compared with every text that is said about it
def folded(text: str, *, case: bool = False) -> str:
    """``text`` as it is compared. Signs of arithmetic stay, so that ``x + 3`` and ``x - 3`` differ."""
    text = mathematics(text).replace(OPEN, "").replace(CLOSE, "")
    if not case:
        text = text.casefold()
    text = "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    text = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", " ", text)
    text = _DROPPED.sub(" ", text)
    text = re.sub(r"\s*([-+*/=<>^])\s*", r"\1", text)
    text = re.sub(r"[.\s]+$", "", re.sub(r"\s+", " ", text).strip())
    return _ARTICLE.sub("", text)


def unmarked(text: str) -> str:
    """Markdown without its marks of emphasis and code, which would hide a word from a comparison."""
    return re.sub(r"(?<![\w)])[*_`]+(?=\S)|(?<=\S)[*_`]+(?![\w(])", "", text)


def slips(given: str, wanted: str) -> int | None:
    """Slips of the keyboard between two folded texts, where that many may be forgiven; None where they differ more.

    Digits and signs are never slips, and neither is a text without letters.
    """
    allowed = sum(char.isalpha() for char in wanted) // LETTERS_PER_SLIP
    if not allowed or re.sub(r"[a-z ]", "", given) != re.sub(r"[a-z ]", "", wanted):
        return None
    distance = OSA.distance(given, wanted, score_cutoff=allowed)
    if distance > allowed:
        return None
    words = given.split(), wanted.split()
    if len(words[0]) == len(words[1]) > 1 and not all(_slip_of(*pair) for pair in zip(*words, strict=True)):
        return None
    return distance


def _slip_of(given: str, wanted: str) -> bool:
    """Word by word: "trioxide" is no slip of "dioxide", whatever stands in front of it."""
    return OSA.distance(given, wanted) <= max(len(wanted) // LETTERS_PER_SLIP, len(wanted) > 2)
