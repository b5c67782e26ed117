"""A formula as it was written: signs, brackets and unfinished arithmetic stay, so that its form can be judged.

Subtraction is a sum with a ``Negative`` term. ``text_of`` prints a tree so that reading it gives the same tree back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


class Node:
    """Base of the parts of a formula. Immutable; equal where written alike."""

    @property
    def parts(self) -> tuple[Node, ...]:
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @cached_property
    def symbols(self) -> frozenset[str]:
        """The unknowns that occur."""
        return frozenset().union(*(part.symbols for part in self.parts))


@dataclass(frozen=True)
class Number(Node):
    """A whole number or a decimal, never negative as written."""

    value: Fraction
    #: Decimal places written; None for a whole number.
    places: int | None = None


@dataclass(frozen=True)
class Mixed(Node):
    """``3 1/2``: a whole number and a proper fraction."""

    whole: int
    top: int
    bottom: int

    @property
    def value(self) -> Fraction:
        return self.whole + Fraction(self.top, self.bottom)


@dataclass(frozen=True)
class Symbol(Node):
    name: str

    @cached_property
    def symbols(self) -> frozenset[str]:
        return frozenset({self.name})


@dataclass(frozen=True)
class Constant(Node):
    """``pi``, ``e`` or ``infinity``."""

    name: str


@dataclass(frozen=True)
class Negative(Node):
    of: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.of,)


@dataclass(frozen=True)
class Sum(Node):
    terms: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.terms


@dataclass(frozen=True)
class Product(Node):
    factors: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.factors


@dataclass(frozen=True)
class Quotient(Node):
    top: Node
    bottom: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.top, self.bottom)


@dataclass(frozen=True)
class Power(Node):
    base: Node
    exponent: Node

    @property
    def parts(self) -> tuple[Node, ...]:
        return (self.base, self.exponent)


@dataclass(frozen=True)
class Function(Node):
    """``sqrt``, ``abs``, ``sin`` …; ``root`` and ``log`` have a second argument, the index or base."""

    name: str
    arguments: tuple[Node, ...]

    @property
    def parts(self) -> tuple[Node, ...]:
        return self.arguments


INFINITY = Constant("infinity")


def whole(value: int) -> Node:
    """A whole number as a tree."""
    return Number(Fraction(value)) if value >= 0 else Negative(Number(Fraction(-value)))


def rational(value: Fraction) -> Node:
    """A rational number in lowest terms as a tree."""
    if value.denominator == 1:
        return whole(value.numerator)
    size = Quotient(whole(abs(value.numerator)), whole(value.denominator))
    return size if value > 0 else Negative(size)


def rebuilt(node: Node, parts: tuple[Node, ...]) -> Node:
    """``node`` with other parts, in their order."""
    match node:
        case Negative():
            return Negative(parts[0])
        case Sum():
            return Sum(parts)
        case Product():
            return Product(parts)
        case Quotient():
            return Quotient(parts[0], parts[1])
        case Power():
            return Power(parts[0], parts[1])
        case Function(name):
            return Function(name, parts)
    return node


def substituted(node: Node, values: dict[str, Node]) -> Node:
    """``node`` with symbols replaced by trees."""
    if isinstance(node, Symbol):
        return values.get(node.name, node)
    if not node.symbols & values.keys():
        return node
    return rebuilt(node, tuple(substituted(part, values) for part in node.parts))


def text_of(node: Node) -> str:
    """The formula in ASCII. Reading it gives ``node`` again."""
    match node:
        case Number(value, places):
            return str(value.numerator) if places is None else _decimal(value, places)
        case Mixed(whole_part, top, bottom):
            return f"{whole_part} {top}/{bottom}"
        case Symbol(name):
            return name
        case Constant(name):
            return name
        case Negative(of):
            return f"-{_term(of)}"
        case Sum(terms):
            return _sum(terms)
        case Product(factors):
            return "*".join([_first_factor(factors[0]), *(_factor(factor) for factor in factors[1:])])
        case Quotient(top_part, bottom_part):
            left = _term(top_part) if isinstance(top_part, Product | Quotient) else _factor(top_part)
            return f"{left}/{_factor(bottom_part)}"
        case Power(base, exponent):
            return f"{_atom(base)}^{_atom(exponent)}"
        case Function(name, arguments):
            return f"{name}({', '.join(text_of(argument) for argument in arguments)})"
    raise TypeError(f"not a formula: {node!r}")


def _decimal(value: Fraction, places: int) -> str:
    digits = str(int(value * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else f"{digits}."


def _sum(terms: tuple[Node, ...]) -> str:
    text = _term(terms[0]) if not isinstance(terms[0], Negative) else text_of(terms[0])
    for term in terms[1:]:
        text += f" - {_term(term.of)}" if isinstance(term, Negative) else f" + {_term(term)}"
    return text


def _term(node: Node) -> str:
    return f"({text_of(node)})" if isinstance(node, Sum | Negative) else text_of(node)


def _first_factor(node: Node) -> str:
    return text_of(node) if isinstance(node, Quotient) else _factor(node)


def _factor(node: Node) -> str:
    bare = isinstance(node, Number | Symbol | Constant | Function | Power)
    return text_of(node) if bare else f"({text_of(node)})"


def _atom(node: Node) -> str:
    return text_of(node) if isinstance(node, Number | Symbol | Constant | Function) else f"({text_of(node)})"
