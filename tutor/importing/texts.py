r"""Texts of other programs as texts of a course: formulas between single dollars, and no brace taken for a placeholder.

In a course ``{b-a}`` is a placeholder. So braces outside of formulas are escaped, and inside of formulas those groups
go that only hold together what stands together anyway: ``f{\left(x\right)}`` is ``f\left(x\right)``.
"""

from __future__ import annotations

import re

from tutor.importing.item import Refused

#: What follows these is an argument, so the braces are LaTeX's own and the course leaves them alone.
_TAKES_GROUP = re.compile(r"(?:\\[A-Za-z]+(?:\[[^\[\]]*\])?|[\^_])\Z")
#: In these the group limits what a command applies to: taken away, it would apply to the rest of the formula.
_SCOPED = re.compile(r"\\(?:over|choose|atop|bf|rm|it|sf|tt|cal|displaystyle|textstyle|color)(?![A-Za-z])")


def prose(text: str) -> str:
    """Plain words as Markdown: what looks like markup or like a placeholder is taken literally."""
    escaped = re.sub(r"([\\`*_{}\[\]<>$~|])", r"\\\1", text)
    return re.sub(r"^(\s*)([#+-]|\d+[.)])(?=\s)", r"\1\\\2", escaped, flags=re.MULTILINE)


def braces_escaped(markdown: str) -> str:
    """Markdown without formulas, its braces taken literally."""
    return re.sub(r"(?<!\\)([{}])", r"\\\1", markdown)


def formula(latex: str) -> str:
    r"""LaTeX as a formula of a course's text, dollars included. Raises ``Refused`` where its groups are not closed."""
    inner = latex.strip().replace("\n", " ")
    if not inner:
        return ""
    if "$" in inner.replace("\\$", ""):
        raise Refused("a formula has a dollar sign inside")
    return f"${_without_idle_groups(inner).strip()}$"


def joined(parts: list[str]) -> str:
    """Words and formulas in a row; a digit beside a dollar would make money of it."""
    text = ""
    for part in parts:
        if (text.endswith("$") and part[:1].isdigit()) or (part.startswith("$") and text[-1:].isdigit()):
            text += " "
        text += part
    return text


def _without_idle_groups(latex: str) -> str:
    out: list[str] = []
    #: For each open group: whether its braces are written.
    kept: list[bool] = []
    just_closed = False
    at = 0
    while at < len(latex):
        char = latex[at]
        if char == "\\" and at + 1 < len(latex) and not latex[at + 1].isalpha():
            out.append(latex[at : at + 2])
            just_closed = False
            at += 2
            continue
        if char == "{":
            end = _closing(latex, at)
            keep = just_closed or _TAKES_GROUP.search("".join(out[-60:])) is not None
            if not keep and _SCOPED.search(latex[at:end]):
                raise Refused("a formula uses a command of old TeX that applies to a group, such as \\over")
            kept.append(keep)
            if keep:
                out.append(char)
            just_closed = False
        elif char == "}":
            if not kept:
                raise Refused("a formula closes a brace that it did not open")
            just_closed = kept.pop()
            # Where a kept group ended, the next one is its command's further argument.
            if just_closed:
                out.append(char)
        else:
            out.append(char)
            just_closed = False
        at += 1
    return "".join(out)


def _closing(latex: str, opening: int) -> int:
    depth = 0
    at = opening
    while at < len(latex):
        if latex[at] == "\\":
            at += 2
            continue
        depth += {"{": 1, "}": -1}.get(latex[at], 0)
        if depth == 0:
            return at
        at += 1
    raise Refused("a formula opens a brace that it does not close")
