"""Record random programs with OTP's traces, for machines without Erlang.

    python -m tests.otp.record --programs 3000 --seed 2025

Writes ``golden.jsonl.xz`` beside this file: one ``[program, trace]`` a line, mixed sizes.
"""

from __future__ import annotations

import argparse
import json
import lzma
from collections.abc import Iterator
from pathlib import Path

from tests.otp.fuzz import BATCH, program_number
from tests.otp.program import RULES, Program
from tests.otp.shrink import replaced
from tests.otp.vm import Vm

GOLDEN = Path(__file__).with_name("golden.jsonl.xz")
#: Events from outside: small programs are easier to read, large ones meet more.
SIZES = (6, 12, 30)


def recorded() -> Iterator[tuple[Program, list[str]]]:
    """The recorded programs and what OTP did."""
    with lzma.open(GOLDEN, "rt") as lines:
        for line in lines:
            program, trace = json.loads(line)
            yield program, trace.split(";")


def record(programs: int, seed: int) -> None:
    everything = [program_number(seed, number, SIZES[number % len(SIZES)]) for number in range(programs)]
    with Vm() as vm, lzma.open(GOLDEN, "wt", preset=9 | lzma.PRESET_EXTREME) as lines:
        for first in range(0, programs, BATCH):
            batch = everything[first : first + BATCH]
            for program, trace in zip(batch, vm.play(batch), strict=True):
                lines.write(json.dumps([used(program, trace), ";".join(trace)], separators=(",", ":")) + "\n")


def used(program: Program, trace: list[str]) -> Program:
    """The program without the rules that OTP never looked up: a third of the size, and the same to OTP."""
    seen = {tuple(text.split(" ")[1:3]) for text in trace if text.count(" ") == 3}
    rules = [rule for rule in program[RULES] if (str(rule[0]), rule[1]) in seen]
    return replaced(program, RULES, rules)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Record random programs with OTP's traces.")
    parser.add_argument("--programs", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=2025)
    options = parser.parse_args()
    record(options.programs, options.seed)
    print(f"{GOLDEN.name}: {options.programs} programs, {GOLDEN.stat().st_size} bytes")
