"""When a mastered skill is looked at again: FSRS, one card per skill (py-fsrs, its default weights).

A card begins when its skill is mastered; each later piece of evidence is a review (``mastery.RECALLS``). The next one
is due when the chance to remember has fallen to 0.9. The same evidence at the same time always gives the same date:
nothing is drawn by chance, and the time comes with the event.
"""

from __future__ import annotations

from datetime import UTC, datetime

import fsrs
import msgspec
from fsrs import Rating

#: The chance to remember at which a review is due.
RETENTION = 0.9
#: The longest pause between two reviews, in days: nobody plans a lesson for later than the next school year.
LONGEST_DAYS = 365

# Without steps of minutes: a skill is mastered over several questions; what comes within the same hour proves little.
_SCHEDULER = fsrs.Scheduler(
    desired_retention=RETENTION,
    learning_steps=(),
    relearning_steps=(),
    maximum_interval=LONGEST_DAYS,
    enable_fuzzing=False,
)


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of one skill. Times in milliseconds since 1970."""

    #: Days after which the chance to remember has fallen to 0.9.
    stability: float
    #: 1 easy to 10 hard, as FSRS counts.
    difficulty: float
    due_ms: int
    last_ms: int


def begun(now_ms: int) -> Card:
    """The card of a skill that was mastered just now."""
    return _rated(fsrs.Card(card_id=1, due=_time(now_ms)), Rating.Good, now_ms)


def reviewed(card: Card, rating: Rating, now_ms: int) -> Card:
    """The card after one more review."""
    now_ms = max(now_ms, card.last_ms)  # a restored clock may lie a little behind
    known = fsrs.Card(
        card_id=1,
        state=fsrs.State.Review,
        stability=card.stability,
        difficulty=card.difficulty,
        due=_time(card.due_ms),
        last_review=_time(card.last_ms),
    )
    return _rated(known, rating, now_ms)


def remembered(card: Card, now_ms: int) -> float:
    """The chance that the learner still knows it, 0 to 1."""
    known = fsrs.Card(card_id=1, due=_time(card.due_ms), last_review=_time(card.last_ms), stability=card.stability)
    return float(_SCHEDULER.get_card_retrievability(known, _time(now_ms)))


def is_due(card: Card | None, now_ms: int) -> bool:
    """Whether a review is due, or overdue."""
    return card is not None and card.due_ms <= now_ms


def day(due_ms: int) -> str:
    """The date (UTC) of a time, as ``2026-11-28``."""
    return _time(due_ms).date().isoformat()


def date(due_ms: int) -> str:
    """The same date for people: ``28 November 2026``."""
    at = _time(due_ms)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def _rated(card: fsrs.Card, rating: Rating, now_ms: int) -> Card:
    after, _ = _SCHEDULER.review_card(card, rating, _time(now_ms))
    return Card(
        stability=round(after.stability or 0.0, 4),
        difficulty=round(after.difficulty or 0.0, 4),
        due_ms=int(after.due.timestamp() * 1000),
        last_ms=now_ms,
    )


def _time(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
