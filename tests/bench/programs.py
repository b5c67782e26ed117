"""What is compared: each program is a set of processes, and the load client's command that drives it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from config.services.ports import free_port
from tests.bench.processes import Process, run_python, wait_for_http
from tests.bench.services import Services

#: Environment of the system under test: lets ``hello.d`` name a machine instead of a course.
BENCH_FLAG = "TUTOR_BENCH"
COURSE = "linear-equations"
FLOORS = {"steps": "floor: steps", "statement": "floor: statement", "group": "floor: group"}
ECHO_TURN = "turn (echo)"
TUTORING_TURN = "turn (tutoring)"
#: Names on the command line, in the order of the report.
NAMES = (*FLOORS, "echo", "tutoring", "celery", "channels")

# As `make run` starts its worker.
_WORKER = (
    *("worker", "--pool=threads", "--concurrency=4", "--loglevel=WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the report. Two programs may share their processes."""

    name: str
    processes: list[Process]
    #: Arguments after ``python``, without sessions and times.
    client: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    #: Of the web process and of its database; empty where there is none.
    url: str = ""
    database: str = ""

    def client_command(self, *arguments: str) -> list[str]:
        return [sys.executable, *self.client, *arguments]


class Launcher:
    """Starts programs; what it started stops when its ``stack`` closes, whatever happens in between."""

    def __init__(self, stack: ExitStack, services: Services, folder: Path) -> None:
        self._stack = stack
        self._services = services
        self._folder = folder

    def start(self, names: Sequence[str]) -> Iterator[Program]:
        for name in names:
            if name in FLOORS:
                yield self._floor(name)
        if kinds := [name for name in names if name in {"echo", "tutoring"}]:
            yield from self._tutor(kinds)
        if "celery" in names:
            yield self._celery_noop()
        if "channels" in names:
            yield self._channels_echo()

    def _process(self, system: str, role: str, arguments: Sequence[str], env: Mapping[str, str]) -> Process:
        process = Process(role, arguments, self._folder / f"{system}-{role}.log", env)
        self._stack.callback(process.stop)
        return process

    def _floor(self, store: str) -> Program:
        port = free_port()
        database = self._services.create_database(f"floor_{store}")
        self._services.execute(database, (Path(__file__).parent / "floor" / "schema.sql").read_text())
        env = {"FLOOR_DATABASE_URL": database, "FLOOR_REDIS_URL": f"{self._services.redis_url}/5"}
        server = ["-m", "tests.bench.floor.server", "--store", store, "--port", str(port)]
        processes = [
            self._process(f"floor-{store}", "web", server, env),
            self._process(f"floor-{store}", "worker", ["-m", "tests.bench.floor.worker", "--store", store], env),
        ]
        wait_for_http(f"http://127.0.0.1:{port}/", *processes)
        return Program(FLOORS[store], processes, _client(port, {"machine": "echo"}, "echo"))

    def several(self, number: int) -> list[Program]:
        """The echo turn with so many web and worker processes: one program for each web process."""
        ports = [free_port() for _ in range(number)]
        processes = self._system("turn", ports, {}, workers=number)
        return [self._ours(ECHO_TURN, processes, port, {"machine": "echo"}, "echo") for port in ports]

    def tutoring(self, name: str, more: Mapping[str, str]) -> Program:
        """The demo course on a system of its own, with these variables in its environment."""
        processes, port = self.system(name, more)
        client, url = _client(port, {"course": COURSE}, "tutoring"), f"http://127.0.0.1:{port}"
        return Program(name, processes, client, url=url, database=self._services.database_url(name))

    def system(self, name: str, more: Mapping[str, str]) -> tuple[list[Process], int]:
        """Our own system with one process of each kind; and its port."""
        port = free_port()
        return self._system(name, [port], more), port

    def _system(self, name: str, ports: Sequence[int], more: Mapping[str, str], workers: int = 1) -> list[Process]:
        """Our own system as it is deployed: web processes, Celery workers, timer service."""
        env = {
            "DATABASE_URL": self._services.create_database(name),
            "REDIS_URL": self._services.redis_url,
            "TUTOR_DEMO": "1",
            BENCH_FLAG: "1",
            # All learners come from one address, as fast as they can; what is asked of the limits stays in the turn.
            "TUTOR_RATE_FACTOR": "1000",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
            **more,
        }
        run_python(["manage.py", "migrate", "--verbosity", "0"], env, timeout_s=600)
        run_python(["manage.py", "course", "load", "--demo"], env, timeout_s=600)
        worker = ["-m", "celery", "--app=config", *_WORKER, "--queues=tools,threads,cpu"]
        processes = [
            *(self._process(name, "web", ["-m", "config.web"], {**env, "PORT": str(port)}) for port in ports),
            *(self._process(name, "worker", [*worker, f"--hostname=worker{n}@%h"], env) for n in range(workers)),
            self._process(name, "timers", ["manage.py", "timer_service"], env),
        ]
        for port in ports:
            wait_for_http(f"http://127.0.0.1:{port}/api/readyz", *processes)
        return processes

    def _tutor(self, kinds: Sequence[str]) -> Iterator[Program]:
        processes, port = self.system("turn", {})
        if "echo" in kinds:
            yield self._ours(ECHO_TURN, processes, port, {"machine": "echo"}, "echo")
        if "tutoring" in kinds:
            yield self._ours(TUTORING_TURN, processes, port, {"course": COURSE}, "tutoring")

    def _ours(self, name: str, processes: list[Process], port: int, opening: dict[str, str], speech: str) -> Program:
        client, url = _client(port, opening, speech), f"http://127.0.0.1:{port}"
        return Program(name, processes, client, url=url, database=self._services.database_url("turn"))

    def _celery_noop(self) -> Program:
        env = {"NOOP_REDIS_URL": f"{self._services.redis_url}/6"}
        worker = self._process("celery", "worker", ["-m", "celery", "--app=tests.bench.celery_noop", *_WORKER], env)
        return Program("celery no-op", [worker], ("-m", "tests.bench.celery_noop"), env)

    def _channels_echo(self) -> Program:
        port = free_port()
        web = self._process("channels", "web", ["-m", "tests.bench.channels_echo", "--port", str(port)], {})
        wait_for_http(f"http://127.0.0.1:{port}/", web)
        return Program("channels echo", [web], _client(port, {"machine": "echo"}, "echo"))


def _client(port: int, opening: dict[str, str], speech: str) -> tuple[str, ...]:
    url = f"ws://127.0.0.1:{port}/ws/session/"
    return ("-m", "tests.bench.load", "--url", url, "--opening", json.dumps(opening), "--speech", speech)
