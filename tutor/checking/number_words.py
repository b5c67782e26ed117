"""Whole numbers as English words: ``seven``, ``minus twenty-one``."""

from __future__ import annotations

from fractions import Fraction

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: at for at, word in enumerate(_ONES)} | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
_NEGATIVE = {"minus", "negative"}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "thirds": 3,
    "quarter": 4,
    "quarters": 4,
    "fourth": 4,
    "fourths": 4,
    "fifth": 5,
    "fifths": 5,
    "sixth": 6,
    "sixths": 6,
    "eighth": 8,
    "eighths": 8,
    "tenth": 10,
    "tenths": 10,
}
#: What a number is multiplied with where this word stands behind it.
LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


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


def fraction_from_words(text: str) -> Fraction | None:
    """The fraction that ``text`` spells: ``three quarters``, ``a half``, ``minus one third``; None where it is none."""
    words = text.lower().replace("-", " ").split()
    if not words or len(words) > 4 or words[-1] not in _PARTS:
        return None
    top = " ".join("one" if word in {"a", "an"} else word for word in words[:-1]) or "one"
    count = from_words(top)
    return None if count is None else Fraction(count, _PARTS[words[-1]])
