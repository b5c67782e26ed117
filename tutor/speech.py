"""What a text says about an answer: whether it accepts it, rejects it, or leaves the verdict to code."""

from __future__ import annotations

import re

#: What is not the tutor's own word: quotations, options, and what is only to be thought about.
_QUOTED = re.compile(r"“[^”]*”|\"[^\"\n]*\"|^\s*>.*$|\*\*Think about it:\*\*[^\n]*|^- \*\*\w+\*\*\) .*$", re.MULTILINE)
_PRAISE = re.compile(
    r"\b(?:(?:that|this|it|you|your answer|yours)(?: is|'s|'re| are| was| got it)? (?:now |completely |quite |also |"
    r"absolutely |indeed |all )?(?:correct|right)|correct[.!,]|(?:yes|exactly|perfect|well done|great job|good job|"
    r"excellent|bravo|spot on|full marks)\b[.!,]|you(?:'ve| have)? (?:got it|solved it|nailed it|mastered)|"
    r"marked (?:as )?(?:correct|right)|full marks|10/10|100 ?%)",
    re.IGNORECASE,
)
_BLAME = re.compile(
    r"\b(?:(?:that|this|it|your answer)(?: is|'s| was) (?:not (?:quite |yet )?(?:right|correct|it)|wrong|incorrect|"
    r"false|a mistake)|not (?:quite|yet)\b[.:,]|incorrect\b|wrong answer|try (?:it )?again)",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:not|n't|never|nothing|if|whether|unless|until|when|once|check(?:ing)?|how|part(?:ly)?|almost|value|"
    r"that you (?:are|were)|which|what|are you sure)\b[^.!?;:]*$",
    re.IGNORECASE,
)


def own_words(text: str) -> str:
    """A text without quotations, options and formulas."""
    return re.sub(r"\$[^$\n]*\$", "x", _QUOTED.sub(" ", text.replace("’", "'")))


def accepts(text: str) -> str | None:
    """The words by which a text calls an answer right; None where it does not. "Check whether it is right" does not."""
    plain = own_words(text)
    for found in _PRAISE.finditer(plain):
        if not _HEDGED.search(plain[: found.start()].rpartition("\n")[2]):
            return found[0].strip()
    return None


def rejects(text: str) -> str | None:
    """The words by which a text calls an answer wrong; None where it does not."""
    found = _BLAME.search(own_words(text))
    return found[0].strip() if found else None
