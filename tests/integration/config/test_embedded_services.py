"""The embedded services as commands use them: real servers in a folder of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.services import DataFolder, EmbeddedServices
from config.services.data_folder import CHECKOUT
from tests.acceptance.live_system import is_running, wait_until
from tests.temporary_data import temporary_data_folder

_HOLD = """
import sys
from pathlib import Path
from config.services import DataFolder, EmbeddedServices
with EmbeddedServices(DataFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def data() -> Iterator[DataFolder]:
    with temporary_data_folder() as folder:
        yield folder


def _hold_elsewhere(data: DataFolder) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, data.path], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    return holder


def _end(holder: subprocess.Popen[bytes]) -> None:
    holder.communicate(timeout=60)


def _servers(data: DataFolder) -> list[int]:
    return [(data.read_record(name) or {"pid": 0})["pid"] for name in ("postgres", "valkey")]


def _answer(services: EmbeddedServices) -> bool:
    with psycopg.connect(services.urls["DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_setting('fsync')").fetchone()
    with redis.Redis.from_url(services.urls["REDIS_URL"]) as client:
        return row == ("on",) and client.ping() is True


def test_they_run_while_they_are_held_and_keep_what_was_written(data: DataFolder) -> None:
    with EmbeddedServices(data) as services:
        assert _answer(services)
        with psycopg.connect(services.urls["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        servers = _servers(data)

    assert not any(map(is_running, servers))

    with EmbeddedServices(data) as services, psycopg.connect(services.urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_the_addresses_need_the_password(data: DataFolder) -> None:
    with EmbeddedServices(data) as services:
        without = {variable: url.replace(_password(url), "guess") for variable, url in services.urls.items()}

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(without["DATABASE_URL"])
        with redis.Redis.from_url(without["REDIS_URL"]) as client, pytest.raises(redis.AuthenticationError):
            client.ping()


def _password(url: str) -> str:
    return url.rpartition("@")[0].rpartition(":")[2]


def test_the_last_of_two_that_overlap_takes_them_along(data: DataFolder) -> None:
    first = _hold_elsewhere(data)
    with EmbeddedServices(data) as services:
        servers = _servers(data)
        _end(first)

        time.sleep(0.5)
        assert _servers(data) == servers
        assert _answer(services)

    assert not any(map(is_running, servers))


def test_a_killed_holder_holds_nothing(data: DataFolder) -> None:
    holder = _hold_elsewhere(data)
    servers = _servers(data)

    holder.kill()
    holder.communicate()

    wait_until(lambda: not any(map(is_running, servers)), 10.0, lambda: "the servers outlived their only holder")


def test_a_killed_keeper_takes_its_server_along_and_is_replaced_at_the_same_address(data: DataFolder) -> None:
    with EmbeddedServices(data) as services:
        record = data.read_record("postgres") or {}
        os.kill(record["keeper"], signal.SIGKILL)
        wait_until(lambda: not is_running(record["pid"]), 10.0, lambda: "the server outlived its keeper")

        assert services.keep_up() is False
        assert _answer(services)
        assert (data.read_record("postgres") or {})["keeper"] != record["keeper"]


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_killed_server_comes_back_at_the_same_address(data: DataFolder, name: str) -> None:
    with EmbeddedServices(data) as services:
        before = _servers(data)
        os.kill((data.read_record(name) or {})["pid"], signal.SIGKILL)

        wait_until(lambda: _servers(data) != before, 20.0, lambda: f"{name} did not come back")
        assert _answer(services)


def test_a_lock_file_of_a_server_long_dead_does_not_stop_the_start(data: DataFolder) -> None:
    with EmbeddedServices(data):
        pass
    location = data.path / "postgres.location"
    home = Path(location.read_text().strip()) if location.exists() else data.path
    # The number belongs to a stranger now, as after a reboot.
    (home / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'postgres'}\n1\n5432\n\n127.0.0.1\n")

    with EmbeddedServices(data) as services:
        assert _answer(services)


def test_they_stop_when_their_folder_is_removed(data: DataFolder) -> None:
    with EmbeddedServices(data):
        servers = _servers(data)
        for lock in data.run.glob("*.holders"):
            lock.unlink()

        wait_until(lambda: not any(map(is_running, servers)), 10.0, lambda: "servers without a folder go on")


def test_a_path_with_spaces_and_of_great_length_will_do(data: DataFolder) -> None:
    deep = data.path
    for part in ("with spaces and 'quotes'", "d" * 100, "e" * 100):
        deep /= part
        deep.mkdir(mode=0o711)

    with EmbeddedServices(DataFolder(deep)) as services:
        assert _answer(services)


def test_a_closed_folder_stays_closed_and_root_is_told_where_the_database_went(data: DataFolder) -> None:
    closed = data.path / "closed"
    closed.mkdir(mode=0o700)

    with temporary_data_folder(within=closed) as inside, EmbeddedServices(inside) as services:
        assert _answer(services)
        # Only root needs another user for its database, whom the folder is closed to.
        assert len(services.notes) == (1 if os.getuid() == 0 else 0)
        assert closed.stat().st_mode & 0o777 == 0o700
