"""The numbers of one instance of a question: drawn, computed, and drawn again until its conditions hold.

The same (question, seed) always gives the same numbers, on every machine and in every release: draws come from SHA-256,
not from ``random``. ``condition = expression op expression`` with ``op`` one of ``< <= > >= = != divides``.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from tutor import course as content
from tutor.expressions import ExpressionError, evaluate

#: Draws tried before a question is said to have no numbers. One in fifty that fits is enough for an author's patience.
MAX_DRAWS = 400

_OPERATOR = re.compile(r"<=|>=|!=|==|[<>=]|\bdivides\b")
_HOLDS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "divides": lambda left, right: left != 0 and (right / left).denominator == 1,
}


def number(key: str) -> int:
    """A number of 64 bits that only ``key`` decides."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])


def parameters(question: content.Question, seed: int) -> dict[str, int]:
    """What each parameter and each derived value of the question is for this seed.

    Raises ``ExpressionError`` where no draw fulfils the question's conditions.
    """
    for attempt in range(MAX_DRAWS):
        again = f":{attempt}" if attempt else ""
        names = {name: _draw(f"{question.id}:{seed}:{name}{again}", spec) for name, spec in question.params.items()}
        if _completed(question, names) and all(holds(condition, names) for condition in question.where):
            return names
    raise ExpressionError(
        f"none of {MAX_DRAWS} draws fulfils what the question asks of its numbers; widen the ranges or ask for less"
    )


def holds(condition: str, names: Mapping[str, int]) -> bool:
    """Whether the condition is true for these numbers. Raises ``ExpressionError`` where it is not a condition."""
    sides = _OPERATOR.split(condition)
    if len(sides) != 2:
        raise ExpressionError(f"{condition!r} is not a condition such as a < b, a != 2 * b or a divides b")
    found = _OPERATOR.search(condition)
    assert found is not None  # noqa: S101 — it was split there
    return _HOLDS[found[0]](evaluate(sides[0], names), evaluate(sides[1], names))


def _completed(question: content.Question, names: dict[str, int]) -> bool:
    """Add the derived values to ``names``. False where one does not come out whole: then the draw is not used."""
    for name, expression in question.derived.items():
        value = evaluate(expression, names)
        if value.denominator != 1:
            return False
        names[name] = int(value)
    return True


def values(spec: dict[str, list[int]]) -> list[int]:
    """What a parameter may be, in the author's order."""
    if "of" in spec:
        return list(spec["of"])
    low, high = spec["int"]
    excluded = set(spec.get("not", []))
    return [value for value in range(low, high + 1) if value not in excluded]


def _draw(key: str, spec: dict[str, list[int]]) -> int:
    possible = values(spec)
    return possible[number(key) % len(possible)]
