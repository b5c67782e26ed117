r"""Formulas in running text: between ``$…$`` or ``\(…\)``, and what looks like one outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: Formulas read out of one text; a sentence has few.
MAX_SPANS = 100

_DELIMITED = re.compile(r"\$\$([^$]{1,300})\$\$|\$([^$]{1,300})\$|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]", re.DOTALL)
#: "$x = 1$ or $x = 2$" is one answer.
_LINKED = re.compile(r"\$\s*(or|and|,|;|∪)\s*\$")
_WORD = (
    r"(?:[0-9]+(?:[.,][0-9]+)*[A-Za-z]{0,3}(?![A-Za-z])|[A-Za-z](?![A-Za-z'])|"
    r"(?:sqrt|arcsin|arccos|arctan|sinh|cosh|tanh|sin|cos|tan|cot|ln|log|exp|abs|pi|infinity)(?![A-Za-z])|"
    r"[-−–+*/^()=<>|{}\[\]×·÷±≤≥≠√π∞∪⁰¹²³⁴⁵⁶⁷⁸⁹½⅓¼¾⅔]|\\[A-Za-z]+|[,;](?=\s?[-−0-9(\[{A-Za-z]))"
)
_BARE = re.compile(rf"(?<![A-Za-z]){_WORD}(?: {{0,2}}{_WORD}){{0,80}}")
#: An article or a pronoun in front of a formula is no factor of it.
_FRONT = re.compile(r"^(?:[aAI] +|[,;)\]}=*/^]\s*)+")
_BACK = " ,;({[+*/^=<>-"
_MEANT = re.compile(r"[0-9\\√π∞]|[A-Za-z]\s*[-+*/^=<>]|^[A-Za-z]$")
_MARKUP = re.compile(r"(?<![\w)])\*{1,3}(?=\S)|(?<=\S)\*{1,3}(?![\w(])|`")


def formulas_in(text: str) -> Iterator[str]:
    """The pieces of ``text`` that may be formulas, as they stand there; sides of an equation come with it."""
    found = 0
    at = 0
    text = _LINKED.sub(r" \1 ", text)
    for span in _DELIMITED.finditer(text):
        for piece in (*_outside(text[at : span.start()]), next(group for group in span.groups() if group)):
            yield piece
            found += 1
            if found >= MAX_SPANS:
                return
        at = span.end()
    for piece in _outside(text[at:]):
        yield piece
        found += 1
        if found >= MAX_SPANS:
            return


def _outside(text: str) -> Iterator[str]:
    for span in _BARE.finditer(_MARKUP.sub("", text)):
        piece = _FRONT.sub("", span[0]).rstrip(_BACK)
        piece = piece[:-2].rstrip(_BACK) if piece.endswith((" a", " A", " I")) else piece
        if piece and len(piece) <= 300 and _MEANT.search(piece):
            yield piece
