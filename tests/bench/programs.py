"""What is compared: each program is a set of processes, and the command of the load client that drives it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.processes import Process, free_port, python, run_python, wait_for_http
from tests.bench.services import Services

#: A settings key of the system under test: allows ``hello.d.machine``.
BENCH_FLAG = "TUTOR_BENCH"
COURSE = "linear-equations"
FLOORS = {
    "steps": "floor: steps",
    "statement": "floor: statement",
    "group": "floor: group",
}
#: The floor every ratio is taken to.
REFERENCE = FLOORS["steps"]


@dataclass(slots=True)
class System:
    """Processes that run together; several programs may drive the same ones."""

    processes: list[Process] = field(default_factory=list)

    def stop(self) -> None:
        while self.processes:
            self.processes.pop().stop()


@dataclass(frozen=True, slots=True)
class Program:
    """One row of the report."""

    name: str
    system: System
    #: Arguments of the load client after ``python -m``, without sessions and times.
    client: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)


def _client(port: int, opening: dict[str, str], speech: str) -> tuple[str, ...]:
    url = f"ws://127.0.0.1:{port}/ws/session/"
    return ("tests.bench.load", "--url", url, "--opening", json.dumps(opening), "--speech", speech)


def floor(services: Services, folder: Path, store: str) -> list[Program]:
    port = free_port()
    database = services.create_database(f"floor_{store}")
    schema = Path(__file__).parent / "floor" / "schema.sql"
    services.execute(database, schema.read_text())
    env = {"FLOOR_DATABASE_URL": database, "FLOOR_REDIS_URL": f"{services.redis_url}/5"}
    arguments = ["--store", store]
    worker = python("worker", ["-m", "tests.bench.floor.worker", *arguments], folder / f"floor-{store}-worker.log", env)
    web = python(
        "web",
        ["-m", "tests.bench.floor.server", *arguments, "--port", str(port)],
        folder / f"floor-{store}-web.log",
        env,
    )
    system = System([worker, web])
    try:
        wait_for_http(f"http://127.0.0.1:{port}/", *system.processes)
    except BaseException:
        system.stop()
        raise
    return [Program(FLOORS[store], system, _client(port, {"machine": "echo"}, "echo"))]


def tutor(services: Services, folder: Path, kinds: Sequence[str]) -> list[Program]:
    """Our own system as it is deployed: web process, Celery worker, timer service."""
    port = free_port()
    env = {
        "DATABASE_URL": services.create_database("tutor"),
        "REDIS_URL": services.redis_url,
        "TUTOR_DEMO": "1",
        BENCH_FLAG: "1",
        "PORT": str(port),
        "LOG_LEVEL": "WARNING",
    }
    run_python(["manage.py", "migrate", "--verbosity", "0"], env)
    if "tutoring" in kinds:
        run_python(["manage.py", "course", "load"], env)
    celery = ["-m", "celery", "-A", "config", "worker", "--loglevel", "WARNING"]
    celery += [
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--pool",
        "threads",
        "--concurrency",
        "16",
    ]
    system = System()
    try:
        system.processes.append(python("worker", celery, folder / "tutor-worker.log", env))
        system.processes.append(python("timers", ["manage.py", "timer_service"], folder / "tutor-timers.log", env))
        system.processes.append(python("web", ["-m", "config.web"], folder / "tutor-web.log", env))
        wait_for_http(f"http://127.0.0.1:{port}/api/healthz", *system.processes)
    except BaseException:
        system.stop()
        raise
    openings = {"echo": {"machine": "echo"}, "tutoring": {"course": COURSE}}
    return [Program(f"turn ({kind})", system, _client(port, openings[kind], kind)) for kind in kinds]


def celery_noop(services: Services, folder: Path) -> list[Program]:
    env = {"NOOP_REDIS_URL": f"{services.redis_url}/6"}
    command = ["-m", "celery", "-A", "tests.bench.celery_noop", "worker", "--loglevel", "WARNING"]
    command += [
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
        "--pool",
        "threads",
        "--concurrency",
        "16",
    ]
    system = System([python("worker", command, folder / "celery-noop.log", env)])
    return [Program("celery no-op", system, ("tests.bench.celery_noop",), env)]


def channels_echo(folder: Path) -> list[Program]:
    port = free_port()
    web = python("web", ["-m", "tests.bench.channels_echo", "--port", str(port)], folder / "channels-echo.log")
    system = System([web])
    try:
        wait_for_http(f"http://127.0.0.1:{port}/", web)
    except BaseException:
        system.stop()
        raise
    return [Program("channels echo", system, _client(port, {"machine": "echo"}, "echo"))]


#: Names on the command line, in the order of the report.
PROGRAMS = ("steps", "statement", "group", "echo", "tutoring", "celery", "channels")


def start(names: Sequence[str], services: Services, folder: Path) -> Iterator[Program]:
    """Start what ``names`` ask for, one after the other; the caller stops each program's system."""
    for name in names:
        if name in FLOORS:
            yield from floor(services, folder, name)
    if kinds := [name for name in names if name in {"echo", "tutoring"}]:
        yield from tutor(services, folder, kinds)
    if "celery" in names:
        yield from celery_noop(services, folder)
    if "channels" in names:
        yield from channels_echo(folder)


def client_command(program: Program, *arguments: str) -> list[str]:
    module, *rest = program.client
    return [sys.executable, "-m", module, *rest, *arguments]
