"""Numbers as English words: ``seven``, ``minus twenty-one``, ``fifteen hundred``, ``three and a half``, ``a dozen``."""

from __future__ import annotations

import re
from fractions import Fraction

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = (
    {word: at for at, word in enumerate(_ONES)}
    | {word: 20 + 10 * at for at, word in enumerate(_TENS)}
    | {"nought": 0, "nil": 0, "fourty": 40, "ninty": 90, "fourtheen": 14, "tweleve": 12}
)
_NEGATIVE = {"minus", "negative"}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "twelfth": 12,
    "hundredth": 100,
    "thousandth": 1000,
}
_PARTS |= {f"{name}s": part for name, part in _PARTS.items() if name not in {"half", "halves"}}
#: What a number is multiplied with where this word stands behind it.
LARGE = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}

#: Words that one number may have.
_MOST_WORDS = 12

_NUMERAL_WORD = "|".join(sorted({*_SMALL, *LARGE}, key=len, reverse=True))
_TENS_WORD = "|".join(sorted((word for word, value in _SMALL.items() if value >= 20), key=len, reverse=True))
_NUMERAL = re.compile(
    rf"\b(?:a (?=hundred|thousand|million))?(?:{_NUMERAL_WORD})"
    rf"(?:[\s-]+(?:and[\s-]+(?=(?:{_NUMERAL_WORD})\b))?(?:{_NUMERAL_WORD}))*(?:\s+point(?:\s+(?:{'|'.join(_ONES[:10])}))+)?\b",
    re.IGNORECASE,
)
#: "fortytwo"
_GLUED = re.compile(rf"\b({_TENS_WORD})({'|'.join(_ONES[1:10])})\b", re.IGNORECASE)


def from_words(text: str) -> int | None:
    """The whole number that ``text`` spells; None where it spells none."""
    words = _words(text)
    if not words or len(words) > _MOST_WORDS:
        return None
    sign = 1
    if words[0] in _NEGATIVE:
        sign, words = -1, words[1:]
    value = _whole(words)
    return None if value is None else sign * value


def fraction_from_words(text: str) -> Fraction | None:
    """The number that ``text`` spells where it is not whole: ``three quarters``, ``a half``, ``two and a third``,
    ``seven over two``, ``three point five``; None where it is none."""
    words = _words(text)
    if not words or len(words) > _MOST_WORDS:
        return None
    if words[0] in _NEGATIVE:
        positive = fraction_from_words(" ".join(words[1:]))
        return None if positive is None else -positive
    return _dozens(words) or _point(words) or _over(words) or _parts(words) or _mixed(words)


def in_digits(text: str) -> str:
    """``text`` with the whole numbers and decimals that are spelt in it written as digits."""
    text = _GLUED.sub(r"\1 \2", text)

    def digits(found: re.Match[str]) -> str:
        words = _words(found[0])
        decimal = _point(words)
        value = decimal if decimal is not None else _whole(words)
        if value is None:
            # "four and nine" are two numbers.
            one, joint, other = (
                re.split(r"(\s+and\s+)", found[0], maxsplit=1, flags=re.IGNORECASE)
                if (re.search(r"\sand\s", found[0], re.IGNORECASE))
                else (found[0], "", "")
            )
            return f"{in_digits(one)}{joint}{in_digits(other)}" if joint else found[0]
        return str(value) if isinstance(value, int) else _decimal(value)

    return _NUMERAL.sub(digits, text)


def _words(text: str) -> list[str]:
    plain = _GLUED.sub(r"\1 \2", text.lower()).replace("-", " ").replace(",", " ")
    return plain.split()


def _whole(words: list[str]) -> int | None:
    """``two million three hundred thousand and five`` by its parts, each smaller than the one before."""
    if words and words[0] == "a" and len(words) > 1 and words[1] in LARGE:
        words = ["one", *words[1:]]
    total, part, last = 0, None, 10**12
    for word in words:
        if word == "and":
            if part is None and not total:
                return None
            continue
        if word in _SMALL:
            value = _SMALL[word]
            if part is None:
                part = value
            elif (part % 100 >= 20 and part % 10 == 0 and 0 < value < 10) or (part >= 100 and part % 100 == 0):
                part += value
            else:
                return None
        elif word == "hundred":
            if part is None or not 0 < part < 100:
                return None
            part *= 100
        elif word in LARGE and part is not None and LARGE[word] < last:
            last = LARGE[word]
            total, part = total + part * last, None
        else:
            return None
    if part is None and not total:
        return None
    return None if words[-1] == "and" else total + (part or 0)


def _point(words: list[str]) -> Fraction | None:
    if "point" not in words:
        return None
    at = words.index("point")
    whole = _whole(words[:at]) if at else 0
    digits = [_SMALL.get(word, 10) for word in words[at + 1 :]]
    if whole is None or not digits or any(digit > 9 for digit in digits):
        return None
    return whole + Fraction(int("".join(map(str, digits))), 10 ** len(digits))


def _decimal(value: Fraction) -> str:
    places = len(str(value.denominator)) - 1
    for more in range(places, places + 8):
        scaled = value * 10**more
        if scaled.denominator == 1:
            text = str(int(scaled)).rjust(more + 1, "0")
            return f"{text[:-more]}.{text[-more:]}" if more else text
    return str(value)


def _dozens(words: list[str]) -> Fraction | None:
    if words[-1] not in {"dozen", "dozens"} or len(words) > 3:
        return None
    before = words[:-1]
    if before in (["half", "a"], ["a", "half"]):
        return Fraction(6)
    count = 1 if before in ([], ["a"]) else _whole(before)
    return None if count is None else Fraction(12 * count)


def _over(words: list[str]) -> Fraction | None:
    if words.count("over") != 1:
        return None
    at = words.index("over")
    top, bottom = _number(words[:at]), _number(words[at + 1 :])
    return Fraction(top, bottom) if top is not None and bottom else None


def _parts(words: list[str]) -> Fraction | None:
    if words[-1] not in _PARTS:
        return None
    before = ["one"] if words[:-1] in ([], ["a"], ["an"]) else words[:-1]
    count = _number(before)
    return None if count is None else Fraction(count, _PARTS[words[-1]])


def _mixed(words: list[str]) -> Fraction | None:
    """``three and a half``: a whole number and less than one."""
    if "and" not in words:
        return None
    at = len(words) - 1 - words[::-1].index("and")
    whole, rest = _number(words[:at]), _parts(words[at + 1 :]) if words[at + 1 :] else None
    return whole + rest if whole is not None and rest is not None and 0 < rest < 1 else None


def _number(words: list[str]) -> int | None:
    if len(words) == 1 and words[0].isdecimal() and len(words[0]) <= _MOST_WORDS:
        return int(words[0])
    return _whole(words) if words else None
