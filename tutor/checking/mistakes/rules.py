"""Errors in working out an expression: each rule rewrites one place of it wrongly, as learners do.

A rule gets one node of the expression and yields what the error makes of it. The rules are tried in this order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from tutor.checking.algebra.evaluation import constant
from tutor.checking.algebra.folding import like_part
from tutor.checking.algebra.tree import (
    Negative,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    rational,
    rebuilt,
)

Rule = Callable[[Node], Iterator[Node]]
#: Rules that rewrite one place of what the question gives, by the id of their error.
REWRITING: list[tuple[str, Rule]] = []
#: Rules that change the right answer as a whole.
RESULT: list[tuple[str, Rule]] = []


def _rewriting(error: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        REWRITING.append((f"algebra.{error}", rule))
        return rule

    return register


def _result(error: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        RESULT.append((f"algebra.{error}", rule))
        return rule

    return register


def rewritten(node: Node, rule: Rule) -> Iterator[Node]:
    """The expression with the rule applied at one place, for each place where it applies."""
    yield from rule(node)
    for at, part in enumerate(node.parts):
        for wrong in rewritten(part, rule):
            yield rebuilt(node, (*node.parts[:at], wrong, *node.parts[at + 1 :]))


@_rewriting("distribution")
def distribution(node: Node) -> Iterator[Node]:
    """``3(x + 2)`` as ``3x + 2``, ``(6x + 3)/3`` as ``2x + 3``."""
    match node:
        case Product((factor, Sum((first, *rest)))) | Product((Sum((first, *rest)), factor)):
            yield Sum((Product((factor, first)), *rest))
        case Quotient(Sum((first, *rest)), bottom):
            yield Sum((Quotient(first, bottom), *rest))
            yield Sum((first, *rest[:-1], Quotient(rest[-1], bottom)))


@_rewriting("bracket_sign")
def bracket_sign(node: Node) -> Iterator[Node]:
    """``-(x - 2)`` as ``-x - 2``, ``-3(x - 2)`` as ``-3x - 6``."""
    match node:
        case Negative(Sum((first, *rest))):
            yield Sum((Negative(first), *rest))
        case Negative(Product((factor, Sum((first, *rest))))):
            yield Sum((Negative(Product((factor, first))), *(Product((factor, one)) for one in rest)))


@_rewriting("power_of_sum")
def power_of_sum(node: Node) -> Iterator[Node]:
    """``(a + b)^2`` as ``a^2 + b^2``."""
    match node:
        case Power(Sum(terms), exponent):
            yield Sum(tuple(_powered(term, exponent) for term in terms))


@_rewriting("power_of_product")
def power_of_product(node: Node) -> Iterator[Node]:
    """``(2x)^3`` as ``2x^3``."""
    match node:
        case Power(Product((*first, last)), exponent) if first:
            yield Product((*first, Power(last, exponent)))


@_rewriting("fraction_addition")
def fraction_addition(node: Node) -> Iterator[Node]:
    """``a/b + c/d`` as ``(a + c)/(b + d)``."""
    match node:
        case Sum((Quotient(a, b), Quotient(c, d))):
            yield Quotient(Sum((a, c)), Sum((b, d)))
        case Sum((Quotient(a, b), Negative(Quotient(c, d)))):
            yield Quotient(Sum((a, Negative(c))), Sum((b, Negative(d))))
            # The bottoms are subtracted from the larger, whichever stands first.
            yield Quotient(Sum((a, Negative(c))), Sum((d, Negative(b))))


@_rewriting("fraction_division")
def fraction_division(node: Node) -> Iterator[Node]:
    """``(a/b) / (c/d)`` as ``(a c)/(b d)``."""
    match node:
        case Quotient(Quotient() as one, Quotient() as other):
            yield Product((one, other))


@_rewriting("order_of_operations")
def order_of_operations(node: Node) -> Iterator[Node]:
    """``2 + 3*4`` from left to right."""
    match node:
        case Sum((first, Product((left, *rest)))):
            yield Product((Sum((first, left)), *rest))
        case Sum((first, Negative(Product((left, *rest))))):
            yield Product((Sum((first, Negative(left))), *rest))
        case Sum((first, Quotient(top, bottom))):
            yield Quotient(Sum((first, top)), bottom)
        case Product((left, Power(base, exponent))):
            yield Power(Product((left, base)), exponent)


@_rewriting("negative_exponent")
def negative_exponent(node: Node) -> Iterator[Node]:
    """``2^(-3)`` as ``-2^3``."""
    match node:
        case Power(base, Negative(exponent)):
            yield Negative(Power(base, exponent))


@_rewriting("zero_exponent")
def zero_exponent(node: Node) -> Iterator[Node]:
    """``5^0`` as 0."""
    match node:
        case Power(_, exponent) if constant(exponent) == 0:
            yield Number(Fraction(0))


@_rewriting("power_as_product")
def power_as_product(node: Node) -> Iterator[Node]:
    """``2^3`` as ``2*3``."""
    match node:
        case Power(base, exponent):
            yield Product((base, exponent))


@_rewriting("product_of_powers")
def product_of_powers(node: Node) -> Iterator[Node]:
    """``x^2 * x^3`` as ``x^6``; ``(x^2)^3`` as ``x^5``."""
    match node:
        case Product((Power(base, one), Power(again, other))) if base == again:
            yield Power(base, Product((one, other)))
        case Power(Power(base, one), other):
            yield Power(base, Sum((one, other)))


@_rewriting("sign_of_number")
def sign_of_number(node: Node) -> Iterator[Node]:
    """``5 - (-3)`` as ``5 - 3``, ``(-2)(-3)`` as -6."""
    match node:
        case Sum((first, Negative(Negative(second)))):
            yield Sum((first, Negative(second)))
        case Product(factors) if any(isinstance(factor, Negative) for factor in factors):
            yield Negative(Product(factors))


@_rewriting("wrong_operation")
def wrong_operation(node: Node) -> Iterator[Node]:
    """Two numbers added, subtracted or multiplied where another operation is asked for."""
    if any(not isinstance(constant(part), Fraction) for part in node.parts):
        return
    match node:
        case Sum((one, Negative(other))):
            yield Sum((one, other))
        case Sum((one, other)):
            yield Sum((one, Negative(other)))
            yield Product((one, other))
        case Product((one, other)):
            yield Sum((one, other))
        case Quotient(one, other):
            yield Product((one, other))


@_rewriting("reversed_sides")
def reversed_sides(node: Node) -> Iterator[Node]:
    """``3 - 8`` as ``8 - 3``, ``2/6`` as ``6/2``."""
    match node:
        case Sum((one, Negative(other))):
            yield Sum((other, Negative(one)))
        case Quotient(top, bottom):
            yield Quotient(bottom, top)


@_result("unlike_terms")
def unlike_terms(gold: Node) -> Iterator[Node]:
    """``3x + 6`` as ``9x``."""
    match gold:
        case Sum((one, other)):
            parts = [like_part(term) for term in (one, other)]
            unknowns = [term for term in (one, other) if term.symbols]
            if parts[0][1] != parts[1][1] and len(gold.symbols) == 1:
                for unknown in unknowns:
                    total = rational(parts[0][0] + parts[1][0])
                    yield Product((total, Quotient(unknown, rational(like_part(unknown)[0] or Fraction(1)))))


@_result("lost_variable")
def lost_variable(gold: Node) -> Iterator[Node]:
    """``3x + 6`` as ``3 + 6``, ``5x`` as 5."""
    match gold:
        case Sum(terms):
            for at, term in enumerate(terms):
                if term.symbols and isinstance(_without_symbols(term), Node):
                    yield Sum((*terms[:at], _without_symbols(term), *terms[at + 1 :]))
        case Product() | Negative() if gold.symbols:
            yield _without_symbols(gold)


@_result("sign_loss")
def sign_loss(gold: Node) -> Iterator[Node]:
    """The right answer with the other sign, or with one of its signs the other way."""
    yield Negative(gold)
    match gold:
        case Sum(terms):
            for at, term in enumerate(terms):
                yield Sum((*terms[:at], Negative(term), *terms[at + 1 :]))


@_result("place_value")
def place_value(gold: Node) -> Iterator[Node]:
    """The right digits with the point one place off."""
    value = constant(gold)
    if isinstance(value, Fraction) and value.denominator > 1:
        yield rational(value * 10)
        yield rational(value / 10)


def _powered(term: Node, exponent: Node) -> Node:
    return Negative(Power(term.of, exponent)) if isinstance(term, Negative) else Power(term, exponent)


def _without_symbols(term: Node) -> Node:
    """The term's coefficient."""
    match term:
        case Negative(of):
            return Negative(_without_symbols(of))
        case Product(factors):
            kept = tuple(factor for factor in factors if not factor.symbols)
            if kept:
                return kept[0] if len(kept) == 1 else Product(kept)
        case Symbol() | Power():
            return Number(Fraction(1))
    return Number(Fraction(1))
