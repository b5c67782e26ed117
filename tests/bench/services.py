"""Postgres and Valkey of one run: the ones `make run` uses, in a temporary folder, with full durability."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from config.services import DataFolder
from config.services.postgres import PostgresServer
from config.services.valkey import ValkeyServer
from tests.bench.processes import Watched

_USAGE_NAMES = ("commits", "rollbacks", "rows inserted", "rows updated", "rows deleted", "WAL bytes", "WAL syncs")
_USAGE = b"""
SELECT sum(xact_commit), sum(xact_rollback), sum(tup_inserted), sum(tup_updated), sum(tup_deleted),
    (SELECT wal_bytes FROM pg_stat_wal),
    (SELECT sum(fsyncs) FROM pg_stat_io WHERE object = 'wal')
FROM pg_stat_database
"""


class Services:
    """One Postgres and one Valkey for everything a run compares."""

    def __init__(self, data: DataFolder) -> None:
        self.postgres_log = data.logs / "postgres.log"
        self._postgres = PostgresServer(data)
        self._valkey = ValkeyServer(data)

    def start(self) -> None:
        self._postgres.start()
        self._valkey.start()

    def stop(self) -> None:
        self._valkey.stop()
        self._postgres.stop()

    @property
    def processes(self) -> list[Watched]:
        return [Watched(server.name, server.pid) for server in (self._postgres, self._valkey)]

    @property
    def redis_url(self) -> str:
        return self._valkey.url

    def create_database(self, name: str) -> str:
        """The new database's URL."""
        self.execute(self.database_url("postgres"), f'CREATE DATABASE "{name}"')
        return self.database_url(name)

    def ask(self, name: str, question: str) -> tuple[Any, ...]:
        """The one row that a query of a database returns."""
        with psycopg.connect(self.database_url(name)) as connection:
            row = connection.execute(question.encode()).fetchone()
        assert row is not None
        return row

    def execute(self, url: str, statements: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statements.encode())

    def log_statements(self, on: bool) -> None:
        """Have Postgres log every statement with its time: for looking, never while measuring."""
        url = self.database_url("postgres")
        self.execute(url, f"ALTER SYSTEM SET log_min_duration_statement = {0 if on else -1}")
        self.execute(url, "SELECT pg_reload_conf()")

    def usage(self) -> dict[str, float]:
        """Counters of what has been asked of Postgres and Valkey so far."""
        with psycopg.connect(self.database_url("postgres")) as connection:
            row = connection.execute(_USAGE).fetchone()
        client = redis.Redis.from_url(self.redis_url)
        commands = cast("dict[str, dict[str, float]]", client.info("commandstats"))
        client.close()
        found = dict(zip(_USAGE_NAMES, row or (), strict=True))
        found |= {f"valkey {name.removeprefix('cmdstat_')}": stat["calls"] for name, stat in commands.items()}
        return {name: float(value) for name, value in found.items()}

    def durability(self) -> dict[str, str]:
        """What Postgres itself says: a figure without it means little."""
        found = {}
        with psycopg.connect(self.database_url("postgres")) as connection:
            for name in ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method"):
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
                found[name] = str(row[0]) if row else ""
        return found

    def database_url(self, name: str) -> str:
        """Of a database of this Postgres, whether it exists or not."""
        return urlunsplit(urlsplit(self._postgres.url)._replace(path=f"/{name}"))
