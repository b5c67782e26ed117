"""Mathematics in English words, as signs: ``three x plus six``, ``x is at least 4``, ``the square root of 2``.

Each rule turns a closed phrase into a sign; what is left in words is for the grammar to refuse. "Not" stays where no
rule knows the whole phrase, so that nothing is ever read as its opposite.
"""

from __future__ import annotations

import re

from tutor.checking.number_words import in_digits

_WORD = re.compile(r"[A-Za-z]{2,}")
_IS = r"(?:\s+(?:is|are|be|must be|has to be|have to be|should be|will be|can be|needs to be|,))?\s*"
_THAN = r"(?:\s+than)?"
_MORE = r"(?:greater|bigger|larger|higher|more)"
_LESS = r"(?:less|smaller|lower|fewer)"
_NAMED = r"\b([A-Za-z])\s+(?:is|must be|has to be|=)\s+(-?[0-9][0-9./]*)"
_OR_EQUAL = rf"{_THAN}\s+or\s+(?:is\s+)?(?:equals?|the same)(?:\s+(?:to|as|than))?"

#: In this order: longer phrases before those that they contain.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), sign)
    for pattern, sign in (
        (r"&gt;", ">"),
        (r"&lt;", "<"),
        (r"([<>])\s+=", r"\1="),
        # relations
        (rf"{_IS}\b{_MORE}{_OR_EQUAL}\s+", " >= "),
        (rf"{_IS}\b{_LESS}{_OR_EQUAL}\s+", " <= "),
        (rf"{_IS}\b(?:at least|not? (?:less|smaller|lower|fewer) than|a minimum of)\s+", " >= "),
        (rf"{_IS}\b(?:at most|not? (?:more|greater|bigger|larger|higher) than|a maximum of)\s+", " <= "),
        (rf"{_IS}\b(?:{_MORE} than|above|exceeds)\s+", " > "),
        (rf"{_IS}\b(?:{_LESS} than|below|under)\s+", " < "),
        (rf"{_NAMED}\s+or\s+(?:more|above|{_MORE})$", r"\1 >= \2"),
        (rf"{_NAMED}\s+or\s+(?:below|{_LESS})$", r"\1 <= \2"),
        (r"^(-?[0-9][0-9./]*)\s+or\s+(?:more|above|greater|higher|larger|bigger)$", r">= \1"),
        (r"^(-?[0-9][0-9./]*)\s+or\s+(?:less|below|smaller|lower|fewer)$", r"<= \1"),
        # signs
        (r"\bplus\s*(?:/|-|\s)\s*(?:or\s+|and\s+)?minus\s+", "±"),
        (r"\bplus\s+or\s+minus\s+", "±"),
        (r"\s*\bplus\b\s*", " + "),
        (r"\b(?:negative|minus|neg)\s+(?=[0-9A-Za-z(\\√])", "-"),
        (r"\bpositive\s+(?=[0-9])", ""),
        (r"\s*\b(?:times|multiplied by)\b\s*", " * "),
        (r"\s*\bdivided by\b\s*", " / "),
        (r"(?<=[0-9A-Za-z)])\s+over\s+(?=[0-9A-Za-z(])", " / "),
        # functions
        (r"\b(?:the\s+)?cube\s+root\s+(?:of\s+)?(?=[0-9A-Za-z(])", "cbrt "),
        (r"\b(?:the\s+)?(?:square\s+root|root)\s+(?:of\s+)?(?=[0-9A-Za-z(])", "sqrt "),
        (r"(?<=[0-9])(?:root)\s*(?=[0-9])", "sqrt "),
        (r"\b(?:the\s+)?sine\s+(?:of\s+)?", "sin "),
        (r"\b(?:the\s+)?cosine\s+(?:of\s+)?", "cos "),
        (r"\b(?:the\s+)?tangent\s+(?:of\s+)?", "tan "),
        (r"\b(sin|cos|tan|cot|ln|log|sqrt)([txyuv])\b", r"\1 \2"),
        # powers
        (r"\s+(?:squared|square)\b", "^2"),
        (r"\s+cubed\b", "^3"),
        (r"\s+(?:raised\s+)?to\s+the\s+(?:power\s+(?:of\s+)?)?(-?[0-9]+|[A-Za-z])(?![A-Za-z0-9])(?:\s+power)?",
         r"^(\1)"),
        (r"\s+raised\s+to\s+(-?[0-9]+|[A-Za-z])(?![A-Za-z0-9])", r"^(\1)"),
        (r"\s+to\s+the\s+([0-9]+)(?:st|nd|rd|th)(?:\s+power)?\b", r"^(\1)"),
        *((rf"\s+to\s+the\s+{name}(?:\s+power)?\b", f"^({n})")
          for n, name in enumerate(("second", "third", "fourth", "fifth", "sixth"), start=2)),
        # equality, last: "is at least" is none
        (r"(?<![A-Za-z])([A-Za-z])\s+(?:is|equals|is equal to)\s+(?=[-+0-9(±A-Za-z])", r"\1 = "),
    )
)  # fmt: skip
#: "x < -2 or > 2"
_SAME_SUBJECT = re.compile(r"^([A-Za-z])\s*([<>]=?[^<>]*?)\b(or|and)\s+([<>])")
_RANGE = re.compile(
    r"^(?:all|any|every|the)(?:\s+the)?(?:\s+real)?\s+(?:numbers?|values?|x)(?:\s+of\s+[a-z])?"
    r"(?:\s+(?:that|which)\s+(?:is|are))?\s*(?=[<>])",
    re.IGNORECASE,
)


def in_signs(text: str) -> str:
    """``text`` with what is said in words written in signs."""
    if "&" not in text and not _WORD.search(text):
        return re.sub(r"([<>])\s+=", r"\1=", text) if "<" in text or ">" in text else text
    text = in_digits(text)
    for pattern, sign in _RULES:
        text = pattern.sub(sign, text)
    text = _RANGE.sub("", text.strip())
    text = _SAME_SUBJECT.sub(r"\1 \2 \3 \1 \4", text)
    return re.sub(r"  +", " ", text).strip()
