"""A formula with its finished arithmetic carried out: what a course's template becomes once its parameters are drawn.

``-3*x + 0`` becomes ``-3*x``, ``1*x^1`` becomes ``x``; like terms and brackets stay as the author wrote them.
"""

from __future__ import annotations

from fractions import Fraction

from tutor.checking.algebra.evaluation import constant
from tutor.checking.algebra.tree import (
    Function,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Sum,
    Symbol,
    rational,
    rebuilt,
)

ZERO, ONE = Number(Fraction(0)), Number(Fraction(1))


def folded(node: Node) -> Node:
    """``node`` with numbers computed and neutral parts left out; the same function."""
    if not node.parts:
        return node
    node = rebuilt(node, tuple(folded(part) for part in node.parts))
    if not any(isinstance(part, Function) for part in node.walk()):
        value = constant(node)
        if isinstance(value, Fraction):
            return rational(value)
    match node:
        case Negative(Negative(of)):
            return of
        case Sum(terms):
            return _sum([term for term in terms if term != ZERO])
        case Product(factors):
            return _product(list(factors))
        case Power(base, exponent) if exponent == ONE:
            return base
        case Power(_, exponent) if exponent == ZERO:
            return ONE
    return node


def _sum(terms: list[Node]) -> Node:
    if not terms:
        return ZERO
    return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def _product(factors: list[Node]) -> Node:
    if ZERO in factors:
        return ZERO
    negative = False
    for at, factor in enumerate(factors):
        if isinstance(factor, Negative):
            negative = not negative
            factors[at] = factor.of
    kept = [factor for factor in factors if factor != ONE] or [ONE]
    product = kept[0] if len(kept) == 1 else Product(tuple(kept))
    return Negative(product) if negative else product


def like_part(node: Node) -> tuple[Fraction, tuple[str, ...]]:
    """A term as its rational coefficient and the rest, written: like terms have the same rest."""
    coefficient = Fraction(1)
    rest: list[str] = []
    waiting = [node]
    while waiting:
        part = waiting.pop()
        match part:
            case Negative(of):
                coefficient = -coefficient
                waiting.append(of)
            case Product(factors):
                waiting += factors
            case Symbol():
                rest.append(repr(part))
            case _:
                value = constant(part)
                if isinstance(value, Fraction):
                    coefficient *= value
                else:
                    rest.append(repr(part))
    return coefficient, tuple(sorted(rest))
