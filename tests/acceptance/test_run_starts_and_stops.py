from __future__ import annotations

import re
import signal
import stat

import pytest

from tests.acceptance.live_system import LiveSystem, is_running, wait_until

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM])
def test_everything_starts_says_where_it_is_and_leaves_nothing_behind(
    live_system: LiveSystem, stop_signal: signal.Signals
) -> None:
    wait_until(lambda: "Tutor is ready" in live_system.terminal(), 10.0, live_system.terminal)
    pids = live_system.pids()

    assert set(pids) >= {"supervisor", "web", "worker", "timers", "postgres", "valkey"}
    assert all(map(is_running, pids.values()))
    assert re.findall(r"http://localhost:(\d+)\n", live_system.terminal()) == [str(live_system.port)]
    assert str(live_system.data.path) in live_system.terminal()

    assert live_system.stop(stop_signal) == 0
    assert not any(map(is_running, pids.values()))
    assert live_system.terminal().endswith("Stopped.\n")


def test_the_administrators_password_is_told_apart_from_the_terminal(shared_live_system: LiveSystem) -> None:
    path = shared_live_system.data.secret_path("admin")
    wait_until(lambda: str(path) in shared_live_system.terminal(), 10.0, shared_live_system.terminal)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in shared_live_system.terminal()
