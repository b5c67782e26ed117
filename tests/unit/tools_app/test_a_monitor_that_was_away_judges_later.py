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


@given(gaps=st.lists(st.one_of(st.floats(0.1, 1.0), st.floats(10, 1_000)), min_size=1, max_size=30))
def test_after_a_gap_nobody_is_judged_for_the_time_of_a_lease(gaps: list[float]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        did = watched(patch)
        clock, watch = Clock(patch), monitor.Watch()
        watch.sweep()
        back = -1e9
        for gap in gaps:
            clock.now += gap
            if gap > conf.LEASE_S / 2:
                back = clock.now
            watch.sweep()
            assert (did[-1] == "overdue only") == (clock.now < back + conf.LEASE_S)


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
        clock.now += 1.5
        watch.sweep()

    assert judged == ["judged", "overdue only", "overdue only"]
