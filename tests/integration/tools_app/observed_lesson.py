"""A lesson with observers: the test decides when they look."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from sessions_app import log, server
from sessions_app.delivery import Delivery
from tests.integration.tools_app.model_lesson import ModelLesson
from tools_app.observing import Looker
from tutor.interactions import (
    AnswerChecked,
    Interaction,
    ObserverNoted,
    ObserverSaid,
    ObserverSuggested,
    QuestionAsked,
    Verdict,
)

Folds = Callable[[uuid.UUID], None]


def time_passes() -> None:
    """Let everything be due that a look soon after something happened would see, and every rest be over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tools_app_observedsession SET due_at = clock_timestamp()"
            " WHERE due_at <= clock_timestamp() + interval '10 min'"
        )
        cursor.execute("UPDATE tools_app_observerview SET rests_until = NULL")


def leases_run_out() -> None:
    """Whoever has taken a session is taken for dead."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tools_app_observedsession SET leased_until = clock_timestamp()")
    time_passes()


@contextmanager
def looking() -> Iterator[Looker]:
    """Somebody who looks, in the test's own process; their observers' code runs in a child, as ever."""
    one = Looker()
    try:
        yield one
    finally:
        one.close()


def look(looker: Looker) -> int:
    """Let time pass, and look."""
    time_passes()
    return looker.look_at_due()


def remarks(session: uuid.UUID, observer: str | None = None) -> list[Any]:
    """What observers have written into a session's log."""
    kinds = ObserverNoted | ObserverSaid | ObserverSuggested
    facts: list[Interaction] = [entry.fact for entry in log.read(session) if entry.kind.startswith("observer.")]
    return [fact for fact in facts if isinstance(fact, kinds) and observer in {None, fact.observer}]


def noted(session: uuid.UUID, observer: str | None = None) -> list[tuple[str, list[int]]]:
    """What teachers were told: about what, with which evidence."""
    return [(fact.about, fact.evidence) for fact in remarks(session, observer) if isinstance(fact, ObserverNoted)]


def answers(lesson: ModelLesson) -> list[int]:
    """Where the verdicts stand in the lesson's log."""
    return [entry.seq for entry in log.read(lesson.session) if entry.kind == "answer.checked"]


def answers_wrong(lesson: ModelLesson, times: int) -> None:
    """The same wrong answer, so many times."""
    for _ in range(times):
        _checked(lesson, "wrong")


def answers_right(lesson: ModelLesson) -> None:
    """The right answer to the question that is open."""
    _checked(lesson, "correct")


def _checked(lesson: ModelLesson, verdict: Verdict) -> None:
    """A verdict as the machine would record it, whichever question the course begins with."""
    asked = [entry.fact for entry in log.read(lesson.session) if isinstance(entry.fact, QuestionAsked)][-1]
    fact = AnswerChecked(question=asked.question, answer=verdict, verdict=verdict, feedback="")
    server.deliver(Delivery(lesson.session, None, by="tool", facts=[fact], opens_turn=False))
