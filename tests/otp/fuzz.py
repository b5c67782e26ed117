"""Random programs in real OTP and in ``tutor.statem``: any difference is shrunk and printed.

    python -m tests.otp.fuzz --programs 100000 --events 30 --seed 1

Program ``i`` of a seed is always the same one. Exit status 1 if anything diverges. Needs ``erl`` and ``erlc``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.otp.interpreter import differs, play
from tests.otp.program import Program, random_program
from tests.otp.shrink import shrink
from tests.otp.vm import ErlangMissingError, Vm

#: Programs in one message to an Erlang VM.
BATCH = 100
#: Divergences that are shrunk and printed; the rest is only counted.
SHOWN = 3


@dataclass
class Tally:
    """What the programs of one batch came to."""

    programs: int = 0
    callbacks: int = 0
    #: Compared only up to a restart of a pending zero time-out (S35).
    cut: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    diverging: list[int] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.programs += other.programs
        self.callbacks += other.callbacks
        self.cut += other.cut
        self.ends += other.ends
        self.diverging += other.diverging


def program_number(seed: int, number: int, events: int) -> Program:
    return random_program(random.Random(f"{seed}:{number}"), events)


def check(vm: Vm, programs: Sequence[Program], first: int = 0) -> Tally:
    """Play programs on both sides at the same time and compare."""
    vm.send(programs)
    ours = [play(program) for program in programs]
    tally = Tally(programs=len(programs))
    for number, (played, otp) in enumerate(zip(ours, vm.receive(), strict=True), first):
        tally.callbacks += sum(not text.startswith("reply ") for text in played.trace[:-1])
        tally.cut += played.cut
        tally.ends[
            "cut" if played.cut else " ".join(played.trace[-1].split(" ")[: 1 + ("crash" in played.trace[-1])])
        ] += 1
        if differs(played, otp):
            tally.diverging.append(number)
    return tally


def _check_numbers(batch: tuple[int, int, int, int]) -> Tally:
    """In a worker process: one batch on this process's own Erlang VM."""
    global _vm  # noqa: PLW0603 - one VM for each worker process, opened at its first batch
    if _vm is None:
        _vm = Vm()
    seed, first, count, events = batch
    return check(_vm, [program_number(seed, first + i, events) for i in range(count)], first)


_vm: Vm | None = None


def fuzz(programs: int, events: int, seed: int, jobs: int) -> Tally:
    """Compare ``programs`` random programs, ``jobs`` at a time, with a progress bar."""
    batches = [(seed, first, min(BATCH, programs - first), events) for first in range(0, programs, BATCH)]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    total = Tally()
    with Progress(*columns, TimeRemainingColumn()) as bar, multiprocessing.Pool(jobs) as pool:
        task = bar.add_task("0 divergences", total=programs)
        for tally in pool.imap_unordered(_check_numbers, batches):
            total.add(tally)
            bar.update(task, advance=tally.programs, description=f"{len(total.diverging)} divergences")
    return total


def show(number: int, program: Program) -> None:
    """Shrink one diverging program and print it with both traces."""
    with Vm() as vm:

        def diverging(candidates: Sequence[Program]) -> list[bool]:
            vm.send(candidates)
            ours = [play(candidate) for candidate in candidates]
            return [differs(played, otp) for played, otp in zip(ours, vm.receive(), strict=True)]

        small = shrink(program, diverging)
        print(f"\nprogram {number} diverges; the smallest that does:\n{json.dumps(small)}")
        print("OTP:   ", "; ".join(vm.play([small])[0]))
    print("statem:", "; ".join(play(small).trace))


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare tutor.statem with real gen_statem on random programs.")
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=30, help="events from outside in each program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes, each with an Erlang VM")
    options = parser.parse_args()
    try:
        Vm().close()
    except ErlangMissingError as missing:
        print(missing, file=sys.stderr)
        return 2
    began = time.monotonic()
    total = fuzz(options.programs, options.events, options.seed, options.jobs)
    seconds = time.monotonic() - began
    print(
        f"{total.programs} programs x {options.events} events (seed {options.seed}): {total.callbacks} callbacks "
        f"compared in {seconds:.0f} s, {len(total.diverging)} divergences"
    )
    print("ended:", ", ".join(f"{end} {count}" for end, count in total.ends.most_common()))
    for number in sorted(total.diverging)[:SHOWN]:
        show(number, program_number(options.seed, number, options.events))
    return 1 if total.diverging else 0


if __name__ == "__main__":
    sys.exit(main())
