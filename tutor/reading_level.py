"""How hard a text is to read: the Flesch-Kincaid grade, formulas left out."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\$[^$]*\$")
_MARKUP = re.compile(r"[*_#>`|]|\[|\]\([^)]*\)|^\s*(?:[-*]|\d+[.)])\s", re.MULTILINE)
_VOWELS = re.compile(r"[aeiouy]+")


def grade_level(text: str) -> float:
    """The school grade (US) whose readers follow ``text`` with ease."""
    plain = _MARKUP.sub(" ", _FORMULA.sub("x", text))
    sentences = [part for part in re.split(r"[.!?:;]+(?=\s|$)|\n{2,}", plain) if re.search(r"[A-Za-z]", part)]
    words = re.findall(r"[A-Za-z][A-Za-z'’]*", plain)
    if not words or not sentences:
        return 0.0
    syllables = sum(_syllables(word.lower()) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def highest_grade(band: str) -> int | None:
    """The upper end of a grade band: 9 for ``7-9`` and for ``9``; None where the band names no grade."""
    grades = [int(grade) for grade in re.findall(r"\d+", band)]
    return max(grades) if grades else None


def _syllables(word: str) -> int:
    count = len(_VOWELS.findall(word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(count, 1)
