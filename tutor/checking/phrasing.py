"""The words people put around an answer: ``I think it's … because …``, ``the answer is …``, ``… right?``."""

from __future__ import annotations

import re

_LEAD_IN = re.compile(
    r"^(?:so|then|thus|hence|therefore|ok|okay|well|um+|hmm+|oh|maybe|perhaps|probably|yes|and|(?:no,? )?wait|both|"
    r"definitely|actually|let me say|let's say|it(?: would| will| has to| must| should| could| might)(?: be)?|"
    r"that(?: makes| would be| will be| must be)|(?:there|they|these)(?: is| are| were| will be)|"
    r"(?:we|they|you|he|she)(?: have| has)|about|around|roughly|approximately|approx\.?|ca\.|≈|~|\\approx|"
    r"(?:the )?(?:solutions?|numbers?|values?|roots?|zeros|zeroes|points?|intervals?|speed|price|side|length)"
    r"(?: of [a-z])?(?: (?:is|are|was|=))?|(?:its|the) (?:speed|price|side|length|area|mass|weight)(?: is)?|"
    r"(?:they|the (?:lines|graphs|curves)|it) (?:meet|cross|intersect|cut)s?(?: each other)?(?: at| in)?|"
    r"at(?! least| most)|"
    r"i (?:think|guess|believe|got|get|found|have|say)|i'd say|i would say|i mean|we get|you get|"
    r"could it be|would it be|"
    r"(?:what|how) about|what if it(?: is|'s)|is it|is that|it's|its|it is|it equals|it must be|"
    r"it should be|that's|that is|that gives|which gives|this gives|this is|"
    r"(?:the |my |our |final )*(?:answers?|ans|solution|result|value|total)(?: (?:of|for) [a-z])?"
    r"(?: (?:is|was|equals|=|would be|must be|should be))?|"
    r"is|equals|gives|costs?|it costs)(?![A-Za-z])\s*[:,=]?\s*",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"(?:\s*,?\s+(?:because|since|as|cause|cuz)\s.*|\s*,?\s*\b(?:i think|i guess|i believe|right|"
    r"maybe|please|is (?:my|the) (?:final )?answer|correct|is it|isn't it|sir|miss|thanks|thank you|in total|"
    r"in all|altogether|all together|now|each|of them|long|then))[\s?.!]*$",
    re.IGNORECASE,
)
_EQUALS = re.compile(
    r"^([A-Za-z])(?:\s+(?:is equal to|is|equals|equal to|has the value|must be|should be|has to be)\s+"
    r"(?!(?:greater|less|more|bigger|larger|smaller|lower|higher|fewer|at|above|below|under|over|not?|between)\b)|"
    r":\s+(?=[-+0-9(±.])|"
    r"\s*(?:->|→|⇒|➔|\\to|\\rightarrow)\s*(?=[-+0-9(±.]))",
    re.IGNORECASE,
)
#: Smileys and other pictures, and exclamations where nothing can be a factorial.
_SMILE = re.compile(
    r"(?:\s*(?::-?[)D(Pp/]|;-?\)|[\u2600-\u27bf\U0001f300-\U0001faff\ufe0f])|!{2,}|(?<=[A-Za-z])!)+\s*$"
)
#: What joins the steps of a solution.
_THEN = r"[,;\n]|->|=>|→|⇒|\\Rightarrow|\b(?:and so|so|then|thus|therefore)\b"
#: "2x = 8, so x = 4": steps, and the answer behind them.
_STEPS = re.compile(rf"^(?P<steps>.*=.*?)\s*(?:{_THEN})[\s,]*(?P<last>[A-Za-z]\s*=[^=<>]+)$", re.IGNORECASE | re.DOTALL)
_ASSIGNED = re.compile(rf"(?:^|{_THEN})\s*([A-Za-z])\s*=\s*([-+]?[0-9][0-9./]*)\s*(?=$|{_THEN})", re.IGNORECASE)
#: "4.33…": the digits go on.
_GOES_ON = re.compile(r"[0-9][.,][0-9]+\s*(?:\.{2,}|…)$")


def bare(text: str) -> str:
    """``text`` without the words around the answer. ``x is 7`` becomes ``x = 7``."""
    text = re.sub(r"^\*\*(.+)\*\*$", r"\1", text.strip()).strip()
    text = _SMILE.sub("", text)
    text = _TRAIL.sub("", text)
    text = text if _GOES_ON.search(text) else text.rstrip(" ?.;,\\")
    for _ in range(6):
        shorter = _LEAD_IN.sub("", text, count=1)
        if shorter == text:
            break
        text = shorter
    text = _EQUALS.sub(r"\1 = ", text)
    return text.lstrip("= ").strip()


def last_step(text: str) -> str:
    """``x = 4`` of ``2x = 8, so x = 4``. Unchanged where there are no steps, or where they name another value."""
    found = _STEPS.match(text)
    if found is None:
        return text
    name, _, value = found["last"].partition("=")
    named = _ASSIGNED.findall(found["steps"])
    if any(one.lower() == name.strip().lower() and other != value.strip() for one, other in named):
        return text
    return found["last"].strip()
