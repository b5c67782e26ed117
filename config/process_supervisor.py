"""One process that starts the others, keeps them running, and takes them along when it goes.

Children die with it in every case: on SIGTERM, Ctrl-C or a closed terminal they are drained; if the supervisor itself
is killed, the kernel kills them (``services/parent_death.py``; with SIGKILL, because a child that drained for half a
minute would meet the next start, and nothing is lost by a ``kill -9`` of any child).

The supervisor runs in one thread: a kernel's parent is a thread, and a fork of a process with threads may deadlock.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.process_output import ProcessOutput, Terminal
from config.restart_history import PERIOD_S, RESTARTS_ALLOWED, RestartHistory
from config.services.parent_death import dies_with_parent

#: From the signal to the kill: the web server's own limits (25 s) and a little more.
DRAIN_LIMIT_S = 30.0
#: How often the supervisor looks after things that no file descriptor announces.
TICK_S = 0.1
_READ_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Program:
    """A process to keep running."""

    name: str
    argv: Sequence[str]
    #: Descriptors it inherits, at the same numbers.
    pass_fds: tuple[int, ...] = ()


@dataclass(kw_only=True)
class Child:
    """A program and the process that runs it at present."""

    program: Program
    output: ProcessOutput
    process: subprocess.Popen[bytes] | None = None
    history: RestartHistory = field(default_factory=RestartHistory)
    #: Monotonic time of the next start; None while it runs.
    start_at: float | None = 0.0


class ProcessSupervisor:
    """Runs programs until a signal ends it or one of them cannot be kept running.

    ``environment`` is called at every start of a child, so that a changed address reaches it. ``processes_changed``
    gets name -> process id after every start and end.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Callable[[], Mapping[str, str]],
        folder: Path,
        logs: Path,
        terminal: Terminal,
        processes_changed: Callable[[dict[str, int]], None],
        drain_limit_s: float = DRAIN_LIMIT_S,
    ) -> None:
        self._environment = environment
        self._folder = folder
        self._terminal = terminal
        self._processes_changed = processes_changed
        self._drain_limit_s = drain_limit_s
        self._children = [
            Child(program=program, output=ProcessOutput(program.name, logs, terminal)) for program in programs
        ]
        self._selector = selectors.DefaultSelector()
        self._signals = 0

    def run(self, tick: Callable[[], int | None], before_drain: Callable[[], None]) -> int:
        """Start everything and stay until the end; the return value is the exit status.

        ``tick`` is called about every ``TICK_S``; a number it returns ends the run with that status. ``before_drain``
        is called once, before the children are told to end.
        """
        handlers = {
            number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            status = self._supervise(tick)
            before_drain()
            self._drain()
            return status
        finally:
            self._kill()
            for child in self._children:
                child.output.close()
            self._selector.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def restart_all(self) -> None:
        """End the children; they are started again with the present environment."""
        for child in self._children:
            if child.process is not None:
                child.process.terminate()

    def _supervise(self, tick: Callable[[], int | None]) -> int:
        while not self._signals:
            self._start_due()
            self._read_output(TICK_S)
            for child in self._ended():
                pause = child.history.next_pause_s(time.monotonic())
                if pause is None:
                    self._terminal.say(
                        f"{child.program.name} ended more than {RESTARTS_ALLOWED} times in {PERIOD_S:.0f} s. "
                        "Giving up; its last lines are above and in its log file."
                    )
                    return 1
                child.start_at = time.monotonic() + pause
            status = tick()
            if status is not None:
                return status
        return 0

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [child for child in self._children if child.start_at is not None and child.start_at <= now]
        for child in due:
            child.process = subprocess.Popen(  # noqa: S603 - our own programs
                child.program.argv,
                cwd=self._folder,
                env=dict(self._environment()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=child.program.pass_fds,
                # A Ctrl-C in the terminal is for the supervisor, which tells the children in its own order.
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one thread, see above
            )
            child.start_at = None
            pipe = child.process.stdout
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self._selector.register(pipe, selectors.EVENT_READ, child)
        if due:
            self._tell_processes()

    def _read_output(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._read(key.data)

    def _read(self, child: Child) -> bool:
        """Pass on what the child printed; False at the end of its output."""
        pipe = child.process.stdout if child.process else None
        if pipe is None or pipe.closed:
            return False
        with contextlib.suppress(BlockingIOError):
            data = os.read(pipe.fileno(), _READ_BYTES)
            if data:
                child.output.take(data)
                return True
            self._selector.unregister(pipe)
            pipe.close()
        return False

    def _ended(self) -> list[Child]:
        """Children that ended since the last call, with their last words read."""
        ended = []
        for child in self._children:
            if child.process is None or (status := child.process.poll()) is None:
                continue
            while self._read(child):
                pass
            pipe = child.process.stdout
            if pipe is not None and not pipe.closed:
                self._selector.unregister(pipe)
                pipe.close()
            child.process = None
            if not self._signals:
                self._terminal.say(f"{child.program.name} ended ({_how(status)}); it is started again")
            ended.append(child)
        if ended:
            self._tell_processes()
        return ended

    def _drain(self) -> None:
        running = [child for child in self._children if child.process is not None]
        for child in running:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + self._drain_limit_s
        signals = self._signals
        while any(child.process for child in running):
            self._read_output(TICK_S / 2)
            self._ended()
            if self._signals > max(signals, 1) or time.monotonic() > deadline:
                names = ", ".join(child.program.name for child in running if child.process)
                if names:
                    self._terminal.say(f"Not waiting any longer for {names}")
                return

    def _kill(self) -> None:
        for child in self._children:
            if child.process is not None:
                child.process.kill()
                child.process.wait()
        self._signals = max(self._signals, 1)
        self._ended()

    def _tell_processes(self) -> None:
        self._processes_changed({child.program.name: child.process.pid for child in self._children if child.process})

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1


def _how(status: int) -> str:
    return f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"
