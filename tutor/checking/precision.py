"""Whether a written number is close enough to the right one, and what is said where it is only rounded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from tutor.checking.algebra.evaluation import Value, as_fraction, same_value

if TYPE_CHECKING:
    from tutor import course as content

ROUND = re.compile(r"round\((\d+)\)")


@dataclass(frozen=True)
class Fit:
    """``right``: the value will do; ``issue``: it is the right number, but not as exact as asked for."""

    right: bool = False
    issue: str = ""


def fit(form: content.Format, value: Value, places: int | None, gold: Value) -> Fit:
    """How ``value``, written with ``places`` decimals, fits ``gold`` under the policies decimals and tolerance."""
    if same_value(value, gold) and (isinstance(gold, Fraction) or not isinstance(value, Fraction)):
        return Fit(right=True)
    irrational = not isinstance(gold, Fraction)
    value, gold = as_fraction(value), as_fraction(gold)
    slack = max(exact(form.tolerance_abs), abs(gold) * exact(form.tolerance_rel))
    if slack and abs(value - gold) <= slack:
        return Fit(right=True)
    if not places:
        return Fit()
    asked = ROUND.fullmatch(form.decimals)
    if asked:
        if places == int(asked[1]) and value in rounded(gold, places):
            return Fit(right=True)
        if value in rounded(gold, places):
            return Fit(issue=f"You are on the right number; give it to {asked[1]} decimal places.")
        return Fit()
    if places >= 2 and (irrational or not terminates(gold)) and value in {*rounded(gold, places), cut(gold, places)}:
        return Fit(issue="That is a rounded value; give the exact one, for example as a fraction or with a root.")
    return Fit()


def rounded(gold: Fraction, places: int) -> set[Fraction]:
    """``gold`` to so many decimals, half to even and half away from zero: schools teach either."""
    scaled = gold * 10**places
    even = Fraction(round(scaled))
    away = Fraction((abs(scaled) + Fraction(1, 2)).__floor__() * (1 if scaled >= 0 else -1))
    return {even / 10**places, away / 10**places}


def cut(gold: Fraction, places: int) -> Fraction:
    """``gold`` with the decimals behind so many left out."""
    return Fraction(int(gold * 10**places), 10**places)


def terminates(value: Fraction) -> bool:
    """Whether the number is a finite decimal."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def exact(value: float | Fraction | None) -> Fraction:
    """A tolerance as its author wrote it; none is zero."""
    return Fraction(0) if value is None else Fraction(str(value))


def significant_figures(value: Fraction, figures: int) -> set[Fraction]:
    """``value`` to so many significant figures, by either rule of rounding."""
    if value == 0:
        return {value}
    places = figures - 1 - _order(abs(value))
    if places >= 0:
        return rounded(value, places)
    return {one * 10**-places for one in rounded(value / 10**-places, 0)}


def figures_written(numeral: str) -> int:
    """How many significant figures ``0.0250`` (3) or ``25.0`` (3) has; ends of whole numbers count."""
    digits = re.sub(r"[^0-9]", "", re.split(r"[eE*×]", numeral)[0])
    return len(digits.lstrip("0")) or 1


def _order(size: Fraction) -> int:
    """The exponent of ten of the first digit."""
    order = len(str(size.numerator)) - len(str(size.denominator))
    return order if size >= Fraction(10) ** order else order - 1
