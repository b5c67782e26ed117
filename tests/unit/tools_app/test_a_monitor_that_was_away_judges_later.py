"""After an outage of its own, the monitor gives every worker the time of a lease to show up."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app import conf, monitor


def watched(patch: pytest.MonkeyPatch) -> list[str]:
    """What each sweep does, in order."""
    did: list[str] = []

    def note(what: str) -> int:
        did.append(what)
        return 0

    patch.setattr(monitor, "_overdue", lambda: note("overdue only"))
    patch.setattr(monitor, "sweep", lambda: note("judged"))
    return did


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What each sweep did: looked after overdue calls only, or judged workers as well."""
    return watched(monkeypatch)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "clock_gettime", lambda _which: self.now)


def test_a_monitor_judges_from_its_first_sweep_on(monkeypatch: pytest.MonkeyPatch, judged: list[str]) -> None:
    clock, watch = Clock(monkeypatch), monitor.Watch()
    for _ in range(20):
        watch.sweep()
        clock.now += 0.5

    assert judged == ["judged"] * 20


@given(gap=st.floats(conf.LEASE_S + 0.01, 10_000), pace=st.floats(0.1, 1.5))
def test_after_a_gap_nobody_is_judged_for_the_time_of_a_lease(gap: float, pace: float) -> None:
    with pytest.MonkeyPatch.context() as patch:
        did = watched(patch)
        clock, watch = Clock(patch), monitor.Watch()
        watch.sweep()
        clock.now += gap
        back = clock.now
        for _ in range(50):
            watch.sweep()
            assert (did[-1] == "overdue only") == (clock.now < back + conf.LEASE_S)
            clock.now += pace


@given(paces=st.lists(st.floats(0.1, 100), min_size=10, max_size=60))
def test_a_monitor_that_is_only_slow_judges_at_the_latest_a_lease_after_its_last_judgement(paces: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        did = watched(patch)
        clock, watch = Clock(patch), monitor.Watch()
        since: float | None = None
        for pace in paces:
            watch.sweep()
            if did[-1] == "judged":
                since = None
            elif since is None:
                since = clock.now
            else:
                assert clock.now < since + conf.LEASE_S
            clock.now += pace


def test_a_sweep_that_fails_is_no_sweep(monkeypatch: pytest.MonkeyPatch, judged: list[str]) -> None:
    clock, watch = Clock(monkeypatch), monitor.Watch()
    watch.sweep()
    broken: Any = iter([True])

    def fail() -> int:
        if next(broken, False):
            raise ConnectionError("the database is away")
        judged.append("judged")
        return 0

    monkeypatch.setattr(monitor, "sweep", fail)
    clock.now += 0.5
    with pytest.raises(ConnectionError):
        watch.sweep()
    for _ in itertools.repeat(None, 2):
        clock.now += conf.LEASE_S - 0.3
        watch.sweep()

    assert judged == ["judged", "overdue only", "overdue only"]
