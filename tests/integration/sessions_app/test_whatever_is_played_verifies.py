"""The property behind the log: after any play, every row is what its log says."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from sessions_app import verification
from sessions_app.models import Session
from tests.bench import population


@pytest.fixture
def scripted(transactional_db: None, settings: Any) -> None:
    settings.TUTOR_MACHINES = {**settings.TUTOR_MACHINES, "scripted": "tests.scripted_machine.load"}


def words(found: list[verification.Verified]) -> list[str]:
    return [str(divergence) for one in found for divergence in one.divergences]


def test_300_sessions_after_random_play(scripted: None) -> None:
    sessions = population.start(300)
    population.play(sessions, random.Random(4), rounds=8)

    results = list(verification.verify())

    assert words(results) == []
    assert len(results) == 300
    assert {row.state for row in Session.objects.all()} >= {"a", "b", "waiting"}
    assert any("postponed" in row.kernel for row in Session.objects.all())


@hypothesis(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), rounds=st.integers(1, 12))
def test_a_session_after_any_play(scripted: None, seed: int, rounds: int) -> None:
    (session,) = population.start(1)
    population.play([session], random.Random(seed), rounds)

    assert words(list(verification.verify([session]))) == []


def test_while_the_system_runs_nothing_looks_divergent(scripted: None) -> None:
    sessions = population.start(20)
    stop = threading.Event()

    def play() -> None:
        try:
            while not stop.is_set():
                population.play(list(sessions), random.Random(1), rounds=1)
        finally:
            connection.close()

    thread = threading.Thread(target=play)
    thread.start()
    try:
        heads = set()
        for _ in range(15):
            results = list(verification.verify())
            heads.add(sum(one.interactions for one in results))
            assert words(results) == []
    finally:
        stop.set()
        thread.join()
    assert len(heads) > 1, "the logs must have grown meanwhile"


def test_a_repair_beside_a_running_system_keeps_every_event(scripted: None) -> None:
    sessions: list[uuid.UUID] = population.start(5)
    stop = threading.Event()

    def play() -> None:
        try:
            while not stop.is_set():
                population.play(list(sessions), random.Random(1), rounds=1)
        finally:
            connection.close()

    thread = threading.Thread(target=play)
    thread.start()
    try:
        for _ in range(10):
            for session in sessions:
                assert verification.repair(session) == []
    finally:
        stop.set()
        thread.join()
    assert words(list(verification.verify())) == []
