"""Starts the locked process, waits for it within a deadline, and reads what it wrote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

#: In seconds of CPU; of the clock, which only a stopped or overloaded machine needs.
CPU_S = 2
DEADLINE_S = 8.0
#: The exit status by which the process says that this system cannot lock it up.
UNAVAILABLE = 70
#: In bytes: address space, and all that the process can write.
MEMORY = 256 * 1024 * 1024
OUTPUT = 64 * 1024

_CHILD = Path(__file__).with_name("child.py")


class Unavailable(RuntimeError):
    """The answer could not be tried: this system cannot lock a process up, or had no time for it."""


def run(source: str, function: str, calls: list[str]) -> dict[str, Any]:
    """What ``child.answer`` says, or ``{"problem": "time" | "memory" | "crashed"}``. Raises ``Unavailable``."""
    request: dict[str, Any] = {"source": source, "function": function, "calls": calls}
    request |= {"cpu_s": CPU_S, "memory": MEMORY, "output": OUTPUT, "unavailable": UNAVAILABLE}
    # A file, whose size the kernel bounds: through a pipe the process could fill this one's memory.
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 — our own interpreter and script
                [sys.executable, "-I", "-S", "-B", str(_CHILD)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"no process could be started: {error}") from None
        try:
            process.communicate(json.dumps(request).encode(), timeout=DEADLINE_S)
        except subprocess.TimeoutExpired:
            raise Unavailable("the machine was too busy to run the answer") from None
        finally:
            _end(process)
        output.seek(0)
        written = output.read(OUTPUT + 1)
    return _outcome(process.returncode, written)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _outcome(status: int, written: bytes) -> dict[str, Any]:
    if status == UNAVAILABLE:
        raise Unavailable("this system cannot lock a process up")
    if status in {-signal.SIGXCPU, -signal.SIGKILL}:
        return {"problem": "time"}
    if status != 0:
        return {"problem": "crashed"}
    try:
        found = json.loads(written)
    except ValueError:
        return {"problem": "crashed"}
    return found if isinstance(found, dict) else {"problem": "crashed"}
