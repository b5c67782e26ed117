"""Whether a formula is small enough to be computed: found by adding up sizes, before anything is computed."""

from __future__ import annotations

import math

from tutor.checking.algebra import limits
from tutor.checking.algebra.tree import Mixed, Negative, Node, Number, Power, Product, Quotient, Symbol
from tutor.checking.malformed import MalformedAnswer

_MAX_BITS = math.log2(limits.MAX_MAGNITUDE) + 1


def check_size(node: Node) -> None:
    """Raises ``MalformedAnswer`` where powers make the formula too large."""
    _measure(node)


def _measure(node: Node) -> tuple[float, float]:
    """Upper bounds of the degree in all unknowns and of the bits of its numbers."""
    match node:
        case Number(value):
            return 0, math.log2(max(value.numerator, value.denominator, 1))
        case Mixed(whole, top, bottom):
            return 0, math.log2((whole + 1) * bottom + top)
        case Symbol():
            return 1, 1
        case Power(base, exponent):
            return _power(base, exponent)
    sizes = [_measure(part) for part in node.parts]
    if not sizes:
        return 0, 2
    degrees, bits = zip(*sizes, strict=True)
    degree = sum(degrees) if isinstance(node, Product) else max(degrees)
    size = sum(bits) if isinstance(node, Product | Quotient) else max(bits) + len(bits) - 1
    _check_degree(degree)
    return degree, size


def _power(base: Node, exponent: Node) -> tuple[float, float]:
    degree, bits = _measure(base)
    exponent_degree, exponent_bits = _measure(exponent)
    if exponent_degree:
        _check_degree(degree + exponent_degree)
        return degree + exponent_degree, bits + exponent_bits
    times = max(_magnitude(exponent, exponent_bits), 1.0)
    if times > limits.MAX_EXPONENT or (degree == 0 and times > 1 and bits * times > _MAX_BITS):
        raise _too_large()
    _check_degree(degree * times)
    return degree * times, bits * times


def _magnitude(node: Node, bits: float) -> float:
    """An upper bound of a constant's size; exact where it is written out."""
    match node:
        case Number(value):
            return float(value)
        case Mixed():
            return float(node.value)
        case Negative(of):
            return _magnitude(of, bits)
        case Quotient(Number(top), Number(bottom)) if bottom:
            return float(top / bottom)
    return float(2.0 ** min(bits, 64.0))


def _check_degree(degree: float) -> None:
    if degree > limits.MAX_DEGREE:
        raise _too_large()


def _too_large() -> MalformedAnswer:
    return MalformedAnswer("too_large", "The powers in that are too large to be the answer; please check it.")
