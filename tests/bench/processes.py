"""Processes of a run: started in their own group, watched for CPU time, stopped for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from config.services.parent_death import dies_with_parent

ROOT = Path(__file__).resolve().parents[2]
STOP_TIMEOUT_S = 8.0
START_TIMEOUT_S = 180.0


class BenchError(Exception):
    """The benchmark cannot go on; the message says what to do."""


class Watched:
    """A process that somebody started, and its descendants."""

    def __init__(self, role: str, pid: int) -> None:
        self.role = role
        self.pid = pid

    def tree(self) -> list[psutil.Process]:
        try:
            top = psutil.Process(self.pid)
            return [top, *top.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def cpu_s(self) -> float:
        """CPU seconds of the whole tree so far, children that have already ended included."""
        total = 0.0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
        return total

    def rss_mb(self) -> float:
        total = 0
        for process in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total / 2**20


class Process(Watched):
    """A child process of this one; its output goes to ``log``. It dies with us in every case."""

    def __init__(self, role: str, arguments: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - started before any thread
            )
        super().__init__(role, self._child.pid)

    def check(self) -> None:
        """Raise ``BenchError`` if the process has ended."""
        code = self._child.poll()
        if code is not None:
            raise BenchError(f"{self.role} ended with code {code}; the end of its output:\n{self.tail()}")

    def tail(self, lines: int = 25) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Ask politely, then insist. The whole group goes, so that no grandchild stays."""
        if self._child.poll() is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(STOP_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait(STOP_TIMEOUT_S)


def run_python(arguments: Sequence[str], env: Mapping[str, str], timeout_s: float = 300) -> None:
    """Run to the end; ``BenchError`` with the output if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"{' '.join(arguments)} failed:\n{done.stdout.decode(errors='replace')[-3000:]}")


def _status(url: str) -> int | None:
    """The HTTP status of an answer, None without one."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  a loopback address of our own
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def wait_for_http(url: str, *processes: Process, status: int = 200) -> None:
    """Until ``url`` answers with ``status``; ``BenchError`` if a process ends or the time is over."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        for process in processes:
            process.check()
        if _status(url) == status:
            return
        time.sleep(0.05)
    ends = "\n".join(f"--- {process.role}\n{process.tail(10)}" for process in processes)
    raise BenchError(f"{url} did not answer {status} within {START_TIMEOUT_S:.0f} s\n{ends}")
