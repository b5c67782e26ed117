"""Where a turn's time goes: ``python -m tests.bench.profile --program echo --sessions 64``.

Three views of one system under load: what its Python processes are busy with (py-spy), what a turn asks of Postgres
and Valkey, and the statements of a turn with their times.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import measure, statements
from tests.bench.processes import BenchError, Process
from tests.bench.programs import NAMES, Launcher
from tests.bench.services import Services
from tests.temporary_data import temporary_data_folder

SAMPLES_PER_S = 250
WARM_UP_S = 2.0
TOP = 25
_STARTING = ("<module>", "_run_code", "_run_module_as_main", "main (", "Thread._bootstrap", "Thread.run", "Command.")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Profile:
    """Milliseconds of CPU a turn, by name."""

    threads: dict[str, float]
    packages: dict[str, float]
    own: dict[str, float]
    cumulative: dict[str, float]


def read_profile(stacks: Path, cpu_ms: Mapping[int, float]) -> Profile:
    """From py-spy's raw form: ``thread (id): name;outer;…;inner count`` per line.

    A sampled thread may have waited for a CPU instead of using one, so that its samples only say *where* its time went;
    *how much* it was says ``cpu_ms``, the thread's own CPU time a turn.
    """
    samples = [_sample(line) for line in stacks.read_text(errors="replace").splitlines()]
    of_thread: Counter[int] = Counter()
    names = {}
    for sample in samples:
        of_thread[sample.thread] += sample.count
        names[sample.thread] = sample.name
    threads: defaultdict[str, float] = defaultdict(float)
    packages: defaultdict[str, float] = defaultdict(float)
    own: defaultdict[str, float] = defaultdict(float)
    cumulative: defaultdict[str, float] = defaultdict(float)
    for thread, milliseconds in cpu_ms.items():
        threads[_NUMBER.sub("*", names.get(thread, "(never seen in Python)"))] += milliseconds
    for sample in samples:
        milliseconds = cpu_ms.get(sample.thread, 0.0) * sample.count / of_thread[sample.thread]
        packages[_package(sample.frames[-1])] += milliseconds
        own[sample.frames[-1]] += milliseconds
        for frame in set(sample.frames) - _everywhere(sample.frames):
            cumulative[frame] += milliseconds
    return Profile(
        _largest(threads, TOP),
        _largest(packages, TOP),
        _largest(own, TOP),
        _largest(cumulative, 3 * TOP),
    )


def _largest(milliseconds: Mapping[str, float], top: int) -> dict[str, float]:
    return dict(sorted(milliseconds.items(), key=lambda pair: -pair[1])[:top])


@dataclass(frozen=True, slots=True)
class _Sample:
    thread: int
    name: str
    frames: list[str]
    count: int


def _sample(line: str) -> _Sample:
    stack, _, count = line.rpartition(" ")
    thread, *frames = stack.split(";")
    number, _, name = thread.removeprefix("thread (").partition("): ")
    return _Sample(int(number.rstrip(")")), name or "main", [_short(frame) for frame in frames] or ["?"], int(count))


def _everywhere(frames: list[str]) -> set[str]:
    """The frames of starting up, of threads and of click: on every stack, and no news."""
    return {frame for frame in frames if frame.startswith(_STARTING)}


def _short(frame: str) -> str:
    """``execute (psycopg/cursor.py)`` for a frame of any library; our own files below the checkout."""
    name, _, place = frame.partition(" (")
    place = place.rstrip(")")
    for root in ("site-packages/", "python3.11/", "python3.12/", "python3.13/"):
        if root in place:
            place = place.split(root, 1)[1]
    return f"{name} ({place})" if place else name


def _package(frame: str) -> str:
    place = frame.partition(" (")[2].rstrip(")")
    return place.split("/", 1)[0] if "/" in place else "other of Python"


def _record(process: Process, duration_s: float, output: Path) -> subprocess.Popen[bytes]:
    program = Path(sys.executable).parent / "py-spy"
    if not program.exists():
        raise BenchError("py-spy is not installed: pip install -r requirements-dev.txt")
    options = ["--format", "raw", "--function", "--threads", "--nonblocking", "--rate", str(SAMPLES_PER_S)]
    length = ["--duration", str(max(1, round(duration_s)))]
    return subprocess.Popen(
        [str(program), "record", *options, *length, "--pid", str(process.pid), "--output", str(output)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


class _Spies:
    """py-spy on each process, and each thread's CPU time, over one measured window."""

    def __init__(self, processes: Sequence[Process], duration_s: float, folder: Path) -> None:
        self._processes = processes
        self._duration_s = duration_s
        self._outputs = {process.role: folder / f"{process.role}.stacks" for process in processes}
        self._spies: dict[str, subprocess.Popen[bytes]] = {}
        self._before: dict[str, dict[int, float]] = {}
        self._after: dict[str, dict[int, float]] = {}

    def begin(self) -> None:
        self._before = {process.role: _thread_cpu_s(process) for process in self._processes}
        self._spies = {
            process.role: _record(process, self._duration_s, self._outputs[process.role]) for process in self._processes
        }

    def end(self) -> None:
        self._after = {process.role: _thread_cpu_s(process) for process in self._processes}

    def profiles(self, turns: int) -> dict[str, Profile]:
        """By role; waits for py-spy to write."""
        found = {}
        for role, spy in self._spies.items():
            _, errors = spy.communicate(timeout=60)
            if spy.returncode or not self._outputs[role].exists():
                raise BenchError(f"py-spy could not look into {role!r}: {errors.decode(errors='replace')[-500:]}")
            before = self._before[role]
            cpu_ms = {
                thread: (seconds - before.get(thread, 0.0)) * 1000 / turns
                for thread, seconds in self._after[role].items()
            }
            found[role] = read_profile(self._outputs[role], cpu_ms)
        return found

    def stop(self) -> None:
        for spy in self._spies.values():
            spy.kill()
            spy.wait()


def _thread_cpu_s(process: Process) -> dict[int, float]:
    """CPU seconds so far by thread id, descendants included."""
    return {thread.id: thread.user_time + thread.system_time for one in process.tree() for thread in one.threads()}


def profile(arguments: argparse.Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        data = stack.enter_context(temporary_data_folder())
        services = Services(data)
        stack.callback(services.stop)
        services.start()
        (program,) = Launcher(stack, services, data.logs).start([arguments.program])
        every = services.processes

        def run(sessions: int, duration_s: float) -> dict[str, Any]:
            return measure.run(program, every, sessions, WARM_UP_S, duration_s)

        run(arguments.sessions, WARM_UP_S)
        plain = run(arguments.sessions, arguments.duration)
        before = services.usage()
        counted = measure.run(program, every, arguments.sessions, 0, arguments.duration)
        usage = services.usage()
        spies = _Spies(program.processes, arguments.duration, data.logs)
        stack.callback(spies.stop)
        spied = measure.run(
            program,
            every,
            arguments.sessions,
            WARM_UP_S,
            arguments.duration,
            at_begin=spies.begin,
            at_end=spies.end,
        )
        profiles = spies.profiles(spied["turns"])
        services.log_statements(True)
        offset = services.postgres_log.stat().st_size
        logged = measure.run(program, every, 1, 0, WARM_UP_S)
        services.log_statements(False)
        found = statements.read(services.postgres_log, offset)
    turns = counted["turns"]
    return {
        "program": program.name,
        "run": plain,
        "profiles": {role: asdict(taken) for role, taken in profiles.items()},
        "per_turn": {name: (now - before.get(name, 0.0)) / turns for name, now in usage.items()},
        "statements": [
            {
                "per_turn": statement.executions / logged["turns"],
                "ms_per_turn": statement.total_ms / logged["turns"],
                "text": statement.text,
            }
            for statement in found
            if statement.executions > logged["turns"] / 20
        ],
    }


def show(console: Console, taken: dict[str, Any]) -> None:
    run = taken["run"]
    by_role = ", ".join(f"{role} {seconds:.2f}" for role, seconds in run["cpu_s_per_1000_by_role"].items())
    console.print(
        f"{taken['program']}, {run['sessions']} sessions: {run['turns_per_s']:,.0f} turns/s, "
        f"p50 {run['p50_ms']:.1f} ms, CPU s / 1,000 turns {run['cpu_s_per_1000']:.2f} ({by_role}); "
        f"load client {run['client_cpu_share']:.0%} of a CPU"
    )
    for role, found in taken["profiles"].items():
        for title, milliseconds in (
            ("by thread", found["threads"]),
            ("by package (own time)", found["packages"]),
            ("by function (own time)", found["own"]),
            ("by function (with what it calls)", found["cumulative"]),
        ):
            table = Table(title=f"{role}: ms of CPU a turn {title}", title_justify="left", show_header=False)
            for name, value in milliseconds.items():
                if value >= 0.003:
                    table.add_row(f"{value:.3f}", name)
            console.print(table)
    table = Table(title="a turn asks of Postgres and Valkey", title_justify="left", show_header=False)
    for name, number in sorted(taken["per_turn"].items(), key=lambda pair: -pair[1]):
        if number >= 0.05:
            table.add_row(name, f"{number:,.2f}")
    console.print(table)
    table = Table("per turn", "ms a turn", "statement", title="statements, one session", title_justify="left")
    for statement in taken["statements"]:
        table.add_row(f"{statement['per_turn']:.2f}", f"{statement['ms_per_turn']:.2f}", statement["text"][:300])
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__)
    parser.add_argument(
        "--program", choices=[name for name in NAMES if name not in {"celery", "channels"}], default="echo"
    )
    parser.add_argument("--sessions", type=int, default=64)
    parser.add_argument("--duration", type=float, default=10.0, help="seconds")
    parser.add_argument("--json", type=Path, default=Path(".data/profile.json"), help="where the report goes")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 180, highlight=False, markup=False)
    try:
        taken = profile(arguments)
    except BenchError as error:
        console.print(str(error))
        return 1
    show(console, taken)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(taken, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
