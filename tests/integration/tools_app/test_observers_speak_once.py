"""A remark is made once: killed in between, looked at by two at once, taken over by another."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as project
from django.db import connection

from sessions_app import crash_points
from tests.integration.tools_app.model_lesson import ModelLesson, started
from tests.integration.tools_app.observed_lesson import (
    Folds,
    answers,
    answers_wrong,
    leases_run_out,
    look,
    looking,
    noted,
    time_passes,
)
from tools_app import observing
from tools_app.observing import Looker

ROOT = Path(__file__).resolve().parents[3]
_LOOK = """
import django
django.setup()
from tools_app.observing import Looker
looker = Looker()
looker.look_at_due()
looker.close()
"""


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    with looking() as one:
        yield one


@pytest.fixture
def lesson(learner: Any) -> ModelLesson:
    lesson = started(learner)
    lesson.to_a_question()
    answers_wrong(lesson, 2)
    time_passes()
    return lesson


def process_that_dies_at(point: str) -> int:
    """A process that looks, killed at a crash point; returns its status."""
    parts = urlsplit(project.DATABASE_URL)
    database = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    done = subprocess.run(
        [sys.executable, "-c", _LOOK],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            crash_points.VARIABLE: point,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.returncode


@pytest.mark.parametrize("point", ["observing.leased", "observing.written"])
def test_killed_in_between_it_is_looked_at_again_and_told_once(
    lesson: ModelLesson, looker: Looker, folds: Folds, point: str
) -> None:
    process_that_dies_at(point)
    assert looker.look_at_due() == 0, "the dead one's lease has not run out"

    leases_run_out()
    assert looker.look_at_due() == 1
    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]
    folds(lesson.session)


def test_two_that_look_at_once_do_not_look_at_the_same_session(
    lesson: ModelLesson, looker: Looker, folds: Folds
) -> None:
    looks: list[int] = []

    def look_at_due(one: Looker) -> None:
        looks.append(one.look_at_due())
        connection.close()

    with looking() as other:
        threads = [threading.Thread(target=look_at_due, args=(one,)) for one in (looker, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(looks) == [0, 1]
    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]
    folds(lesson.session)


def test_one_that_was_away_for_longer_than_its_lease_says_nothing_any_more(
    lesson: ModelLesson, looker: Looker, folds: Folds, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = observing._write
    overtaken: list[bool] = []

    def overtaken_before(leased: observing.Leased, result: observing.Result) -> None:
        monkeypatch.setattr(observing, "_write", write)
        leases_run_out()
        with looking() as other:
            overtaken.append(other.look_at_due() == 1)
        write(leased, result)

    monkeypatch.setattr(observing, "_write", overtaken_before)
    looker.look_at_due()

    assert overtaken == [True]
    assert noted(lesson.session) == [("same_wrong_answer", answers(lesson))]
    folds(lesson.session)


def test_what_happens_during_a_look_is_seen_by_the_next(
    lesson: ModelLesson, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = observing._write

    def after_another_answer(leased: observing.Leased, result: observing.Result) -> None:
        monkeypatch.setattr(observing, "_write", write)
        answers_wrong(lesson, 1)
        write(leased, result)

    monkeypatch.setattr(observing, "_write", after_another_answer)
    looker.look_at_due()
    assert len(noted(lesson.session)) == 1

    look(looker)
    assert len(noted(lesson.session)) == 2
