from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Mapping

import pytest

from config.services.data_folder import CHECKOUT
from config.services.ports import free_port, listen
from tests.acceptance.live_system import SERVICES, LiveSystem, is_running, wait_until
from tests.temporary_data import temporary_data_folder

pytestmark = pytest.mark.acceptance


def _run(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_port_that_was_asked_for_and_is_taken_ends_the_start_with_a_clear_message() -> None:
    with temporary_data_folder() as data, listen("127.0.0.1", free_port(), next_free=False) as taken:
        port = taken.getsockname()[1]

        done = _run({**LiveSystem(data).environment, "PORT": str(port)}, "run")

    assert done.returncode == 2
    assert f"Port {port} cannot be used" in done.stderr


def test_a_second_system_in_the_same_folder_is_refused_and_told_of_the_first(shared_live_system: LiveSystem) -> None:
    wait_until(lambda: "Tutor is ready" in shared_live_system.terminal(), 10.0, shared_live_system.terminal)

    done = _run({**shared_live_system.environment, "PORT": "0"}, "run")

    assert done.returncode == 2
    assert f"already running: http://localhost:{shared_live_system.port}" in done.stderr


def test_a_command_in_a_second_terminal_uses_the_running_services(shared_live_system: LiveSystem) -> None:
    before = shared_live_system.pids()
    question = "from django.contrib.auth.models import User; print(User.objects.get(is_superuser=True).username)"

    done = _run(shared_live_system.environment, "shell", "--no-imports", "-c", question)

    assert done.stdout == "admin\n"
    assert shared_live_system.pids() == before
    shared_live_system.wait_ready()


def test_a_command_without_a_running_system_has_services_of_its_own_while_it_runs() -> None:
    question = "from django.db import connection; print(connection.cursor().execute('SELECT 7').fetchone())"
    with temporary_data_folder() as data:
        done = _run(LiveSystem(data).environment, "shell", "--no-imports", "-c", question)

        assert done.stdout == "(7,)\n", done.stderr
        assert not any(is_running((data.read_record(name) or {"pid": 0})["pid"]) for name in SERVICES)


def test_the_administrators_password_is_told_apart_from_the_terminal(shared_live_system: LiveSystem) -> None:
    path = shared_live_system.data.secret_path("admin")
    wait_until(lambda: str(path) in shared_live_system.terminal(), 10.0, shared_live_system.terminal)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in shared_live_system.terminal()
