"""Whole numbers as English words: ``seven``, ``minus twenty-one``."""

from __future__ import annotations

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: at for at, word in enumerate(_ONES)} | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
_NEGATIVE = {"minus", "negative"}


def from_words(text: str) -> int | None:
    """The number that ``text`` spells, from -99 to 99; None where it spells none."""
    words = text.lower().replace("-", " ").split()
    if not words or len(words) > 3:
        return None
    sign = 1
    if words[0] in _NEGATIVE:
        sign, words = -1, words[1:]
    if len(words) == 1 and words[0] in _VALUES:
        return sign * _VALUES[words[0]]
    if len(words) == 2 and words[0] in _TENS and 0 < _VALUES.get(words[1], 0) < 10:
        return sign * (_VALUES[words[0]] + _VALUES[words[1]])
    return None
