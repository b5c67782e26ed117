"""Gives the test run its own Postgres and Valkey, unless DATABASE_URL and REDIS_URL name some.

A pytest plugin and not a conftest, because pytest-django imports the settings before any conftest is read. Under
pytest-xdist the controller starts the servers, its workers inherit their addresses; every worker has its own test
database (pytest-django's suffix) and its own two Redis databases.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from config.services.data_folder import DataFolder
from config.services.postgres import PostgresServer
from config.services.valkey import ValkeyServer


class TestServices:
    """The servers of one test run; what they keep is thrown away, so nothing is synced to the disk."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tutor-test-"))
        self._servers: list[PostgresServer | ValkeyServer] = []

    def start(self) -> None:
        data = DataFolder(self._folder)
        for variable, server_type in (("DATABASE_URL", PostgresServer), ("REDIS_URL", ValkeyServer)):
            if not os.environ.get(variable):
                server = server_type(data, durable=False)
                self._servers.append(server)
                server.start()
                os.environ[variable] = server.url

    def stop(self) -> None:
        for server in self._servers:
            server.stop()
        location = self._folder / "postgres.location"
        if location.exists():
            shutil.rmtree(location.read_text().strip())
        shutil.rmtree(self._folder)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    os.environ["REDIS_BROKER_DB"] = str(2 * int(worker))
    os.environ["REDIS_LAYER_DB"] = str(2 * int(worker) + 1)
    options = early_config.known_args_namespace
    if not (options.collectonly or options.help or options.version):
        services = TestServices()
        early_config.add_cleanup(services.stop)
        services.start()
    return (yield)
