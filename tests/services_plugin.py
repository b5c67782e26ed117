"""Gives the test run its own Postgres and Valkey, unless DATABASE_URL and REDIS_URL name some.

A pytest plugin and not a conftest, because pytest-django imports the settings before any conftest is read. Under
pytest-xdist the controller starts the servers, its workers inherit their addresses; every worker has its own test
database (pytest-django's suffix) and its own two Redis databases.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator

import pytest

from config.services.postgres import PostgresServer
from config.services.valkey import ValkeyServer
from tests.temporary_data import temporary_data_folder

SERVER_OF_VARIABLE: dict[str, type[PostgresServer] | type[ValkeyServer]] = {
    "DATABASE_URL": PostgresServer,
    "REDIS_URL": ValkeyServer,
}


def start_missing_services(until_the_end: contextlib.ExitStack) -> None:
    missing = [variable for variable in SERVER_OF_VARIABLE if not os.environ.get(variable)]
    if not missing:
        return
    data = until_the_end.enter_context(temporary_data_folder())
    for variable in missing:
        # What they keep is thrown away, so nothing is synced to the disk.
        server = SERVER_OF_VARIABLE[variable](data, durable=False)
        until_the_end.callback(server.stop)
        server.start()
        os.environ[variable] = server.url


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    os.environ.setdefault("DJANGO_SECRET_KEY", "a key for tests")
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_BROKER_DB"] = str(2 * worker)
    os.environ["REDIS_LAYER_DB"] = str(2 * worker + 1)
    options = early_config.known_args_namespace
    if not (options.collectonly or options.help or options.version):
        until_the_end = contextlib.ExitStack()
        early_config.add_cleanup(until_the_end.close)
        start_missing_services(until_the_end)
    return (yield)
