"""A lesson with observers: the test decides when they look."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from sessions_app import log
from tests.integration.tools_app.model_lesson import ModelLesson
from tools_app.observing import Looker
from tutor.interactions import Interaction, ObserverNoted, ObserverSaid, ObserverSuggested

#: A wrong answer to every question of the demo course.
WRONG = "90001"


@dataclass
class Observers:
    """Those who look, in the test's own process; their observers' code runs in a child, as ever."""

    looker: Looker = field(default_factory=Looker)

    def look(self) -> int:
        """Time has passed: let everything be due that waits for something to happen, and look at it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE tools_app_observedsession SET due_at = clock_timestamp()"
                " WHERE due_at <= clock_timestamp() + interval '5 s'"
            )
        return self.look_at_due()

    def look_at_due(self) -> int:
        return self.looker.look_at_due()


def remarks(session: uuid.UUID, observer: str | None = None) -> list[Any]:
    """What observers have written into a session's log."""
    kinds = ObserverNoted | ObserverSaid | ObserverSuggested
    facts: list[Interaction] = [entry.fact for entry in log.read(session) if entry.kind.startswith("observer.")]
    return [fact for fact in facts if isinstance(fact, kinds) and observer in {None, fact.observer}]


def noted(session: uuid.UUID, observer: str | None = None) -> list[str]:
    """What teachers were told, by what it is about."""
    return [fact.about for fact in remarks(session, observer) if isinstance(fact, ObserverNoted)]


def answers_wrong(lesson: ModelLesson, times: int) -> None:
    """The same wrong answer, so many times."""
    for _ in range(times):
        lesson.say(WRONG)


Folds = Callable[[uuid.UUID], None]
