"""What a text is about: its words without the small ones, each as its stem."""

from __future__ import annotations

import re

_STOP = frozenset(
    re.findall(
        r"\w+",
        """
        a about actually all also am an and any anything are as ask at be because been being but by can cannot
        could did do does doing don done else even ever every explain for from get give go got had has have he
        help her here him his how i if in into is it its just know let like ll me mean means mine more my need no
        not now of off on one or our out over please question re really say see she should so some something
        sorry still such t tell than that the their them then there these they thing this those through to too
        understand up us use ve very want was way we well were what when where which who why will with word would
        yes you your
        """,
    )
)
_SUFFIXES = (
    "ations",
    "ation",
    "ingly",
    "ically",
    "ions",
    "ion",
    "ings",
    "ing",
    "ied",
    "ies",
    "ical",
    "ally",
    "ed",
    "es",
    "ly",
    "s",
    "e",
)


def terms(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning; formulas and LaTeX left out."""
    words = re.findall(r"[a-z]{2,}", re.sub(r"\$[^$]*\$|\\[A-Za-z]+", " ", text.lower()))
    return frozenset(stem(word) for word in words if word not in _STOP)


def stem(word: str) -> str:
    """What is left of a word (lower case) without its ending."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            stem = word[: -len(suffix)]
            # "adding" and "add", "subtracting" and "subtract": a doubled letter goes with its suffix.
            return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsd" else stem
    return word
