"""What could tell who a learner is, taken out of a text before it leaves the house (tutoring §5).

Rules over patterns: e-mail addresses, telephone numbers, addresses, schools, names that are introduced as such,
accounts. Mathematics stays as it is: a number is a telephone number only by its form or by the words before it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

_PROPER = r"[A-ZÄÖÜ][\w.'’-]*"
#: What each kind is replaced with, and how it is recognised; the first group, where there is one, is what is replaced.
_RULES: tuple[tuple[str, str, re.RegexFlag], ...] = (
    ("[e-mail]", r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE),
    ("[link]", r"\b(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE),
    ("[account]", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b", re.NOFLAG),
    ("[account]", r"\b(?:\d{4}[ -]){3}\d{4}\b", re.NOFLAG),
    ("[account]", r"(?<![\w@])@[A-Za-z_][\w.]{2,}", re.NOFLAG),
    (
        "[account]",
        r"\b(?:insta(?:gram)?|snap(?:chat)?|tiktok|discord|whatsapp|username|user name)"
        r"(?: (?:name|account|handle))?(?: is|:)\s+([\w.#-]{3,})",
        re.IGNORECASE,
    ),
    ("[phone]", r"(?<![\w^=.])\+\d{1,3}[ ()/.-]*\d(?:[ ()/.-]*\d){6,}", re.NOFLAG),
    ("[phone]", r"(?<![\w.])\(?0\d{2,5}\)?[ /-]\d{3,}(?:[ /-]?\d{2,})*", re.NOFLAG),
    ("[phone]", r"(?<![\w.])(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}\b", re.NOFLAG),
    (
        "[phone]",
        r"\b(?:phone|mobile|cell|tel|telephone|handy|whatsapp|(?:my|his|her|our|mum'?s|dad'?s) number|call me|text me|"
        r"ring me)(?: \w+)?(?: is| on| at|:)*\s*(\+?\d(?:[ ()/.-]*\d){5,})",
        re.IGNORECASE,
    ),
    (
        "[address]",
        rf"\b\d{{1,5}}[a-zA-Z]?,? (?:{_PROPER} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Court|Ct|"
        r"Boulevard|Blvd|Way|Square|Place|Terrace|Crescent)\b\.?",
        re.NOFLAG,
    ),
    ("[address]", r"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|allee|platz|gasse) \d{1,4}[a-z]?\b", re.NOFLAG),
    ("[address]", r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b", re.NOFLAG),
    ("[address]", r"\b(?:I|we) live (?:in|at|on|near) ([^.,;!?\n]{2,60})", re.IGNORECASE),
    ("[address]", r"\bmy (?:home )?address is:? ([^.;!?\n]{2,80})", re.IGNORECASE),
    (
        "[school]",
        rf"\b(?:{_PROPER} ){{1,4}}(?:(?:High|Primary|Middle|Elementary|Secondary|Grammar|Comprehensive) )?"
        r"(?:School|Academy|College|Gymnasium|Grundschule|Realschule|Gesamtschule|Kindergarten)\b",
        re.NOFLAG,
    ),
    ("[school]", r"\b[A-ZÄÖÜ][\wäöüß-]*(?:-Gymnasium|-Schule|-Grundschule|gymnasium|schule)\b", re.NOFLAG),
    ("[school]", rf"\b(?:[Ii] (?:go to|attend)|[Mm]y school is(?: called)?) ((?:{_PROPER}\s?){{1,5}})", re.NOFLAG),
    (
        "[name]",
        rf"\b(?:[Mm]y (?:full |real |last |first |teacher'?s |mum'?s |dad'?s |friend'?s )?name(?:'s| is)|"
        rf"[Ii](?:'m| am) called) ({_PROPER}(?: {_PROPER}){{0,3}})",
        re.NOFLAG,
    ),
    ("[name]", r"\b(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau)\.? ([A-ZÄÖÜ][\w'’-]+(?: [A-ZÄÖÜ][\w'’-]+)?)", re.NOFLAG),
)
_COMPILED = tuple((label, re.compile(pattern, flags)) for label, pattern, flags in _RULES)


def redacted(text: str, *, keep: Collection[str] = ()) -> str:
    """The text without what could tell who wrote it. What is redacted already stays as it is.

    ``keep``: kinds that stay, such as ``[link]``.
    """
    for label, pattern in _COMPILED:
        if label in keep:
            continue
        text = pattern.sub(lambda found, label=label: _replaced(found, label), text)  # type: ignore[misc]
    return text


def redacted_value(value: Any) -> Any:
    """The same for every text within JSON values; keys stay."""
    match value:
        case str():
            return redacted(value)
        case dict():
            return {key: redacted_value(one) for key, one in value.items()}
        case list() | tuple():
            return [redacted_value(one) for one in value]
        case _:
            return value


def _replaced(found: re.Match[str], label: str) -> str:
    if not found.re.groups:
        return label
    start, end = found.span(1)
    end -= len(found[1]) - len(found[1].rstrip())
    return found.string[found.start() : start] + label + found.string[end : found.end()]
