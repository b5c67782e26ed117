"""Sets of real numbers that are unions of intervals, with exact or 40-digit end points."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tutor.checking.algebra.evaluation import Value, same_value


@dataclass(frozen=True)
class Interval:
    """From ``low`` to ``high``, None for no end; a single number has both ends equal and closed."""

    low: Value | None
    low_closed: bool
    high: Value | None
    high_closed: bool

    def is_empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        if same_value(self.low, self.high):
            return not (self.low_closed and self.high_closed)
        return bool(self.low > self.high)

    def intersected(self, other: Interval) -> Interval:
        low, low_closed = _later(self, other)
        high, high_closed = _earlier(self, other)
        return Interval(low, low_closed, high, high_closed)


ALL = Interval(None, False, None, False)
#: A union of intervals: in order, apart from one another, none empty.
RealSet = tuple[Interval, ...]


def union(intervals: Iterable[Interval]) -> RealSet:
    """The intervals in order, those that overlap or touch joined."""
    waiting = [interval for interval in intervals if not interval.is_empty()]
    joined: list[Interval] = []
    while waiting:
        first = waiting.pop(_first(waiting))
        if joined and _touch(joined[-1], first):
            joined[-1] = _joined(joined[-1], first)
        else:
            joined.append(first)
    return tuple(joined)


def intersection(one: RealSet, other: RealSet) -> RealSet:
    """What lies in both."""
    return union(a.intersected(b) for a in one for b in other)


def same_set(one: RealSet, other: RealSet) -> bool:
    """Whether both are the same set of numbers: end points *and* whether they belong."""
    return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))


def same_ends(one: RealSet, other: RealSet) -> bool:
    """Whether the end points are the same, whether or not they belong."""
    return len(one) == len(other) and all(
        _same_end(a.low, b.low) and _same_end(a.high, b.high) for a, b in zip(one, other, strict=True)
    )


def _same(one: Interval, other: Interval) -> bool:
    closed = (one.low_closed, one.high_closed) == (other.low_closed, other.high_closed)
    return closed and _same_end(one.low, other.low) and _same_end(one.high, other.high)


def _same_end(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None:
        return one is other
    return same_value(one, other)


def _later(one: Interval, other: Interval) -> tuple[Value | None, bool]:
    if one.low is None or other.low is None:
        kept = other if one.low is None else one
        return kept.low, kept.low_closed
    if same_value(one.low, other.low):
        return one.low, one.low_closed and other.low_closed
    kept = one if one.low > other.low else other
    return kept.low, kept.low_closed


def _earlier(one: Interval, other: Interval) -> tuple[Value | None, bool]:
    if one.high is None or other.high is None:
        kept = other if one.high is None else one
        return kept.high, kept.high_closed
    if same_value(one.high, other.high):
        return one.high, one.high_closed and other.high_closed
    kept = one if one.high < other.high else other
    return kept.high, kept.high_closed


def _first(waiting: list[Interval]) -> int:
    best = 0
    for at, interval in enumerate(waiting):
        if _starts_before(interval, waiting[best]):
            best = at
    return best


def _starts_before(one: Interval, other: Interval) -> bool:
    if one.low is None or other.low is None:
        return one.low is None and other.low is not None
    if same_value(one.low, other.low):
        return one.low_closed and not other.low_closed
    return bool(one.low < other.low)


def _touch(one: Interval, other: Interval) -> bool:
    """Whether ``other``, which begins later, begins before or where ``one`` ends."""
    if one.high is None or other.low is None:
        return True
    if same_value(one.high, other.low):
        return one.high_closed or other.low_closed
    return bool(other.low < one.high)


def _joined(one: Interval, other: Interval) -> Interval:
    if one.high is None or other.high is None:
        return Interval(one.low, one.low_closed, None, False)
    if same_value(one.high, other.high):
        return Interval(one.low, one.low_closed, one.high, one.high_closed or other.high_closed)
    later = one if one.high > other.high else other
    return Interval(one.low, one.low_closed, later.high, later.high_closed)
