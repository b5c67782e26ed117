"""The small arithmetic language of courses: ``b - a``, ``(a + 1) / 2``, ``a^2``. Exact, bounded, its own parser.

``expression = term (("+" | "-") term)*`` · ``term = factor (("*" | "/") factor)*`` ·
``factor = ("+" | "-") factor | power`` · ``power = atom ("^" factor)?`` · ``atom = number | name | "(" expression ")"``

The answer checker reads a learner's unfinished arithmetic with the same parser, so every limit stands before the work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

MAX_CHARS = 300
MAX_TOKENS = 160
MAX_DEPTH = 30
MAX_DIGITS = 30
MAX_EXPONENT = 200
#: No intermediate value may grow beyond this, above or below the fraction bar.
MAX_MAGNITUDE = 10**60

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<op>[-+*/^()]))"
)


class ExpressionError(ValueError):
    """This is not an expression of the course language; the message says where it stops being one."""


def evaluate(text: str, names: Mapping[str, Fraction | int] | None = None) -> Fraction:
    """The exact value of ``text`` with ``names`` filled in. Raises ``ExpressionError``."""
    return _Parser(text, names or {}).value()


class _Parser:
    def __init__(self, text: str, names: Mapping[str, Fraction | int]) -> None:
        if len(text) > MAX_CHARS:
            raise ExpressionError(f"an expression has at most {MAX_CHARS} characters")
        self._tokens = _tokens(text)
        self._names = names
        self._at = 0
        self._depth = 0

    def value(self) -> Fraction:
        result = self._expression()
        if self._at < len(self._tokens):
            raise ExpressionError(f"unexpected {self._tokens[self._at][1]!r}")
        return result

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise ExpressionError("the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expression(self) -> Fraction:
        result = self._term()
        while self._peek() in {"+", "-"}:
            _, op = self._take()
            right = self._term()
            result = _bounded(result + right if op == "+" else result - right)
        return result

    def _term(self) -> Fraction:
        result = self._factor()
        while self._peek() in {"*", "/"}:
            _, op = self._take()
            right = self._factor()
            if op == "/" and right == 0:
                raise ExpressionError("division by zero")
            result = _bounded(result * right if op == "*" else result / right)
        return result

    def _factor(self) -> Fraction:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ExpressionError(f"an expression is nested at most {MAX_DEPTH} deep")
        try:
            if self._peek() in {"+", "-"}:
                _, op = self._take()
                inner = self._factor()
                return -inner if op == "-" else inner
            return self._power()
        finally:
            self._depth -= 1

    def _power(self) -> Fraction:
        base = self._atom()
        if self._peek() != "^":
            return base
        self._take()
        return _power(base, self._factor())

    def _atom(self) -> Fraction:
        kind, text = self._take()
        if kind == "number":
            return Fraction(text)
        if kind == "name":
            if text not in self._names:
                known = ", ".join(sorted(self._names)) or "none"
                raise ExpressionError(f"unknown name {text!r} (known: {known})")
            return Fraction(self._names[text])
        if text != "(":
            raise ExpressionError(f"unexpected {text!r}")
        inner = self._expression()
        if self._at >= len(self._tokens) or self._take()[1] != ")":
            raise ExpressionError("a bracket is not closed")
        return inner


@lru_cache(maxsize=4_096)
def _tokens(text: str) -> tuple[tuple[str, str], ...]:
    """The parts of an expression; kept, for a course says the same ones again and again."""
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ExpressionError(f"unexpected {text[at:].lstrip()[:1]!r}")
        kind = found.lastgroup or ""
        if kind == "number" and len(found[kind]) > MAX_DIGITS + 1:
            raise ExpressionError(f"a number has at most {MAX_DIGITS} digits")
        tokens.append((kind, found[kind]))
        if len(tokens) > MAX_TOKENS:
            raise ExpressionError(f"an expression has at most {MAX_TOKENS} parts")
        at = found.end()
    return tuple(tokens)


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > MAX_EXPONENT:
        raise ExpressionError(f"an exponent is a whole number up to {MAX_EXPONENT}")
    size = max(abs(base.numerator), base.denominator)
    # (digits - 1) * exponent is a lower bound of the result's digits: refuse before computing.
    if size > 1 and (len(str(size)) - 1) * abs(int(exponent)) > len(str(MAX_MAGNITUDE)):
        raise ExpressionError("a power is too large")
    if base == 0 and exponent < 0:
        raise ExpressionError("division by zero")
    return _bounded(base ** int(exponent))


def _bounded(value: Fraction) -> Fraction:
    if max(abs(value.numerator), value.denominator) > MAX_MAGNITUDE:
        raise ExpressionError("a value is too large")
    return value
