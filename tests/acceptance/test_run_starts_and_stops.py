from __future__ import annotations

import re
import signal

import pytest

from tests.acceptance.live_system import LiveSystem, is_running, wait_until

pytestmark = pytest.mark.acceptance


def test_it_starts_says_where_it_is_and_leaves_nothing_behind_twice_in_a_row(live_system: LiveSystem) -> None:
    _runs_well(live_system, 1, signal.SIGINT)
    live_system.start()
    _runs_well(live_system, 2, signal.SIGTERM)


def _runs_well(system: LiveSystem, times: int, stop_signal: signal.Signals) -> None:
    wait_until(lambda: system.terminal().count("Tutor is ready") == times, 10.0, system.terminal)
    pids = system.pids()

    assert set(pids) >= {"supervisor", "web", "worker", "timers", "postgres", "valkey"}
    assert all(map(is_running, pids.values()))
    assert re.findall(r"http://localhost:(\d+)\n", system.terminal()) == times * [str(system.port)]
    assert str(system.data.path) in system.terminal()

    assert system.stop(stop_signal) == 0
    assert not any(map(is_running, pids.values()))
    assert system.terminal().endswith("Stopped.\n")
