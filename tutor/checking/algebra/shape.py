"""Whether a formula has the form a question asks for. Each test gives what is left to do, in plain words, or ``""``."""

from __future__ import annotations

from fractions import Fraction
from math import gcd

from tutor.checking.algebra.equivalence import Undecided, proportion
from tutor.checking.algebra.evaluation import constant
from tutor.checking.algebra.folding import like_part
from tutor.checking.algebra.tree import Function, Mixed, Negative, Node, Number, Power, Product, Quotient, Sum

FORMS = ("any", "simplified", "expanded", "factored", "single_fraction", "mixed")


def left_to_do(node: Node, form: str, gold: Node) -> str:
    """What separates ``node`` from the form asked for; ``gold`` is the right answer as its author wrote it."""
    match form:
        case "simplified":
            return _unsimplified(node)
        case "expanded":
            return _unexpanded(node) or _unsimplified(node)
        case "factored":
            return _unfactored(node, gold)
        case "single_fraction":
            return _several_fractions(node)
        case "mixed":
            return _unmixed(node)
    return ""


def unfinished(node: Node) -> bool:
    """Whether arithmetic is left undone: ``2 + 5``, ``3*2``, ``6/3``; ``3/4`` and ``2 sqrt(3)`` are finished."""
    for part in node.walk():
        if isinstance(part, Sum) and sum(isinstance(constant(term), Fraction) for term in part.terms) > 1:
            return True
        if isinstance(part, Product) and sum(isinstance(constant(factor), Fraction) for factor in part.factors) > 1:
            return True
        if isinstance(part, Power) and isinstance(constant(part), Fraction):
            return True
        if isinstance(part, Quotient) and isinstance(constant(part), Fraction) and not _lowest(part):
            return True
    return False


def _lowest(part: Quotient) -> bool:
    top, bottom = _whole(part.top), _whole(part.bottom)
    return top is not None and bottom is not None and bottom > 1 and gcd(top, bottom) == 1


def _whole(node: Node) -> int | None:
    match node:
        case Number(value, None):
            return int(value)
        case Negative(Number(value, None)):
            return -int(value)
    return None


def _unsimplified(node: Node) -> str:
    for part in node.walk():
        match part:
            case Sum(terms):
                rests = [like_part(term)[1] for term in terms]
                if len(set(rests)) < len(rests):
                    return "now collect the like terms"
            case Quotient(top, bottom):
                if _reducible(top, bottom):
                    return "now cancel the fraction as far as it goes"
            case Product(factors):
                if sum(isinstance(constant(factor), Fraction) for factor in factors) > 1:
                    return "now multiply the numbers out"
                bases = [_base(factor) for factor in factors if factor.symbols]
                if len(set(bases)) < len(bases):
                    return "now write equal factors as one power"
            case Power(base, exponent):
                if isinstance(constant(part), Fraction) and not isinstance(constant(base), type(None)):
                    return "now work out the powers"
                if isinstance(base, Power) and not exponent.symbols:
                    return "now write a power of a power as one power"
            case Function("sqrt", (inside,)):
                value = constant(inside)
                if isinstance(value, Fraction) and _has_square(value):
                    return "now take the square factors out of the root"
            case Negative(Negative()):
                return "now put the signs together"
    return ""


def _base(node: Node) -> Node:
    return node.base if isinstance(node, Power) else node


def _reducible(top: Node, bottom: Node) -> bool:
    over, under = like_part(top), like_part(bottom)
    if isinstance(top, Quotient) or isinstance(bottom, Quotient):
        return True
    if not isinstance(top, Sum) and not isinstance(bottom, Sum):
        factor = over[0] / under[0] if under[0] else Fraction(0)
        if over[0].denominator != 1 or under[0].denominator != 1 or gcd(int(over[0]), int(under[0])) > 1:
            return True
        return factor.denominator == 1 and not under[1] and abs(under[0]) == 1
    common = _common_factor(top), _common_factor(bottom)
    if gcd(*common) > 1:
        return True
    factors = set(_factors(top)), set(_factors(bottom))
    return any(factor.symbols for factor in factors[0] & factors[1])


def _common_factor(node: Node) -> int:
    """The greatest whole number in every term; 1 where a coefficient is not whole."""
    terms = node.terms if isinstance(node, Sum) else (node,)
    coefficients = [like_part(term)[0] for term in terms]
    if any(one.denominator != 1 for one in coefficients):
        return 1
    return gcd(*(int(one) for one in coefficients))


def _has_square(value: Fraction) -> bool:
    if value.denominator > 1:
        return True
    size = min(abs(value.numerator), 10_000)
    return any(value.numerator % (root * root) == 0 for root in range(2, int(size**0.5) + 1))


def _unexpanded(node: Node) -> str:
    for part in node.walk():
        match part:
            case Product(factors) if any(isinstance(factor, Sum) for factor in factors):
                return "now multiply the brackets out"
            case Power(Sum() as base, Number(value, None)) if value > 1 and base.symbols:
                return "now multiply the brackets out"
            case Negative(Sum()):
                return "now multiply the brackets out"
    return ""


def _factors(node: Node) -> list[Node]:
    """The factors of a product with repetition; one factor where it is none."""
    match node:
        case Negative(of):
            return _factors(of)
        case Product(factors):
            return [one for factor in factors for one in _factors(factor)]
        case Power(base, Number(value, None)) if 0 < value <= 60:
            return _factors(base) * int(value)
        case Quotient(top, bottom) if not bottom.symbols:
            return _factors(top)
    return [node]


def _unfactored(node: Node, gold: Node) -> str:
    """Factored where its factors are those of the right answer, each but for a number."""
    found = [factor for factor in _factors(node) if factor.symbols]
    wanted = [factor for factor in _factors(gold) if factor.symbols]
    if len(found) < len(wanted):
        return "now write it as a product" if len(found) < 2 else "now factor it further"
    for factor in wanted:
        match = next((one for one in found if _proportional(one, factor)), None)
        if match is None:
            return "now factor it further"
        found.remove(match)
    numbers = [_common_factor(factor) for factor in _factors(node) if isinstance(factor, Sum)]
    kept = [_common_factor(factor) for factor in _factors(gold) if isinstance(factor, Sum)]
    return "now take the common number out of the brackets" if max(numbers, default=1) > max(kept, default=1) else ""


def _proportional(one: Node, other: Node) -> bool:
    try:
        return proportion(one, other) is not None
    except Undecided:
        return False


def _several_fractions(node: Node) -> str:
    inner = node.of if isinstance(node, Negative) else node
    if isinstance(inner, Quotient):
        nested = any(isinstance(part, Quotient) for side in inner.parts for part in side.walk())
        return "now clear the fractions inside the fraction" if nested else ""
    if any(isinstance(part, Quotient) for part in node.walk()):
        return "now write it as one fraction"
    return ""


def _unmixed(node: Node) -> str:
    inner = node.of if isinstance(node, Negative) else node
    value = constant(inner)
    if isinstance(inner, Mixed):
        return "" if gcd(inner.top, inner.bottom) == 1 else "now cancel the fraction"
    if isinstance(value, Fraction) and value.denominator > 1 and value > 1:
        return "now write it as a mixed number"
    return ""
