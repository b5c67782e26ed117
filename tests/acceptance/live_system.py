"""A whole system as `manage.py run` starts it: real processes, its own data folder and port."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from config.services.data_folder import CHECKOUT, DataFolder
from config.services.ports import free_port

SERVICES = ("postgres", "valkey")
#: Set by the test run for itself; a live system has its own.
_NOT_INHERITED = {
    "DATABASE_URL",
    "REDIS_URL",
    "REDIS_BROKER_DB",
    "REDIS_LAYER_DB",
    "DJANGO_SECRET_KEY",
    "TUTOR_EMBEDDED",
}


@cache
def _static_files() -> str:
    """Where all systems of this test run collect their static files: once is enough."""
    folder = tempfile.mkdtemp(prefix="tutor-static-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


class LiveSystem:
    """Processes are named ``supervisor``, ``web``, ``worker``, ``timers``, ``postgres`` and ``valkey``."""

    def __init__(self, data: DataFolder, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in _NOT_INHERITED},
            "TUTOR_DATA": str(data.path),
            "PORT": str(self.port),
            "TUTOR_CHECK_STREAMS": "1",
            **(environment or {}),
        }
        self._supervisor: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/session/"

    def start(self) -> None:
        """Start and wait until a lesson can be taken."""
        with self._terminal_file.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_ready()

    def wait_ready(self, limit_s: float = 240.0) -> None:
        wait_until(self._answers, limit_s, lambda: f"the system is not ready:\n{self.terminal()}")

    def stop(self, stop_signal: signal.Signals = signal.SIGTERM, limit_s: float = 60.0) -> int:
        """Drain and stop; the exit status of the supervisor."""
        if self._supervisor is None:
            raise RuntimeError("the system was not started")
        self._supervisor.send_signal(stop_signal)
        return self._supervisor.wait(limit_s)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pids(self) -> dict[str, int]:
        """Name -> process id of all that should be running now."""
        system = self.data.read_record("system") or {}
        services = {name: self.data.read_record(name) or {} for name in SERVICES}
        return {
            "supervisor": system.get("pid", 0),
            **system.get("processes", {}),
            **{name: record["pid"] for name, record in services.items() if record},
            **{f"{name} keeper": record["keeper"] for name, record in services.items() if record},
        }

    def pid(self, name: str) -> int:
        """The process id; waits while the process is being started again."""
        wait_until(lambda: name in self.pids(), 20.0, lambda: f"{name} does not run:\n{self.terminal()}")
        return self.pids()[name]

    def kill(self, name: str, kill_signal: signal.Signals = signal.SIGKILL) -> int:
        """Send the signal; after SIGKILL, wait until the death was noticed. Returns the old process id."""
        pid = self.pid(name)
        os.kill(pid, kill_signal)
        if name == "supervisor" and self._supervisor is not None:
            self._supervisor.wait(30)
        elif kill_signal == signal.SIGKILL:
            wait_until(lambda: self.pids().get(name) != pid, 20.0, lambda: f"nobody noticed the death of {name}")
        return pid

    def kill_everything(self) -> None:
        """SIGKILL to every process at once, as when the machine loses power."""
        pids = self.pids()
        # Who starts others again goes first.
        for name in sorted(pids, key=lambda name: (name != "supervisor", not name.endswith(" keeper"))):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[name], signal.SIGKILL)
        if self._supervisor is not None:
            self._supervisor.wait(10)
        wait_until(lambda: not any(map(is_running, pids.values())), 10.0, lambda: "processes survived SIGKILL")

    def logs(self, name: str) -> str:
        """What the process printed since the data folder was made."""
        path = self._terminal_file if name == "supervisor" else self.data.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def terminal(self) -> str:
        """What a person in front of it has seen."""
        return self.logs("supervisor")

    def end(self) -> None:
        """For the end of a test, whatever it did."""
        if self._supervisor is not None and self._supervisor.poll() is None:
            self.stop()

    @property
    def _terminal_file(self) -> Path:
        return self.data.path / "terminal.log"

    def _answers(self) -> bool:
        if self._supervisor is not None and self._supervisor.poll() is not None:
            raise AssertionError(f"the system ended instead of becoming ready:\n{self.terminal()}")
        try:
            with urllib.request.urlopen(f"{self.url}/api/readyz", timeout=2) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def is_running(pid: int) -> bool:
    """Whether the process exists and is not just waiting to be reaped."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def wait_until(condition: Callable[[], bool], limit_s: float, account: Callable[[], str]) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit_s:.0f} s {account()}")
        time.sleep(0.05)
