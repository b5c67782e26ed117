from __future__ import annotations

import pytest

from tests.acceptance.live_system import LiveSystem, is_running, wait_until

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize("name", ["web", "worker", "timers", "postgres", "valkey"])
def test_a_killed_process_is_started_again(shared_live_system: LiveSystem, name: str) -> None:
    old = shared_live_system.kill(name)

    assert shared_live_system.pid(name) != old
    shared_live_system.wait_ready()


def test_a_killed_keeper_is_replaced_with_its_service(shared_live_system: LiveSystem) -> None:
    old = shared_live_system.pids()

    shared_live_system.kill("postgres keeper")

    new = shared_live_system.pids()
    assert new["postgres"] != old["postgres"]
    assert not is_running(old["postgres"])
    shared_live_system.wait_ready()


def test_a_killed_supervisor_leaves_no_orphan_and_the_next_start_recovers(shared_live_system: LiveSystem) -> None:
    pids = shared_live_system.pids()

    shared_live_system.kill("supervisor")

    wait_until(lambda: not any(map(is_running, pids.values())), 20.0, lambda: "orphans are left")
    shared_live_system.start()


def test_after_a_kill_of_everything_the_next_start_recovers(shared_live_system: LiveSystem) -> None:
    shared_live_system.kill_everything()

    shared_live_system.start()
