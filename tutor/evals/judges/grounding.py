"""Whether what a text states can be derived from other texts: its numbers, its formulas, its proper names.

Numbers compare as exact rationals, formulas at random rational points, both as the answer checker reads them: ``1/2``
is grounded by ``0.5``, ``2(x+1)`` by ``2x + 2``. What an equation of the text itself derives from grounded numbers is
grounded too, and an equation between numbers that is false is a contradiction wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from fractions import Fraction
from functools import lru_cache

import msgspec

from tutor.checking.normalisation import CLOSE, OPEN, mathematics
from tutor.checking.number import numbers_in
from tutor.expressions import ExpressionError, evaluate

#: Points at which two formulas are compared; enough have to exist on both sides.
_POINTS = tuple(Fraction(n, d) for n, d in ((2, 3), (5, 7), (-3, 5), (11, 4), (-7, 3), (13, 6), (1, 9), (17, 8)))
_ENOUGH = 4
#: In characters: longer formulas are compared as text only.
_MAX_FORMULA = 120

_MATH_SPAN = re.compile(r"\$([^$\n]{1,400})\$")
#: A run of signs and single letters; "a" and "i" are letters of a formula only in front of a sign.
_RUN = re.compile(r"(?:[-+*/·×÷^()=\d.\s]|(?<![A-Za-z'’])(?:[b-hj-z]|[ai](?=\s?[-+*/=^)]))(?![A-Za-z'’]))+")
_NAME = re.compile(
    r"(?<![.!?:\n>*\"“(-])(?<![.!?:] )(?<!^)\b([A-Z][a-zà-ÿ]{2,}(?:\s+(?:of\s+|the\s+)?[A-Z][a-zà-ÿ]+)*)", re.MULTILINE
)
_FULL_NAME = re.compile(r"\b([A-Z][a-zà-ÿ]{2,}\s+[A-Z][a-zà-ÿ]{2,})\b")
_RELATIONS = {"=": lambda a, b: a == b, "<": lambda a, b: a < b, ">": lambda a, b: a > b}


class Grounds(msgspec.Struct, frozen=True):
    """How the statements of a text stand to its sources."""

    #: Statements that could be checked.
    checked: int
    #: Those that nothing supports.
    unsupported: list[str]
    #: Equations that are false as they stand.
    false: list[str]

    @property
    def share(self) -> float:
        """Of the statements that could be checked, how many are supported; 1 where there are none."""
        return 1 - len(self.unsupported) / self.checked if self.checked else 1.0


def ground(output: str, sources: Sequence[str]) -> Grounds:
    """Check the numbers, formulas and proper names of ``output`` against ``sources``."""
    source = "\n\n".join(sources)
    known = _values(source)
    false = [equation for equation in formulas(output) if _is_false(equation)]
    derived = _derived(output, known)
    supported_formulas = formulas(source)
    stated = [value for value, _ in numbers_in(output, coefficients=True)]
    unsupported = [f"the number {value}" for value in dict.fromkeys(stated) if value not in known | derived]
    checked = len(set(stated))
    for formula in dict.fromkeys(formulas(output)):
        if not re.search(r"[A-Za-z]", formula) or len(formula) < 3:
            continue
        checked += 1
        if not _grounded_formula(formula, supported_formulas, known | derived):
            unsupported.append(f"the formula {formula}")
    names = proper_names(output)
    checked += len(names)
    plain = source.casefold()
    unsupported += [f"the name {name}" for name in names if name.casefold() not in plain]
    return Grounds(checked, unsupported, false)


@lru_cache(maxsize=64)
def _values(source: str) -> frozenset[Fraction]:
    """The numbers of a source, what its formulas work out to, and their opposites; many outputs share one source."""
    values = {value for value, _ in numbers_in(source, coefficients=True)}
    sides = [side for formula in formulas(source) for side in _sides(formula)]
    values |= {value for side in sides if (value := _number(side)) is not None}
    return frozenset(values | {-value for value in values})


def formulas(text: str) -> list[str]:
    """The formulas of a text: what stands between dollar signs, and equations in running text."""
    spans = [span.strip() for span in _MATH_SPAN.findall(text)]
    runs = [found[0].strip(" .\n\t") for found in _RUN.finditer(_MATH_SPAN.sub(" ; ", text))]
    bare = [run for run in runs if "=" in run and all(side.strip() for side in run.split("="))]
    return [formula for formula in spans + bare if re.search(r"[\dA-Za-z]", formula)]


def proper_names(text: str) -> list[str]:
    """Names inside sentences, and two capitalised words in a row anywhere."""
    plain = _MATH_SPAN.sub(" ", re.sub(r"[*_`#]", "", text))
    found = [name for pattern in (_NAME, _FULL_NAME) for name in pattern.findall(plain)]
    return list(dict.fromkeys(" ".join(name.split()) for name in found))


@lru_cache(maxsize=4096)
def same_formula(one: str, other: str) -> bool:
    """Whether two formulas say the same: as text, or side by side at enough random points (up to a common factor)."""
    if _squeezed(one) == _squeezed(other):
        return True
    left, right = _difference(one), _difference(other)
    if left is None or right is None or ("=" in one) != ("=" in other):
        return False
    ratios: set[Fraction] = set()
    enough = 0
    for at in range(len(_POINTS)):
        values = {
            name: _POINTS[(at + offset) % len(_POINTS)] for offset, name in enumerate("abcdefghijklmnopqrstuvwxyz")
        }
        try:
            a, b = evaluate(left, values), evaluate(right, values)
        except ExpressionError:
            continue
        enough += 1
        if not a or not b:
            if a != b:
                return False
            continue
        ratios.add(a / b)
    allowed = len(ratios) == 1 if "=" in one else ratios <= {Fraction(1)}
    return enough >= _ENOUGH and allowed


def _grounded_formula(formula: str, sources: list[str], known: Set[Fraction]) -> bool:
    if any(same_formula(formula, source) for source in sources):
        return True
    # A formula of another shape still stands on grounded numbers: "x - 3" where the source only has "x + 3 = 7".
    return "=" not in formula and all(value in known for value, _ in numbers_in(formula, coefficients=True))


def _derived(output: str, known: Set[Fraction]) -> set[Fraction]:
    """Values that true equations of the output work out from known numbers, one after the other."""
    derived: set[Fraction] = set()
    for formula in formulas(output):
        values = [(_number(side), side) for side in _sides(formula)]
        numeric = [(value, side) for value, side in values if value is not None]
        if len({value for value, _ in numeric}) != 1:
            continue
        operands = [{n for n, _ in numbers_in(side, coefficients=True)} for _, side in numeric]
        if any(own <= known | derived | {Fraction(-1)} for own in operands):
            derived |= {value for value, _ in numeric}
    return derived


def _is_false(formula: str) -> bool:
    """An equation or comparison whose sides are all numbers, and which does not hold."""
    parts = re.split(r"(=|<|>)", formula)
    if len(parts) < 3 or "\\le" in formula or "\\ge" in formula or "\\ne" in formula or "≠" in formula:
        return False
    values = [_number(part) for part in parts[::2]]
    return any(
        a is not None and b is not None and not _RELATIONS[sign](a, b)
        for a, sign, b in zip(values, parts[1::2], values[1:], strict=False)
    )


def _sides(formula: str) -> list[str]:
    return [side.strip() for side in formula.split("=") if side.strip()]


@lru_cache(maxsize=4096)
def _number(text: str) -> Fraction | None:
    if len(text) > _MAX_FORMULA or re.search(r"[A-Za-z]", mathematics(text)):
        return None
    try:
        return evaluate(_expression(text))
    except ExpressionError:
        return None


def _difference(formula: str) -> str | None:
    sides = _sides(formula)
    if len(formula) > _MAX_FORMULA or len(sides) not in {1, 2}:
        return None
    expressions = [_expression(side) for side in sides]
    return expressions[0] if len(sides) == 1 else f"({expressions[0]})-({expressions[1]})"


def _expression(text: str) -> str:
    """A formula as the course's expression language writes it: every product with its sign."""
    plain = mathematics(text).replace(OPEN, "(").replace(CLOSE, ")").replace("{", "(").replace("}", ")")
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    plain = re.sub(r"(?<=[0-9A-Za-z)])\s*(?=[A-Za-z(])", "*", plain)
    return re.sub(r"(?<=[A-Za-z)])\s*(?=[0-9])", "*", plain).strip(" .")


def _squeezed(formula: str) -> str:
    return re.sub(r"\s+", "", mathematics(formula))
