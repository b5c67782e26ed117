r"""Placeholders in a course's texts: ``{b-a}`` becomes its value, and the signs around it read as a person writes them.

``x + {a}`` with a = -3 reads ``x - 3``; ``{a}x`` with a = 1 reads ``x``; a fraction inside ``$…$`` becomes
``\frac{1}{2}``. Braces of LaTeX stay: those after a command, ``^``, ``_`` or another LaTeX group are groups, so a
placeholder in a fraction is written ``\frac{{a}}{{b}}``. ``\{`` and ``\}`` are literal braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from tutor.expressions import ExpressionError, evaluate

#: A command and its optional argument: ``\\sqrt[3]``.
_AFTER_COMMAND = re.compile(r"\\[A-Za-z]+(?:\[[^\[\]]*\])?$")
_LAST_OPERATOR = re.compile(r"([+-])\s*$")
_TIMES = re.compile(r"(\\cdot|\\times|\\div|[*/·×÷])\s*$")
_VARIABLE = re.compile(r"[A-Za-z](?![A-Za-z])")


def fill(text: str, names: Mapping[str, int]) -> str:
    """``text`` with every placeholder filled in. Raises ``ExpressionError`` where one cannot be."""
    if "{" not in text and "}" not in text:
        return text
    return _Filler(text, names).run()


class _Filler:
    def __init__(self, text: str, names: Mapping[str, int]) -> None:
        self._text = text
        self._names = names
        self._out = ""
        self._math = False
        #: For each open LaTeX group: nothing more than that it is open.
        self._groups = 0
        self._group_just_closed = False

    def run(self) -> str:
        at = 0
        while at < len(self._text):
            char = self._text[at]
            if char == "\\" and at + 1 < len(self._text) and not self._text[at + 1].isalpha():
                self._put(self._text[at : at + 2])
                at += 2
            elif char == "{":
                at = self._brace(at)
            elif char == "}":
                if not self._groups:
                    raise ExpressionError("a closing brace without an opening one; write \\} for a literal brace")
                self._groups -= 1
                self._put(char)
                self._group_just_closed = True
                at += 1
            else:
                if char == "$":
                    self._math = not self._math
                self._put(char)
                at += 1
        if self._groups:
            raise ExpressionError("a brace is not closed")
        return self._out

    def _put(self, text: str) -> None:
        self._out += text
        self._group_just_closed = False

    def _brace(self, at: int) -> int:
        if self._group_just_closed or self._out.endswith(("^", "_")) or _AFTER_COMMAND.search(self._out):
            self._groups += 1
            self._put("{")
            return at + 1
        end = self._text.find("}", at)
        if end < 0:
            raise ExpressionError("a brace is not closed")
        inner = self._text[at + 1 : end]
        try:
            value = evaluate(inner, self._names)
        except ExpressionError as error:
            raise ExpressionError(f"in {{{inner}}}: {error}") from None
        self._value(value, self._text[end + 1 :])
        return end + 1

    def _value(self, value: Fraction, rest: str) -> None:
        if value < 0:
            sign = _LAST_OPERATOR.search(self._out)
            # "2 + -3" reads "2 - 3"; at a beginning ("= -3", "(-3") the minus is the number's own.
            if sign and self._out[: sign.start()].rstrip(" $")[-1:] not in {"", "=", "(", "{", "+", "-", ","}:
                flipped = "-" if sign[1] == "+" else "+"
                self._out = self._out[: sign.start()] + flipped + self._out[sign.end(1) :]
                value = -value
            elif _TIMES.search(self._out):
                self._put(f"({self._written(value)})")
                return
        coefficient = _VARIABLE.match(rest) is not None or (self._math and rest.startswith("("))
        if coefficient and abs(value) == 1 and not self._out[-1:].isalnum():
            self._put("-" if value < 0 else "")
            return
        self._put(self._written(value))

    def _written(self, value: Fraction) -> str:
        if value.denominator == 1 or not self._math:
            return str(value)
        sign = "-" if value < 0 else ""
        return f"{sign}\\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
