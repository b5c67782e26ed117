"""The supervisor over small programs of the test's own."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from config.process_output import Terminal
from config.process_supervisor import ProcessSupervisor, Program
from tests.acceptance.live_system import is_running

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
POLITE = """
import signal, sys, time
def end(*_):
    print("goodbye", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("up", flush=True)
time.sleep(60)
"""


class Run:
    """A supervisor whose tick is the test's script: a list of steps, each repeated until it returns True."""

    def __init__(self, folder: Path, *codes: str, drain_limit_s: float = 10.0) -> None:
        self.terminal = io.StringIO()
        self.pids: dict[str, int] = {}
        self.seen: set[int] = set()
        self.logs = folder
        self.supervisor = ProcessSupervisor(
            [Program(name=f"p{number}", argv=[sys.executable, "-c", code]) for number, code in enumerate(codes)],
            environment=lambda: os.environ,
            folder=folder,
            logs=folder,
            terminal=Terminal(self.terminal),
            processes_changed=self._changed,
            drain_limit_s=drain_limit_s,
        )

    def _changed(self, pids: dict[str, int]) -> None:
        self.pids = pids
        self.seen |= set(pids.values())

    def up(self) -> bool:
        return self.terminal.getvalue().count("| up") >= 1

    def until_the_end(self, *steps: object) -> int:
        script = list(steps)
        give_up_at = time.monotonic() + 30

        def tick() -> int | None:
            assert time.monotonic() < give_up_at, self.terminal.getvalue()
            if script and callable(script[0]) and script[0]():
                script.pop(0)
            return None

        return self.supervisor.run(tick, before_drain=lambda: None)


def _signal_me(number: signal.Signals) -> bool:
    os.kill(os.getpid(), number)
    return True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_the_children_and_leaves_none(tmp_path: Path, number: signal.Signals) -> None:
    run = Run(tmp_path, POLITE)

    status = run.until_the_end(run.up, lambda: _signal_me(number))

    assert status == 0
    assert "p0      | goodbye" in run.terminal.getvalue()
    assert not any(map(is_running, run.seen))
    assert run.pids == {}


def test_a_child_that_does_not_listen_is_killed_at_the_limit(tmp_path: Path) -> None:
    run = Run(tmp_path, DEAF, drain_limit_s=0.5)

    assert run.until_the_end(run.up, lambda: _signal_me(signal.SIGTERM)) == 0
    assert "Not waiting any longer for p0" in run.terminal.getvalue()
    assert not any(map(is_running, run.seen))


def test_a_second_signal_hastens(tmp_path: Path) -> None:
    run = Run(tmp_path, DEAF, drain_limit_s=30)
    begin = time.monotonic()

    signal.signal(signal.SIGALRM, lambda *_: _signal_me(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    status = run.until_the_end(run.up, lambda: _signal_me(signal.SIGINT))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)

    assert status == 0
    assert time.monotonic() - begin < 10


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    run = Run(tmp_path, SLEEP)
    killed: list[int] = []

    def kill() -> bool:
        killed.append(run.pids["p0"])
        os.kill(killed[0], signal.SIGKILL)
        return True

    run.until_the_end(
        run.up,
        kill,
        lambda: run.pids.get("p0", killed[0]) != killed[0],
        lambda: _signal_me(signal.SIGTERM),
    )

    assert "p0 ended (signal SIGKILL); it is started again" in run.terminal.getvalue()
    assert len(run.seen) == 2


def test_a_child_that_always_fails_ends_the_run_and_takes_the_others_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.restart_history.RESTARTS_ALLOWED", 2)
    run = Run(tmp_path, SLEEP, "raise SystemExit('no good')")

    assert run.until_the_end() == 1
    assert run.terminal.getvalue().count("p1      | no good") == 3
    assert "p1 ended more than" in run.terminal.getvalue()
    assert not any(map(is_running, run.seen))


def test_output_goes_to_the_terminal_with_a_name_and_to_a_file_without(tmp_path: Path) -> None:
    code = "import time; print('first'); print('no end of line', end='', flush=True); time.sleep(60)"
    run = Run(tmp_path, code)

    run.until_the_end(lambda: "first" in run.terminal.getvalue(), lambda: _signal_me(signal.SIGTERM))

    assert "p0      | first\n" in run.terminal.getvalue()
    assert (tmp_path / "p0.log").read_text() == "first\nno end of line\n"
