"""Errors in solving a linear equation ``a x + b = c x + d``: what each makes of the solution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from tutor.checking.algebra.tree import Node
from tutor.checking.mistakes.rules import REWRITING, rewritten
from tutor.checking.solution_set import line_of


@dataclass(frozen=True)
class Line:
    """``a x + b = c x + d``."""

    a: Fraction
    b: Fraction
    c: Fraction
    d: Fraction

    @property
    def solution(self) -> Fraction | None:
        return None if self.a == self.c else (self.d - self.b) / (self.a - self.c)


def linear(left: Node, right: Node) -> Line | None:
    """The equation by its four numbers; None where it is not linear in one unknown with rational numbers."""
    names = left.symbols | right.symbols
    if len(names) != 1:
        return None
    (name,) = names
    sides = line_of(left, name), line_of(right, name)
    if sides[0] is None or sides[1] is None:
        return None
    numbers = (*sides[0], *sides[1])
    if not all(isinstance(one, Fraction) for one in numbers):
        return None
    return Line(*numbers)


def wrong_solutions(left: Node, right: Node) -> Iterator[tuple[str, Fraction]]:
    """What errors make of the solution, each with the id of its error, most telling first."""
    for error, rule in REWRITING[:3]:
        # Brackets undone wrongly, all else right.
        for wrong in rewritten(left, rule):
            yield from _solved(error, linear(wrong, right))
        for wrong in rewritten(right, rule):
            yield from _solved(error, linear(left, wrong))
    line = linear(left, right)
    if line is not None:
        for error, rule_of_line in _LINEAR:
            for value in rule_of_line(line):
                yield error, value


def _solved(error: str, line: Line | None) -> Iterator[tuple[str, Fraction]]:
    if line is not None and line.solution is not None:
        yield error, line.solution


def _keeps_sign(line: Line) -> Iterator[Fraction]:
    """A term goes to the other side as it is: ``x + 3 = 10`` gives 13."""
    if line.b and line.a != line.c:
        yield (line.d + line.b) / (line.a - line.c)
    if line.c and line.a != -line.c:
        yield (line.d - line.b) / (line.a + line.c)
        yield (line.d + line.b) / (line.a + line.c)


def _stops_early(line: Line) -> Iterator[Fraction]:
    """``3x = 12`` is left at 12."""
    if line.a - line.c != 1:
        yield line.d - line.b


def _multiplies(line: Line) -> Iterator[Fraction]:
    """``3x = 12`` gives 36."""
    if abs(line.a - line.c) != 1:
        yield (line.d - line.b) * (line.a - line.c)


def _subtracts(line: Line) -> Iterator[Fraction]:
    """``3x = 12`` gives 9."""
    if line.a - line.c not in {1, 0}:
        yield line.d - line.b - (line.a - line.c)


def _upside_down(line: Line) -> Iterator[Fraction]:
    """``3x = 12`` gives 1/4."""
    if line.d != line.b:
        yield (line.a - line.c) / (line.d - line.b)


def _loses_sign(line: Line) -> Iterator[Fraction]:
    """``-3x = 12`` gives 4."""
    if line.solution:
        yield -line.solution


_LINEAR: list[tuple[str, Callable[[Line], Iterator[Fraction]]]] = [
    ("algebra.inverse_operation", _keeps_sign),
    ("algebra.stops_early", _stops_early),
    ("algebra.multiplies_coefficient", _multiplies),
    ("algebra.subtracts_coefficient", _subtracts),
    ("algebra.upside_down", _upside_down),
    ("algebra.sign_loss", _loses_sign),
]
