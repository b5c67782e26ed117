"""``manage.py run``: the whole system on this machine (docs/running.md)."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from config import environment as env
from config import static_files
from config.process_output import Terminal
from config.process_supervisor import ProcessSupervisor, Program
from config.readiness import ReadinessProbe
from config.services.data_folder import CHECKOUT, DataFolder
from config.services.for_command import EMBEDDED
from config.services.holding import EmbeddedServices
from config.services.locks import FileLock
from config.services.ports import listen
from tools_app import registry

DEFAULT_PORT = 8000
READY_LIMIT_S = 120.0
#: How often the embedded services are looked after.
SERVICES_LOOK_S = 1.0
ADMIN = "admin"


class Command(BaseCommand):
    help = "Start the whole system on this machine: services, web server, worker, timers. Ctrl-C drains and stops it."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        data = DataFolder.of_environment()
        lock = FileLock(data.run / "system.lock")
        if not lock.try_take():
            running = data.read_record("system") or {}
            raise CommandError(
                f"A system with the data folder {data.path} is already running: {running.get('url', 'it starts')}. "
                "Set TUTOR_DATA to another folder to run a second one.",
                returncode=2,
            )
        try:
            sys.exit(self._run(data))
        finally:
            lock.close()

    def _run(self, data: DataFolder) -> int:
        terminal = Terminal(sys.stdout)
        listener = self._listener(terminal)
        host, port = listener.getsockname()[:2]
        shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else f"[{host}]" if ":" in host else host  # noqa: S104
        url = f"http://{shown}:{port}"
        embedded = [variable for variable in os.environ.get(EMBEDDED, "").split(",") if variable]

        static = settings.STATIC_ROOT or str(data.path / "static")
        static_files.collect(Path(static))
        with EmbeddedServices(data, embedded) as services:
            self._prepare_database(data, terminal)
            system = {"url": url, "pid": os.getpid()}
            supervisor = ProcessSupervisor(
                _programs(listener),
                environment=lambda: {**os.environ, **services.urls, "STATIC_ROOT": static, "PYTHONUNBUFFERED": "1"},
                folder=CHECKOUT,
                logs=data.logs,
                terminal=terminal,
                processes_changed=lambda processes: data.write_record("system", {**system, "processes": processes}),
            )
            watch = _Watch(supervisor, services, _probe(listener), terminal, _welcome(url, data, services))

            def before_drain() -> None:
                # The supervisor's copy keeps the port open while a web server restarts; now nobody shall queue there.
                listener.close()
                terminal.say("Draining: sockets are told to move, work in hand is finished. Ctrl-C again hastens.")

            status = supervisor.run(watch.tick, before_drain)
            data.remove_record("system")
            terminal.say("Stopped." if status == 0 else "Stopped after a failure.")
            return status

    def _listener(self, terminal: Terminal) -> socket.socket:
        chosen = env.text("PORT") != ""
        port = env.integer("PORT", DEFAULT_PORT)
        try:
            listener = listen(env.text("HOST", "127.0.0.1"), port, next_free=not chosen)
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used: {error.strerror}. Choose another with PORT.", returncode=2
            ) from None
        found = listener.getsockname()[1]
        if port not in (0, found):
            terminal.say(f"Port {port} is taken; using {found}.")
        return listener

    def _prepare_database(self, data: DataFolder, terminal: Terminal) -> None:
        terminal.say("Preparing the database and the demo courses")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("course", "load", "--demo")
        users = get_user_model()._default_manager
        if not users.filter(is_superuser=True).exists():
            users.create_superuser(username=ADMIN, password=data.secret("admin"))
        # The children have connections of their own, and the pool's threads must not be forked.
        connection = cast("DatabaseWrapper", connections[DEFAULT_DB_ALIAS])
        connection.close()
        connection.close_pool()


class _Watch:
    """What the supervisor does between looking after its children: readiness once, services always."""

    def __init__(
        self,
        supervisor: ProcessSupervisor,
        services: EmbeddedServices,
        probe: ReadinessProbe,
        terminal: Terminal,
        welcome: str,
    ) -> None:
        self._supervisor = supervisor
        self._services = services
        self._probe = probe
        self._terminal = terminal
        self._welcome = welcome
        self._is_ready = False
        self._ready_by = time.monotonic() + READY_LIMIT_S
        self._look_at = 0.0

    def tick(self) -> int | None:
        now = time.monotonic()
        if not self._is_ready:
            if self._probe.is_ready():
                self._is_ready = True
                self._probe.close()
                self._terminal.say(self._welcome)
            elif now > self._ready_by:
                self._terminal.say(
                    f"Not ready within {READY_LIMIT_S:.0f} s; /api/readyz says: {self._probe.last_answer}"
                )
                return 1
        if now >= self._look_at:
            self._look_at = now + SERVICES_LOOK_S
            if self._services.keep_up():
                self._terminal.say("An embedded service has a new address; restarting what uses it")
                self._supervisor.restart_all()
        return None


def _probe(listener: socket.socket) -> ReadinessProbe:
    host, port = listener.getsockname()[:2]
    # A server may be told to answer to its public name only.
    named = next((name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))), "localhost")
    return ReadinessProbe({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, host_header=named)  # noqa: S104


def _programs(listener: socket.socket) -> list[Program]:
    celery = [
        *("-m", "celery", "--quiet", "--app=config", "worker", "--pool=threads", "--concurrency=1"),
        f"--queues={','.join(registry.queues())}",
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO"),
    ]
    return [
        Program(
            name="web",
            argv=[sys.executable, "-m", "config.web", f"--fd={listener.fileno()}"],
            pass_fds=(listener.fileno(),),
        ),
        Program(name="worker", argv=[sys.executable, *celery]),
        Program(name="timers", argv=[sys.executable, "manage.py", "timer_service"]),
    ]


def _welcome(url: str, data: DataFolder, services: EmbeddedServices) -> str:
    lines = [
        "",
        f"  Tutor is ready:  {url}",
        f"  Data and logs:   {data.path}",
        *(f"                   {note}" for note in services.notes),
        f"  Administration:  {url}/admin/ as {ADMIN!r}, password in {data.secret_path('admin')}",
        "  Ctrl-C drains and stops everything.",
        "",
    ]
    return "\n".join(lines)
