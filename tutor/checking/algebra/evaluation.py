"""The value of a formula at a point: an exact rational as long as it stays one, otherwise a real number of 40 digits.

Real numbers only: a root or logarithm of a negative number is ``Undefined``, an odd root of one is negative.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import mpmath

from tutor.checking.algebra import limits
from tutor.checking.algebra.tree import (
    Constant,
    Function,
    Mixed,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
)

DIGITS = 40
#: Two inexact values are the same where they differ by less than this, relative to their size.
TOLERANCE = Fraction(1, 10**25)
#: What is left of an inexact zero at most.
NOISE = Fraction(1, 10**33)

#: A ``Fraction``, or mpmath's real number.
Value = Any


class Undefined(ArithmeticError):
    """The formula has no real value here, or one too large to be computed."""


class _Reals(threading.local):
    """A context of arithmetic for each thread: its functions raise the working precision for a moment."""

    def __init__(self) -> None:
        self.context = mpmath.MPContext()
        self.context.dps = DIGITS


_reals = _Reals()


def value_at(node: Node, point: Mapping[str, Fraction] | None = None) -> Value:
    """The value with the unknowns at ``point``. Raises ``Undefined``, ``KeyError`` for an unknown without a value."""
    try:
        return _value(node, point or {})
    except (ZeroDivisionError, ValueError, OverflowError):
        raise Undefined from None


def same_value(one: Value, other: Value) -> bool:
    """Exactly equal where both are rational; otherwise within ``TOLERANCE``."""
    if isinstance(one, Fraction) and isinstance(other, Fraction):
        return one == other
    a, b = _real(one), _real(other)
    return bool(abs(a - b) <= max(_real(TOLERANCE) * max(abs(a), abs(b)), _real(NOISE)))


def sign_of(value: Value) -> int:
    """-1, 0 or 1; an inexact value below ``NOISE`` is zero."""
    if value == 0 or (not isinstance(value, Fraction) and abs(value) <= _real(NOISE)):
        return 0
    return 1 if value > 0 else -1


def as_fraction(value: Value) -> Fraction:
    """The value as a rational number: itself, or what its 40 digits say."""
    if isinstance(value, Fraction):
        return value
    negative, mantissa, exponent, _ = value._mpf_
    return Fraction(int(-mantissa if negative else mantissa)) * Fraction(2) ** int(exponent)


def constant(node: Node) -> Value | None:
    """The value of a formula without unknowns; None where it has some, or no value."""
    if node.symbols:
        return None
    try:
        return value_at(node)
    except Undefined:
        return None


def _value(node: Node, point: Mapping[str, Fraction]) -> Value:
    match node:
        case Number(value):
            return value
        case Symbol(name):
            return point[name]
        case Negative(of):
            return -_value(of, point)
        case Sum(terms):
            total = _value(terms[0], point)
            for term in terms[1:]:
                total = _add(total, _value(term, point))
            return _bounded(total)
        case Product(factors):
            product = _value(factors[0], point)
            for factor in factors[1:]:
                product = _multiply(product, _value(factor, point))
            return _bounded(product)
        case Quotient(top, bottom):
            return _bounded(divided(_value(top, point), _value(bottom, point)))
        case Power(base, exponent):
            return _bounded(_power(_value(base, point), _value(exponent, point)))
        case Mixed():
            return node.value
        case Constant(name):
            return _constant(name)
        case Function(name, arguments):
            return _bounded(_applied(name, [_value(argument, point) for argument in arguments]))
    raise TypeError(f"not a formula: {node!r}")


def _real(value: Value) -> Value:
    if isinstance(value, Fraction):
        return _reals.context.mpf(value.numerator) / value.denominator
    return value


def _add(one: Value, other: Value) -> Value:
    exact = isinstance(one, Fraction) and isinstance(other, Fraction)
    return one + other if exact else _real(one) + _real(other)


def _multiply(one: Value, other: Value) -> Value:
    exact = isinstance(one, Fraction) and isinstance(other, Fraction)
    return one * other if exact else _real(one) * _real(other)


def divided(one: Value, other: Value) -> Value:
    """The quotient. Raises ``Undefined`` or ``ZeroDivisionError`` where there is none."""
    exact = isinstance(one, Fraction) and isinstance(other, Fraction)
    if not exact and sign_of(other) == 0:
        raise Undefined
    return one / other if exact else _real(one) / _real(other)


def _bounded(value: Value) -> Value:
    if isinstance(value, Fraction):
        if max(value.numerator.bit_length(), value.denominator.bit_length()) > limits.MAX_EXACT_BITS:
            raise Undefined
        return value
    _, mantissa, exponent, bits = value._mpf_
    if (not mantissa and exponent) or abs(exponent + bits) > limits.MAX_BINARY_EXPONENT:
        if mantissa and exponent + bits < 0:
            return _reals.context.mpf(0)
        raise Undefined
    return value


def _constant(name: str) -> Value:
    if name == "infinity":
        raise Undefined
    return +(_reals.context.pi if name == "pi" else _reals.context.e)


def _power(base: Value, exponent: Value) -> Value:
    if isinstance(exponent, Fraction):
        if exponent.denominator == 1:
            return _whole_power(base, exponent.numerator)
        return _rational_power(base, exponent)
    if base <= 0:
        raise Undefined
    return _exponential(exponent * _reals.context.ln(_real(base)))


def _whole_power(base: Value, exponent: int) -> Value:
    if base == 0 and exponent <= 0:
        raise Undefined
    if isinstance(base, Fraction):
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if bits * abs(exponent) <= limits.MAX_EXACT_BITS:
            return base**exponent
        if abs(exponent) > limits.MAX_BINARY_EXPONENT:
            raise Undefined
    if abs(exponent) > limits.MAX_BINARY_EXPONENT:
        raise Undefined
    return _real(base) ** exponent


def _rational_power(base: Value, exponent: Fraction) -> Value:
    if max(abs(exponent.numerator), exponent.denominator) > limits.MAX_BINARY_EXPONENT:
        if base <= 0:
            raise Undefined
        return _exponential(_real(exponent) * _reals.context.ln(_real(base)))
    return _whole_power(_root(base, exponent.denominator), exponent.numerator)


def _root(value: Value, index: int) -> Value:
    """The real root; exact where the number is a perfect power."""
    if value < 0:
        if index % 2 == 0:
            raise Undefined
        return -_root(-value, index)
    if isinstance(value, Fraction):
        top, bottom = _whole_root(value.numerator, index), _whole_root(value.denominator, index)
        if top is not None and bottom is not None:
            return Fraction(top, bottom)
    return _reals.context.root(_real(value), index)


def _whole_root(value: int, index: int) -> int | None:
    if value < 2:
        return value
    if value.bit_length() > 1_000:
        return None
    # Newton's steps from above, in whole numbers.
    guess = 1 << -(-value.bit_length() // index)
    while True:
        better = ((index - 1) * guess + value // guess ** (index - 1)) // index
        if better >= guess:
            return guess if guess**index == value else None
        guess = better


def _exponential(exponent: Value) -> Value:
    if abs(exponent) > limits.MAX_BINARY_EXPONENT:
        raise Undefined
    return _reals.context.exp(_real(exponent))


def _applied(name: str, values: list[Value]) -> Value:
    value = values[0]
    match name:
        case "sqrt":
            return _root(value, 2)
        case "cbrt":
            return _root(value, 3)
        case "root":
            index = values[1]
            if not isinstance(index, Fraction) or index.denominator != 1 or not 1 < index <= limits.MAX_EXPONENT:
                raise Undefined
            return _root(value, int(index))
        case "abs":
            return abs(value)
        case "exp":
            return Fraction(1) if value == 0 else _exponential(value)
        case "ln":
            return _logarithm(value)
        case "log":
            return _logarithm_to(value, values[1])
    return _trigonometric(name, _real(value))


def _logarithm(value: Value) -> Value:
    if value <= 0:
        raise Undefined
    return Fraction(0) if value == 1 else _reals.context.ln(_real(value))


def _logarithm_to(value: Value, base: Value) -> Value:
    if base == 1:
        raise Undefined
    return divided(_logarithm(value), _logarithm(base))


def _trigonometric(name: str, value: Value) -> Value:
    context = _reals.context
    if name in {"arcsin", "arccos"} and abs(value) > 1:
        raise Undefined
    match name:
        case "sin" | "cos" | "tan" | "sinh" | "cosh" | "tanh":
            if name.endswith("h") and abs(value) > limits.MAX_BINARY_EXPONENT:
                raise Undefined
            return getattr(context, name)(value)
        case "cot":
            return divided(context.cos(value), context.sin(value))
        case "sec":
            return divided(Fraction(1), context.cos(value))
        case "csc":
            return divided(Fraction(1), context.sin(value))
        case "arcsin" | "arccos" | "arctan":
            return getattr(context, name.replace("arc", "a"))(value)
    raise Undefined
