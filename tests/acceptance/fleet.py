"""A fleet as an operator starts it: web, any number of workers, timers, over a Postgres and a Valkey of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from celery import Celery

from config.services.data_folder import CHECKOUT
from config.services.parent_death import dies_with_parent
from config.services.ports import free_port
from config.services.postgres import PostgresServer
from config.services.valkey import ValkeyServer
from tests.acceptance.live_system import wait_until
from tests.line import Line
from tests.temporary_data import temporary_data_folder
from tools_app import registry
from tools_app.outbox import WAKE_TASK

_START_S = 60.0


class Running:
    """One process of the fleet."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self._log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def tail(self) -> str:
        return self.output()[-3_000:]

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def stop(self, limit_s: float = 40.0) -> int:
        """SIGTERM, then wait. Returns the exit status."""
        self.process.terminate()
        return self.process.wait(limit_s)


class Fleet:
    """Started by ``fleet()``. Its processes die with the test."""

    def __init__(self, folder: Path, postgres: PostgresServer, valkey: ValkeyServer) -> None:
        self.postgres, self.valkey = postgres, valkey
        self._folder = folder
        self._running: list[Running] = []
        self._lines: list[Line] = []
        self._number = 0
        self.web_port = free_port()
        self.environment = {
            **os.environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "REDIS_BROKER_DB": "0",
            "REDIS_LAYER_DB": "1",
            "DJANGO_SECRET_KEY": "a key for a fleet",
            "TUTOR_DEMO": "1",
            "TUTOR_BENCH": "1",
            "PORT": str(self.web_port),
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.web_port}/ws/session/"

    def line_to_redis(self) -> tuple[Line, dict[str, str]]:
        """A line of its own to Redis, and the environment of a process that uses it."""
        return self._line(self.valkey.url, "REDIS_URL")

    def line_to_postgres(self) -> tuple[Line, dict[str, str]]:
        """The same to Postgres."""
        return self._line(self.postgres.url, "DATABASE_URL")

    def web(self, environment: Mapping[str, str] | None = None) -> Running:
        running = self._start("web", ["-m", "config.web"], environment)
        wait_until(lambda: self._is_listening(running), _START_S, running.tail)
        return running

    def timers(self, environment: Mapping[str, str] | None = None) -> Running:
        return self._start("timers", ["manage.py", "timer_service"], environment)

    def worker(self, environment: Mapping[str, str] | None = None, queues: Sequence[str] | None = None) -> Running:
        """A worker that beats, as `manage.py run` starts it."""
        served = ",".join(queues or registry.queues())
        celery = ["-m", "celery", "--quiet", "--app=config", "worker", "--pool=threads", "--concurrency=1"]
        celery += [
            f"--queues={served}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
            "--loglevel=INFO",
        ]
        running = self._start("worker", [*celery, "--hostname=%n-%i@%h"], environment)
        wait_until(lambda: "action=runner.started" in running.output(), _START_S, running.tail)
        wait_until(lambda: self._beats(running), _START_S, running.tail)
        return running

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`manage.py` with the fleet's environment."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=CHECKOUT, env=self.environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            return connection.execute(sql.encode(), parameters).fetchall()

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(f"{self.valkey.url}/0")

    def hint(self, queue: str) -> None:
        """Tell the workers that there is work, as the web process does."""
        with Celery(broker=f"{self.valkey.url}/0").producer_or_acquire() as producer:
            producer.publish([[], {}, {}], routing_key=queue, headers={"task": WAKE_TASK, "id": "a test's"})

    def hints_waiting(self) -> int:
        """Hints that no worker has taken."""
        with self.redis() as client:
            return sum(int(client.llen(queue)) for queue in registry.queues())

    def owner(self, worker: Running) -> str:
        return str(self.rows("SELECT owner FROM tools_app_worker WHERE process = %s", worker.pid)[0][0])

    def end_processes(self) -> None:
        """SIGKILL to all that still run."""
        for running in self._running:
            if running.process.poll() is None:
                running.process.kill()
            running.process.wait()
        for line in self._lines:
            line.end()
        self._running, self._lines = [], []

    def _line(self, url: str, variable: str) -> tuple[Line, dict[str, str]]:
        parts = urlsplit(url)
        assert parts.port is not None
        line = Line(parts.port)
        self._lines.append(line)
        who, _, _ = parts.netloc.rpartition("@")
        return line, {variable: urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{line.port}"))}

    def _start(self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None) -> Running:
        self._number += 1
        log = self._folder / f"{self._number}-{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=CHECKOUT,
                env={**self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - from the test's main thread
            )
        running = Running(name, process, log)
        self._running.append(running)
        return running

    def _beats(self, worker: Running) -> bool:
        return bool(self.rows("SELECT 1 FROM tools_app_worker WHERE process = %s", worker.pid))

    def _is_listening(self, web: Running) -> bool:
        assert web.process.poll() is None, web.tail()
        try:
            with urllib.request.urlopen(f"{self.url}/api/readyz", timeout=2):  # noqa: S310 - our own address
                return True
        except urllib.error.HTTPError:
            return True  # it answers: what is missing has not been started yet
        except OSError:
            return False


@contextlib.contextmanager
def fleet() -> Iterator[Fleet]:
    """Postgres, Valkey, an empty database of the newest schema; no process yet."""
    with temporary_data_folder() as data, contextlib.ExitStack() as stack:
        postgres, valkey = PostgresServer(data, durable=False), ValkeyServer(data, durable=False)
        for server in (postgres, valkey):
            stack.callback(server.stop)
            server.start()
        made = Fleet(data.logs, postgres, valkey)
        stack.callback(made.end_processes)
        migrated = made.manage("migrate", "--verbosity", "0")
        assert migrated.returncode == 0, migrated.stderr
        yield made
