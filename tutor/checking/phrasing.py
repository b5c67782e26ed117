"""The words people put around an answer: ``I think it's … because …``, ``the answer is …``, ``… right?``."""

from __future__ import annotations

import re

_LEAD_IN = re.compile(
    r"^(?:so|then|thus|hence|therefore|ok|okay|well|um+|hmm+|oh|maybe|perhaps|probably|yes|and|"
    r"i (?:think|guess|believe|got|get|found|have|say)|i'd say|i would say|i mean|we get|you get|"
    r"could it be|would it be|"
    r"(?:what|how) about|what if it(?: is|'s)|is it|is that|it's|its|it is|it equals|it must be|"
    r"it should be|that's|that is|that gives|which gives|this gives|this is|"
    r"(?:the |my |our |final )*(?:answer|solution|result|value|total)(?: (?:of|for) [a-z])?"
    r"(?: (?:is|was|equals|=|would be|must be|should be))?|"
    r"is|equals|gives)(?![A-Za-z])\s*[:,=]?\s*",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?:\s*,?\s+(?:because|since|as|cause|cuz)\s.*|\s*,?\s*\b(?:i think|i guess|i believe|right|"
    r"maybe|please|is (?:my|the) answer|correct|is it|isn't it|sir|miss|thanks|thank you))[\s?.!]*$",
    re.IGNORECASE,
)
_EQUALS = re.compile(
    r"^([A-Za-z])\s+(?:is equal to|is|equals|equal to|has the value|must be|should be)\s+", re.IGNORECASE
)


def bare(text: str) -> str:
    """``text`` without the words around the answer. ``x is 7`` becomes ``x = 7``."""
    text = re.sub(r"^\*\*(.+)\*\*$", r"\1", text.strip()).strip()
    text = _TRAIL.sub("", text).rstrip(" ?.;")
    for _ in range(6):
        shorter = _LEAD_IN.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    text = _EQUALS.sub(r"\1 = ", text)
    return text.lstrip("= ").strip()
