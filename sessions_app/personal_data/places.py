"""The places where text of learners lives, each with how it is counted, exported and cleared.

An app that stores anything a learner wrote, or anything made from it, registers its place when it is ready:

    places.register(rows_of("tool calls", ToolCall, line="tool_call"))

Nothing else knows where text is: export, erasure and retention go through this list, and a test searches every column
of the database for what they should have found.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

#: Rows of one page of an export.
PAGE_ROWS = 500


def _nothing(_session: uuid.UUID) -> Iterator[dict[str, Any]]:
    return iter(())


@dataclass(frozen=True)
class SessionPlace:
    """Text of sessions in the database. It is cleared in the transaction that erases the session's log."""

    #: In words, for people: what is there.
    name: str
    count: Callable[[Sequence[uuid.UUID]], int]
    #: Under the session's lock. Returns how many rows were cleared; clearing twice is harmless.
    clear: Callable[[uuid.UUID], int]
    #: What an export calls a line of it; empty: it is not exported, because the log tells the same.
    line: str = ""
    export: Callable[[uuid.UUID], Iterator[dict[str, Any]]] = _nothing
    #: The models whose rows it clears.
    models: tuple[type[Model], ...] = ()


@dataclass(frozen=True)
class FleetingPlace:
    """Text of sessions outside of the database. It is cleared once the session has ended, and before its log."""

    name: str
    count: Callable[[Sequence[uuid.UUID]], int]
    clear: Callable[[uuid.UUID], int]


@dataclass(frozen=True)
class LearnerPlace:
    """Text that belongs to a learner, or was made from theirs, and to no session."""

    name: str
    #: Of the learner's key.
    count: Callable[[int], int]
    clear: Callable[[int], int]
    #: Cleared before the logs, because it is found through them.
    before_logs: bool = False
    #: Goes only with the learner's account.
    account: bool = False


Place = SessionPlace | FleetingPlace | LearnerPlace
_places: list[Place] = []


def register(*more: Place) -> None:
    """Add places. Raises ``ValueError`` for a second one of the same name."""
    for place in more:
        if any(known.name == place.name for known in _places):
            raise ValueError(f"there is a place {place.name!r} already")
        _places.append(place)


def of_sessions() -> list[SessionPlace]:
    """Places in the database that belong to sessions."""
    return [place for place in _places if isinstance(place, SessionPlace)]


def fleeting() -> list[FleetingPlace]:
    """Places outside of the database."""
    return [place for place in _places if isinstance(place, FleetingPlace)]


def of_learners() -> list[LearnerPlace]:
    """Places that belong to learners."""
    return [place for place in _places if isinstance(place, LearnerPlace)]


def rows_of(name: str, model: type[Model], *, line: str = "", columns: Sequence[str] = ()) -> SessionPlace:
    """A table whose rows belong to a session each (``session_id``) and go when it is erased.

    ``line`` and ``columns`` say how a row is exported.
    """
    rows: Any = model._default_manager

    def clear(session: uuid.UUID) -> int:
        deleted, _ = rows.filter(session_id=session).delete()
        return int(deleted)

    def export(session: uuid.UUID) -> Iterator[dict[str, Any]]:
        # By key, a page at a time and without a cursor: whoever reads may pause, and go on in another thread.
        left = rows.filter(session_id=session).order_by("pk")
        while page := list(left.values("pk", *columns)[:PAGE_ROWS]):
            left = left.filter(pk__gt=page[-1]["pk"])
            yield from ({name: row[name] for name in columns} for row in page)

    def count(sessions: Sequence[uuid.UUID]) -> int:
        return int(rows.filter(session_id__in=sessions).count())

    return SessionPlace(name, count, clear, line, export if line else _nothing, (model,))
