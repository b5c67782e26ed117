"""Whether two formulas are the same function: at 14 rational points of several sizes and both signs.

A rational function is compared exactly, so two different ones of degree 60 agree at six random points with a chance
below 10^-12; the points depend on both formulas, so that no answer can be made to fit them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction

from tutor.checking.algebra.evaluation import Undefined, Value, divided, same_value, sign_of, value_at
from tutor.checking.algebra.tree import Function, Negative, Node, Product, Quotient, Sum, text_of

#: Points at which both formulas must have a value.
GOOD_POINTS = 6
#: Sizes of the points in the order tried: near zero, ordinary, large; both signs.
_BANDS = (
    *((0, 1), (1, 10), (-1, 0), (0, 1), (-10, -1), (1, 10), (10, 100)),
    *((0, 1), (-1, 0), (1, 10), (-10, -1), (-100, -10), (100, 1_000), (-1_000, -100)),
)
#: How many more rounds through the sizes are tried where the first gives too few good points.
_ROUNDS = 4


class Undecided(ArithmeticError):
    """The formulas have too few values in common to be compared."""


def same_function(one: Node, other: Node) -> bool:
    """Whether both have the same value wherever both have one. Raises ``Undecided``.

    Where the right formula takes an absolute value, having none where it has one counts as different: ``ln x`` is not
    ``ln |x|``.
    """
    if one == other:
        return True
    strict = any(isinstance(node, Function) and node.name == "abs" for node in other.walk())
    for _, left, right in _compared(one, other):
        if left is None or right is None:
            if strict and left is None and right is not None:
                return False
        elif not same_value(left, right):
            return False
    return True


def proportion(one: Node, other: Node) -> Value | None:
    """The number c with ``one = c * other`` everywhere; None where there is none. Raises ``Undecided``."""
    ratio: Value | None = None
    for _, left, right in _compared(one, other):
        if left is None or right is None:
            continue
        zero = sign_of(right) == 0
        if zero != (sign_of(left) == 0):
            return None
        if zero:
            continue
        here = divided(left, right)
        if ratio is None:
            ratio = here
        elif not same_value(here, ratio):
            return None
    return ratio


def is_zero(node: Node) -> bool:
    """Whether the formula is zero wherever it has a value. Raises ``Undecided``."""
    return all(left is None or sign_of(left) == 0 for _, left, _ in _compared(node, node))


def cleared(left: Node, right: Node) -> Node:
    """``left - right`` times every denominator in it that has an unknown: zero where the equation holds."""
    residual: Node = Sum((left, Negative(right)))
    divisors = {node.bottom for node in residual.walk() if isinstance(node, Quotient) and node.bottom.symbols}
    ordered = sorted(divisors, key=text_of)
    return Product((residual, *ordered)) if ordered else residual


def _compared(one: Node, other: Node) -> Iterator[tuple[Mapping[str, Fraction], Value | None, Value | None]]:
    """Points and both values there, None where a formula has none. Raises ``Undecided`` after too few good points.

    The empty point alone where neither has an unknown.
    """
    names = tuple(sorted(one.symbols | other.symbols))
    if not names:
        left, right = _at(one, {}), _at(other, {})
        if left is None or right is None:
            raise Undecided
        yield {}, left, right
        return
    if any(not node.symbols and _at(node, {}) is None for node in (one, other)):
        # It has no value here, nor anywhere else.
        raise Undecided
    draw = random.Random("\n".join(sorted((text_of(one), text_of(other)))))  # noqa: S311 — sample points, not secrets
    good = 0
    for turn in range(_ROUNDS):
        for at in range(len(_BANDS)):
            # The first unknown goes through the sizes in turn; the others meet each of them in another order.
            bands = [_BANDS[(at + (5 + turn) * place) % len(_BANDS)] for place in range(len(names))]
            point = {name: _within(*band, draw) for name, band in zip(names, bands, strict=True)}
            left, right = _at(one, point), _at(other, point)
            good += left is not None and right is not None
            yield point, left, right
        if good >= GOOD_POINTS:
            return
    raise Undecided


def _within(low: int, high: int, draw: random.Random) -> Fraction:
    bottom = draw.choice((97, 101, 103, 107, 109, 113, 127))
    return Fraction(draw.randrange(low * bottom + 1, high * bottom), bottom)


def _at(node: Node, point: Mapping[str, Fraction]) -> Value | None:
    try:
        return value_at(node, point)
    except Undefined:
        return None
